package certificate

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// wanted are the reads of past revisions that a verification has to see, by revision.
type wanted map[int64][]pastRead

type pastRead struct {
	id  int
	req *history.Request
	res *history.Result
}

func pastReads(h *history.History, rules Rules) wanted {
	w := wanted{}
	var walk func(op *history.Op, req *history.Request, res *history.Result)
	walk = func(op *history.Op, req *history.Request, res *history.Result) {
		if req.Revision != 0 && (req.Kind == history.Get || req.Kind == history.Range) {
			w[req.Revision] = append(w[req.Revision], pastRead{op.ID, req, res})
		}
		if req.Kind == history.Txn {
			side := model.Side(req, res.Succeeded)
			for i := range res.Responses {
				if i < len(side) {
					walk(op, &side[i], &res.Responses[i])
				}
			}
		}
	}
	for i := range h.Ops {
		if op := &h.Ops[i]; rules.Judged(op) && op.Result.Outcome == history.OK {
			walk(op, &op.Request, &op.Result)
		}
	}
	return w
}

// at compares the reads of a revision when the store has reached it, for the last time if it stays there.
func (w wanted) at(rev int64, store *model.Store) error {
	list, ok := w[rev]
	if !ok {
		return nil
	}
	delete(w, rev)
	for _, r := range list {
		var want history.Result
		model.Read(store, r.req, &want)
		if d := model.ReadDiffers(r.req, r.res, &want); d != "" {
			return fmt.Errorf("operation %d read revision %d: %s", r.id, rev, d)
		}
	}
	return nil
}

// done reports a read of a revision that the order never reached. Revision 1 is the empty store.
func (w wanted) done() error {
	for rev, list := range w {
		for _, r := range list {
			if rev > 1 || len(r.res.KVs) > 0 {
				return fmt.Errorf("operation %d read revision %d, which was never there", r.id, rev)
			}
		}
	}
	return nil
}

// named tells which keys any operation of the history names, or may delete.
func named(h *history.History) func(string) bool {
	keys := map[string]bool{}
	ranges := map[[2]string]bool{}
	for i := range h.Ops {
		eachNamed(&h.Ops[i].Request, func(req *history.Request) {
			if req.End == "" {
				keys[req.Key] = true
			} else if req.Kind == history.Delete {
				ranges[[2]string{req.Key, req.End}] = true
			}
		})
	}
	return func(key string) bool {
		if keys[key] {
			return true
		}
		for r := range ranges {
			if model.Covers(r[0], r[1], key) {
				return true
			}
		}
		return false
	}
}
