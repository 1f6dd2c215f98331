package certificate

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Recheck carries the order out again, by itself, up to the finding's operation, and returns an error if its answer is
// right after all.
func Recheck(h *history.History, rules Rules, out *Outcome, f *Finding) error {
	op := &h.Ops[f.Op]
	if f.Kind == Early {
		before := &h.Ops[f.With[0]]
		if before.Result.Outcome == history.OK && before.Return < op.Call && before.Result.Header.Revision >= op.Result.Header.Revision {
			return nil
		}
		return fmt.Errorf("operation %d does not stand too early", op.ID)
	}
	store := model.NewStore()
	for _, s := range out.Steps {
		if s.Revision > f.Rev || s.Op == f.Op && f.past == nil {
			break
		}
		switch {
		case s.Op < 0:
			store.Apply(s.Revision, out.Foreign[-1-s.Op].Changes)
		case s.Revision > store.Revision:
			store.Revision = s.Revision - 1
			store.Do(&h.Ops[s.Op].Request)
			store.Revision = s.Revision
		}
	}
	if f.past != nil {
		var want history.Result
		model.Read(store, f.past.req, &want)
		if model.ReadDiffers(f.past.req, f.past.res, &want) != "" {
			return nil
		}
		return fmt.Errorf("operation %d reads revision %d as it should", op.ID, f.Rev)
	}
	store.Revision = f.Rev
	if Wrote(&op.Request, &op.Result) {
		store.Revision--
	}
	want := store.Do(&op.Request)
	if want.Header.Revision != op.Result.Header.Revision || model.Differs(&op.Request, &op.Result, &want, rules.Told) != "" {
		return nil
	}
	return fmt.Errorf("operation %d is answered as it should be at revision %d", op.ID, f.Rev)
}
