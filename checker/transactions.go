package checker

import (
	"context"
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/txn"
	"github.com/whitewater-kv/whitewater/history"
)

// checkTransactions judges list-append and register transactions by their dependency graph, as package txn says,
// without looking at revisions: a second opinion for a store that has them.
func checkTransactions(ctx context.Context, h *history.History, _ Limits) Result {
	f := newFindings(h)
	r := txn.Check(ctx, h)
	for _, a := range r.Anomalies {
		var ops []history.Op
		var notes []string
		known := map[int]bool{}
		for i, op := range a.Ops {
			if i < a.Txns {
				notes = append(notes, fmt.Sprintf("T%d is op %d", i+1, h.Ops[op].ID))
			}
			if !known[op] {
				known[op], ops = true, append(ops, h.Ops[op])
			}
		}
		var files map[string][]byte
		if a.SVG != nil {
			files = map[string][]byte{"cycle.svg": a.SVG}
		}
		f.failFiles(a.Name, a.Why, ops, files, append(notes, a.Steps...)...)
	}
	for _, name := range sortedKeys(r.Counts) {
		if n := r.Counts[name]; n > txn.PerName {
			f.failures += n - txn.PerName
			f.note("%s: %d in all", name, n)
		}
	}
	for _, why := range r.Limits {
		f.doubt("%s", why)
	}
	if f.failures > 0 {
		f.note("the strongest isolation level that still holds: %s", r.Level)
	}
	switch {
	case f.failures > 0 || r.Txns == 0:
	case r.Searched >= r.Txns:
		f.note("an order of all of them was found by search as well, and carried out again")
	default:
		f.note("the graph alone judges %d of them: it shows every contradiction between two versions of a register, and none that only all orders together show", r.Txns-r.Searched)
	}
	pass := fmt.Sprintf("%d transactions on %d keys are strictly serializable: %d dependencies, no cycle", r.Txns, r.Keys, r.Edges)
	res := f.done(r.Txns, pass, fmt.Sprintf("no transaction on keys that begin with %q or %q", txn.Lists, txn.Registers))
	res.Keys, res.Bug = r.Keys, r.Bug
	return res
}
