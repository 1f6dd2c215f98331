package certificate

import (
	"context"
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// choices are the decisions of one certification where a revision was seen in part, and operations of unknown outcome
// that did different things may have made it. An order that explains every answer is one whatever was tried to find it,
// so that a wrong decision is taken back by beginning anew with another.
type choices struct {
	picks []int // what is to be taken, decision by decision; the first way at those beyond
	ways  []int // how many ways there were, decision by decision
	none  bool  // leave such revisions undecided
}

// pick decides which of several ways to take.
func (ch *choices) pick(ways int) int {
	at := len(ch.ways)
	ch.ways = append(ch.ways, ways)
	if at < len(ch.picks) {
		return ch.picks[at]
	}
	return 0
}

// next are the choices after these: the last decision that has another way takes it. False if there is none.
func (ch *choices) next() (choices, bool) {
	for at := len(ch.ways) - 1; at >= 0; at-- {
		picked := 0
		if at < len(ch.picks) {
			picked = ch.picks[at]
		}
		if picked+1 < ch.ways[at] {
			picks := make([]int, at+1)
			copy(picks, ch.picks)
			picks[at] = picked + 1
			return choices{picks: picks}, true
		}
	}
	return choices{}, false
}

// attempts bounds how often a history is ordered anew: 32 times, and so that two million operations are gone through.
func attempts(ops int) int {
	return min(32, 1+2_000_000/max(ops, 1))
}

// Certify orders the history.
func Certify(ctx context.Context, h *history.History, rules Rules) Outcome {
	var ch choices
	for range attempts(len(h.Ops)) {
		out := certify(ctx, h, rules, &ch)
		if out.Certificate != nil || len(ch.ways) == 0 {
			return out
		}
		next, ok := ch.next()
		if !ok || ctx.Err() != nil {
			break
		}
		ch = next
	}
	return certify(ctx, h, rules, &choices{none: true})
}

// alike sorts the operations that may have made a revision by what they would have changed, in the order in which each
// effect was first met.
func (c *certifier) alike(suspects []int32, rev int64, f *fact) (groups [][]int32, effects [][]model.Change) {
	at := map[string]int{}
	options := 0
	for _, i := range suspects {
		_, would := model.Eval(c.store, rev-1, &c.h.Ops[i].Request)
		if !explains(would, f) || len(suspects) > 1 && !c.timely(i, rev) {
			continue
		}
		if options++; options > maxOptions {
			c.capped = true
			break
		}
		effect := ""
		if len(suspects) > 1 {
			effect = fmt.Sprint(would)
		}
		g, ok := at[effect]
		if !ok {
			g = len(groups)
			at[effect] = g
			groups, effects = append(groups, nil), append(effects, would)
		}
		groups[g] = append(groups[g], i)
	}
	return groups, effects
}
