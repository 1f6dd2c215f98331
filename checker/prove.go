package checker

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// oracleTime bounds one question of shrinking.
const oracleTime = 2 * time.Second

// errUnconfirmed is a violation that one engine found and that no search had confirmed in its time: it is neither a FAIL
// nor a bug.
var errUnconfirmed = errors.New("not confirmed in time")

// prove shrinks the key's suspects and has the rest confirmed by two searches that share no code. What they do not
// confirm is a bug of ours, and no verdict.
func (l *linear) prove(ctx context.Context, v *keyVerdict) {
	var ops []search.Op
	var err error
	for _, suspect := range v.suspect {
		few, wrong := confirmed(ctx, suspect)
		switch {
		case wrong != nil:
			err = wrong
		case ops == nil || len(few) < len(ops):
			ops = few
		}
	}
	if ops == nil || err != nil && stopped(ctx) == "" && !errors.Is(err, errUnconfirmed) {
		v.verdict, v.why = Unknown, err.Error()
		if stopped(ctx) == "" && !errors.Is(err, errUnconfirmed) {
			l.bugs = append(l.bugs, fmt.Sprintf("key %s: %s", v.key.Name, err))
		}
		return
	}
	l.refuted = append(l.refuted, *l.example(ctx, v.key, ops))
}

// contradictions finds answers that are wrong by themselves, whatever the order was: a compare-and-swap that lost
// although it saw the value it expected, or won over another one.
func (l *linear) contradictions() {
	for i := range l.h.Ops {
		op := &l.h.Ops[i]
		req, res := &op.Request, &op.Result
		if req.Kind != history.CAS || res.Outcome != history.OK {
			continue
		}
		saw, how := res.KVs, "lost although"
		if res.Succeeded {
			saw, how = res.Prev, "won although"
		}
		if len(saw) == 0 || (saw[0].Value == req.Expect) == res.Succeeded {
			continue
		}
		l.refuted = append(l.refuted, Counterexample{Name: req.Key, Ops: []history.Op{*op}, Of: len(l.h.Ops), Context: around(l.h, l.h.Ops[i:i+1]),
			Why: fmt.Sprintf("key %s: op %d (cas of p%d at %s) expected %s and %s it found %s", req.Key, op.ID, op.Process, op.Node, req.Expect, how, saw[0].Value)})
	}
}

// confirmed shrinks ops to few that are illegal beyond doubt, or says why they are not.
func confirmed(ctx context.Context, ops []search.Op) ([]search.Op, error) {
	illegal := func(ops []search.Op) bool {
		ctx, cancel := context.WithTimeout(ctx, oracleTime)
		defer cancel()
		if len(ops) <= search.BruteLimit {
			return search.Brute(ctx, ops) == search.Illegal
		}
		verdict, _ := search.Order(ctx, search.Tighten(ops))
		return verdict == search.Illegal
	}
	ops = search.Shrink(ops, illegal)
	verdicts := map[string]search.Verdict{"Porcupine": search.Porcupine(ctx, ops)}
	if len(ops) <= search.BruteLimit {
		verdicts["brute force"] = search.Brute(ctx, ops)
	} else {
		verdicts["Porcupine, narrowed"] = search.Porcupine(ctx, search.Tighten(ops))
	}
	decided := false
	for by, v := range verdicts {
		if v == search.Legal {
			return nil, fmt.Errorf("%s finds %d suspect operations in order", by, len(ops))
		}
		decided = decided || v == search.Illegal
	}
	if !decided {
		return nil, fmt.Errorf("%s: %w", count(len(ops), "suspect operation"), errUnconfirmed)
	}
	return ops, nil
}

// example makes a counterexample of operations on one key.
func (l *linear) example(ctx context.Context, k *register.Key, ops []search.Op) *Counterexample {
	w := &witness{h: l.h, key: k.Name, values: k.Values, ops: ops}
	c := &Counterexample{Name: k.Name, Ops: w.history(), Of: len(k.Ops)}
	c.Why = w.explain()
	c.Notes = w.notes()
	c.Context = around(l.h, c.Ops)
	c.Files = pictures(ctx, l.h, ops, &search.Names{
		Keys:  []string{k.Name},
		Value: func(_ int, n int32) string { return w.value(n) },
		Op:    w.line,
	})
	return c
}

// pictures draws Porcupine's page of the operations, with the faults and the leaders of that time.
func pictures(ctx context.Context, h *history.History, ops []search.Op, names *search.Names) map[string][]byte {
	ctx, cancel := context.WithTimeout(ctx, oracleTime)
	defer cancel()
	ops = append([]search.Op(nil), ops...)
	processes := map[history.Process]int{}
	from, to := search.Forever, time.Duration(0)
	for i := range ops {
		op := &h.Ops[ops[i].ID]
		if _, ok := processes[op.Process]; !ok {
			processes[op.Process] = len(processes)
		}
		ops[i].Process = processes[op.Process]
		from, to = min(from, op.Call), max(to, op.Return)
	}
	page := search.Picture(ctx, ops, names, marks(h, from, to))
	if page == nil {
		return nil
	}
	return map[string][]byte{"porcupine.html": page}
}

// marks are the faults and the changes of leader between two moments.
func marks(h *history.History, from, to time.Duration) []search.Mark {
	var out []search.Mark
	for _, f := range h.Faults {
		if f.Start <= to && faultEnd(f) >= from {
			out = append(out, search.Mark{Tag: "faults", Text: fmt.Sprintf("%s %v", f.Name, f.Nodes), Colour: "#E9A4A0",
				From: max(f.Start, from), To: min(faultEnd(f), to)})
		}
	}
	var term uint64
	for _, s := range h.Statuses {
		if s.At > to {
			break
		}
		if s.Leader == "" || s.Term <= term {
			continue
		}
		term = s.Term
		if s.At >= from {
			out = append(out, search.Mark{Tag: "leaders", Text: fmt.Sprintf("%s, term %d", s.Leader, s.Term),
				Colour: "#A0B1E9", From: s.At, To: s.At})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].From < out[j].From })
	return out
}
