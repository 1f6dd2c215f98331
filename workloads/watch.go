package workloads

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/whitewater-kv/whitewater/history"
)

// Watch is changes of a few keys, and watches of every shape on every member.
var Watch = Workload{
	Name:   "watch",
	Doc:    "changes, and watches of many shapes: keys, prefixes, ranges, filters, from the past, from the future",
	Prefix: "watch/",
	Params: Params{Keys: 12, Mix: map[string]int{"put": 60, "delete": 15, "delete-range": 3, "txn": 20, "compact": 2}},
	Share:  func(Params) any { return &atomic.Int64{} },
	New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
		g := &watched{keys: p.Keys, newest: shared.(*atomic.Int64), rng: rng, mix: choose(p.Mix), values: p.writer(worker)}
		return g.next
	},
	Watches: watchShapes,
}

type watched struct {
	keys   int
	newest *atomic.Int64
	rng    *rand.Rand
	mix    chooser
	values writer
}

func (g *watched) key() string { return numbered("watch/", g.rng.IntN(g.keys), 3) }

func (g *watched) next(last history.Op) (history.Request, bool) {
	if r := last.Result.Header.Revision; r > g.newest.Load() {
		g.newest.Store(r) // a race may set it back a little, which does no harm
	}
	switch g.mix.pick(g.rng) {
	case "delete":
		return history.Request{Kind: history.Delete, Key: g.key()}, true
	case "delete-range":
		return history.Request{Kind: history.Delete, Key: g.key(), End: after("watch/")}, true
	case "txn":
		txn := history.Request{Kind: history.Txn}
		for _, i := range g.rng.Perm(g.keys)[:min(g.keys, 2+g.rng.IntN(4))] {
			key := numbered("watch/", i, 3)
			if g.rng.IntN(5) == 0 {
				txn.Then = append(txn.Then, history.Request{Kind: history.Delete, Key: key})
			} else {
				txn.Then = append(txn.Then, put(key, g.values.next()))
			}
		}
		return txn, true
	case "compact":
		if revision := g.newest.Load() - kept; revision > 0 {
			return history.Request{Kind: history.Compact, Revision: revision}, true
		}
	}
	return put(g.key(), g.values.next()), true
}

// watchShapes are the watches on one member. One that starts at a revision that is compacted by the time it is opened,
// or resumed, is ended by the store, which is an answer as good as any.
func watchShapes(p Params, _ history.NodeID, rng *rand.Rand) []history.Watch {
	name := func(i int) string { return numbered("watch/", i, 3) }
	all := []history.Watch{
		{Key: "watch/", End: after("watch/"), PrevKV: true, Progress: true},
		{Key: "watch/", End: after("watch/"), Start: 1, PrevKV: true, Fragment: true},
		{Key: "watch/", End: after("watch/"), Start: 2 + rng.Int64N(20), Progress: true},
		{Key: "watch/", End: after("watch/"), Start: 100 + rng.Int64N(200), PrevKV: true}, // the future, at first
		{Key: "watch/", End: after("watch/"), NoDelete: true},
		{Key: "watch/", End: after("watch/"), NoPut: true, PrevKV: true, Progress: true},
		{Key: name(p.Keys / 3), End: name(2 * p.Keys / 3), Progress: true, Fragment: true},
		{Key: name(p.Keys / 2), End: "\x00", NoDelete: true, Progress: true},
	}
	for range 2 {
		all = append(all, history.Watch{Key: name(rng.IntN(p.Keys)), PrevKV: true, Progress: true})
	}
	return all
}
