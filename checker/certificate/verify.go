package certificate

import (
	"fmt"
	"math"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Verify checks a certificate against the history, without any of the code that made it: every operation that answered
// stands in the order once, one of unknown outcome at most once; the order agrees with real time; and carrying it out
// on an empty store gives every answer. Changes that no client made are accepted only where a store makes such itself.
func Verify(h *history.History, rules Rules, cert *Certificate) error {
	stands := make([]bool, len(h.Ops))
	latest := time.Duration(math.MaxInt64)
	for i := len(cert.Steps) - 1; i >= 0; i-- {
		at := cert.Steps[i].Op
		if at < 0 {
			continue
		}
		op := &h.Ops[at]
		switch {
		case stands[at]:
			return fmt.Errorf("operation %d stands twice", op.ID)
		case op.Result.Outcome == history.Fail:
			return fmt.Errorf("operation %d failed, and stands in the order", op.ID)
		case op.Call > latest:
			return fmt.Errorf("operation %d stands before one that had returned when it was called", op.ID)
		}
		stands[at] = true
		if op.Result.Outcome == history.OK && op.Return < latest {
			latest = op.Return
		}
	}
	for i := range h.Ops {
		if op := &h.Ops[i]; !stands[i] && op.Result.Outcome == history.OK && rules.Judged(op) {
			return fmt.Errorf("operation %d has no place in the order", op.ID)
		}
	}
	return verifyAnswers(h, rules, cert)
}

// verifyAnswers carries the order out.
func verifyAnswers(h *history.History, rules Rules, cert *Certificate) error {
	store, eval := model.NewStore(), model.Evaluator{}
	past, asked := pastReads(h, rules), func(string) bool { return false }
	if len(cert.Foreign) > 0 {
		asked = named(h)
	}
	for _, s := range cert.Steps {
		if s.Revision < store.Revision || s.Revision > store.Revision+1 {
			return fmt.Errorf("revision %d follows revision %d", s.Revision, store.Revision)
		}
		if s.Op < 0 {
			f := cert.Foreign[-1-s.Op]
			if !Own(store, f.Changes, rules.Exempt, func(key string) bool { return !asked(key) }) {
				return fmt.Errorf("revision %d is nobody's", s.Revision)
			}
			store.Apply(s.Revision, f.Changes)
		} else {
			op := &h.Ops[s.Op]
			answer, changes := eval.Eval(store, store.Revision, &op.Request)
			if len(changes) > 0 {
				store.Apply(store.Revision+1, changes)
			}
			if store.Revision != s.Revision {
				return fmt.Errorf("operation %d makes revision %d, not %d", op.ID, store.Revision, s.Revision)
			}
			if op.Result.Outcome == history.OK && op.Result.Header.Revision != s.Revision {
				return fmt.Errorf("operation %d was answered at revision %d, and stands at %d", op.ID, op.Result.Header.Revision, s.Revision)
			}
			if op.Result.Outcome == history.OK {
				if d := model.Differs(&op.Request, &op.Result, &answer, rules.Told); d != "" {
					return fmt.Errorf("operation %d: %s", op.ID, d)
				}
			}
		}
		if err := past.at(store.Revision, store); err != nil {
			return err
		}
	}
	return past.done()
}
