package checker

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/history"
)

// compacted are the operations of a stream that say what a compaction refuses: compactions, requests that were refused as
// compacted, and reads of the past. They are few, and are judged as those of a whole history are.
type compacted struct {
	ops      []history.Op
	at       map[int]int // by number: compactions that have not returned
	left     int
	evidence []history.Evidence // hashes alone
}

// compactedLimit is how many of them are kept.
const compactedLimit = 1 << 15

// add takes an operation when it has returned, and a compaction when it is called as well.
func (c *compacted) add(op *history.Op) {
	if i, called := c.at[op.ID]; called {
		c.ops[i] = *op
		delete(c.at, op.ID)
		return
	}
	switch res := &op.Result; {
	case op.Request.Kind == history.Compact:
	case res.Outcome == history.Fail && res.Error == compactedWord:
	case res.Outcome == history.OK && oldestRead(&op.Request, res) > 0:
	default:
		return
	}
	if len(c.ops) >= compactedLimit {
		c.left++
		return
	}
	if op.Return == 0 { // it is only called
		if c.at == nil {
			c.at = map[int]int{}
		}
		c.at[op.ID] = len(c.ops)
	}
	c.ops = append(c.ops, *op)
}

// judge puts what is wrong with them into the result of linearizable.
func (c *compacted) judge(r *Result, kept *history.History) {
	if c.left > 0 {
		r.Details = append(r.Details, fmt.Sprintf("more than %d operations concern compactions or the past: they were not held against each other", compactedLimit))
		if r.Verdict == Pass {
			r.Why += "; what compactions refuse was not judged"
		}
		return
	}
	l := &linear{h: &history.History{Meta: kept.Meta, Faults: kept.Faults, Statuses: kept.Statuses, Evidence: c.evidence, Ops: inOrder(c.ops)}}
	l.compactions()
	r.Details = append(r.Details, l.notes...)
	if len(l.refuted) == 0 {
		return
	}
	if r.Verdict != Fail {
		r.Verdict, r.Why = Fail, firstOf(l.refuted[0].Why, len(l.refuted))
	}
	room := max(0, examples-len(r.Counterexample))
	r.Counterexample = append(r.Counterexample, l.refuted[:min(room, len(l.refuted))]...)
}
