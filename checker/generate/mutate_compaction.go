package generate

import (
	"math/rand/v2"

	"github.com/whitewater-kv/whitewater/history"
)

func compactionMutations() []Mutation {
	linear := []string{"linearizable"}
	return []Mutation{
		{"compacted-and-answered", "a read of a revision is answered after that was compacted", compactBase, compactedAnswered, linear, []string{"revisions", "serializable"}},
		{"refused-as-compacted", "a revision is refused as compacted that nobody had compacted", compactBase, refusedAsCompacted, linear, nil},
	}
}

// compactBase reads the past, and compacts it now and then.
var compactBase = Options{Ops: 300, Clients: 5, Keys: 3, Nodes: 3, Unknown: 0.02, Past: 0.7,
	Mix: map[history.Kind]int{history.Get: 4, history.Put: 6, history.Range: 6, history.Compact: 1}}

// compactedAnswered has a range of the past that was refused show revision 1, which is empty.
func compactedAnswered(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if op.Request.Kind != history.Range || op.Result.Error != "compacted" {
			return false
		}
		before, reached := false, int64(1)
		for i := range h.Ops {
			other := &h.Ops[i]
			if !ok(other) || other.Return >= op.Call {
				continue
			}
			reached = max(reached, other.Result.Header.Revision)
			before = before || other.Request.Kind == history.Compact && other.Request.Revision > 1
		}
		if before {
			op.Request.Revision = 1
			op.Result = history.Result{Outcome: history.OK, Header: history.Header{Revision: reached}}
		}
		return before
	})
}

// refusedAsCompacted has a range of the past refused that no compaction asked for by then can have reached.
func refusedAsCompacted(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.Range || op.Request.Revision == 0 {
			return false
		}
		for i := range h.Ops {
			if c := &h.Ops[i]; c.Request.Kind == history.Compact && c.Result.Outcome != history.Fail && c.Request.Revision > op.Request.Revision && c.Call <= op.Return {
				return false
			}
		}
		op.Result = history.Result{Outcome: history.Fail, Error: "compacted"}
		return true
	})
}
