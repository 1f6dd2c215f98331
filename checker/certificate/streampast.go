package certificate

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// past is the way back from a store's present content to that of its latest revisions.
type past struct {
	undo  []undo // in the order of revisions
	bytes int    // of the keys and values in it
	base  int64  // the first revision that can be told; those before it are forgotten
}

// undo is what a key was before a revision changed it.
type undo struct {
	rev    int64
	before model.Change
}

// Limits of the past that is kept: changes, and bytes of their keys and values. Reads of what is further back are not
// compared, and counted.
const (
	pastChanges = 1 << 15
	pastBytes   = 16 << 20
)

// remember keeps what the changes of a revision are about to replace.
func (p *past) remember(store *model.Store, rev int64, changes []model.Change) {
	for i := range changes {
		kv, was := store.Get(changes[i].KV.Key)
		if !was {
			kv = history.KV{Key: changes[i].KV.Key}
		}
		p.undo = append(p.undo, undo{rev, model.Change{KV: kv, Deleted: !was}})
		p.bytes += len(kv.Key) + len(kv.Value)
	}
	for len(p.undo) > pastChanges || p.bytes > pastBytes {
		first := &p.undo[0]
		p.base = first.rev
		p.bytes -= len(first.before.KV.Key) + len(first.before.KV.Value)
		*first = undo{}
		p.undo = p.undo[1:]
	}
}

// at is the part of the store's content at a past revision that a request reads; false if that is forgotten.
func (p *past) at(store *model.Store, req *history.Request) (model.View, bool) {
	if req.Revision < p.base {
		return nil, false
	}
	var back []model.Change
	for i := len(p.undo) - 1; i >= 0 && p.undo[i].rev > req.Revision; i-- {
		if ch := &p.undo[i].before; model.Covers(req.Key, req.End, ch.KV.Key) {
			back = append(back, *ch) // the oldest comes last, and covers the others
		}
	}
	return model.Overlay(store, &back), true
}

// pastReads compares the reads of past revisions within a request, now or when the store has come so far.
func (s *Stream) pastReads(op *history.Op, req *history.Request, res *history.Result) {
	switch {
	case req.Kind == history.Txn:
		side := model.Side(req, res.Succeeded)
		for i := range side {
			if i < len(res.Responses) {
				s.pastReads(op, &side[i], &res.Responses[i])
			}
		}
	case req.Revision == 0 || req.Kind != history.Get && req.Kind != history.Range:
	case req.Revision > op.Result.Header.Revision:
		s.find(StreamFinding{Kind: Foretold, Op: op, Rev: req.Revision, Keys: []string{req.Key}, Why: fmt.Sprintf(
			"was told of revision %d when the store was at revision %d", req.Revision, op.Result.Header.Revision)})
	case req.Revision > s.store.Revision && !s.stuck:
		s.wait(waiter{rev: req.Revision, read: true, op: op, past: req, told: res})
	default:
		s.comparePast(op, req, res)
	}
}

func (s *Stream) comparePast(op *history.Op, req *history.Request, res *history.Result) {
	view, ok := s.past.at(s.store, req)
	if !ok || s.stuck {
		s.report.NotPast++
		return
	}
	s.report.Past++
	var want history.Result
	model.Read(view, req, &want)
	if d := model.ReadDiffers(req, res, &want); d != "" {
		s.find(StreamFinding{Kind: Answer, Op: op, Rev: req.Revision, Keys: differing(req, res, &want),
			Why: fmt.Sprintf("read revision %d, but then %s", req.Revision, d)})
	}
}
