package certificate

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// place sorts the answered operations by revision: the write that made it, then the reads that saw it.
func (c *certifier) place() (undecided string) {
	c.items = make([]item, 0, len(c.h.Ops))
	for i := range c.h.Ops {
		op := &c.h.Ops[i]
		if !c.rules.Judged(op) {
			continue
		}
		if op.Result.Outcome == history.Unknown {
			c.unknown = append(c.unknown, int32(i))
			continue
		}
		rev := op.Result.Header.Revision
		if rev == 0 {
			return fmt.Sprintf("the answer to operation %d carries no revision", op.ID)
		}
		c.items = append(c.items, item{rev, int32(i), !Wrote(&op.Request, &op.Result)})
		c.past(int32(i), &op.Request, &op.Result)
		c.last = max(c.last, rev)
	}
	slices.SortFunc(c.items, func(a, b item) int {
		switch {
		case a.rev != b.rev:
			return cmp.Compare(a.rev, b.rev)
		case a.read != b.read:
			if b.read {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.op, b.op)
	})
	sort.SliceStable(c.snapshots, func(i, j int) bool { return c.snapshots[i].rev < c.snapshots[j].rev })
	return ""
}

// past files the reads of a past revision within a request.
func (c *certifier) past(op int32, req *history.Request, res *history.Result) {
	switch {
	case req.Kind == history.Txn:
		side := req.Else
		if res.Succeeded {
			side = req.Then
		}
		for i := range side {
			if i < len(res.Responses) {
				c.past(op, &side[i], &res.Responses[i])
			}
		}
	case req.Revision != 0 && (req.Kind == history.Get || req.Kind == history.Range):
		c.snapshots = append(c.snapshots, snapshot{req.Revision, op, req, res})
		if req.Revision > c.h.Ops[op].Result.Header.Revision {
			c.find(Finding{Kind: Foretold, Op: op, Rev: req.Revision, Keys: []string{req.Key}, Why: fmt.Sprintf(
				"was told of revision %d when the store was at revision %d", req.Revision, c.h.Ops[op].Result.Header.Revision)})
		}
	}
}
