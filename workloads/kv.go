package workloads

import (
	"math/rand/v2"
	"sync/atomic"

	"github.com/whitewater-kv/whitewater/history"
)

// KV is everything that the store does with keys, on one small key space that is judged as one object.
var KV = Workload{
	Name:   "kv",
	Doc:    "the whole key space: puts, deletes, ranges, transactions, leases, reads of the past, compaction",
	Prefix: "kv/",
	Params: Params{Keys: 20, TTL: 3, RangeLimit: 5, Mix: map[string]int{
		"get": 14, "put": 20, "cas": 6, "delete": 5, "delete-range": 2, "range": 6, "prefix": 4, "limit": 4, "count": 4,
		"keys": 3, "past": 6, "serializable": 6, "txn": 14, "put-lease": 5, "revoke": 2, "compact": 1,
	}},
	Share: func(Params) any { return &atomic.Int64{} },
	New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
		g := &kv{Params: p, newest: shared.(*atomic.Int64), rng: rng, mix: choose(p.Mix), values: p.writer(worker), seen: view{},
			sows: p.Mix["put"]+p.Mix["put-lease"]+p.Mix["txn"] == 0}
		return g.next
	},
}

// kept is how many revisions a compaction leaves: enough for reads of the past, little enough to meet the edge.
const kept = 100

type kv struct {
	Params
	newest *atomic.Int64 // the highest revision that any worker was told
	rng    *rand.Rand
	mix    chooser
	values writer
	seen   view
	sows   bool // nobody writes but by compare-and-swap
	lease  int64
}

func (g *kv) key() string { return numbered("kv/", g.rng.IntN(g.Keys), 3) }

func (g *kv) next(last history.Op) (history.Request, bool) {
	g.learn(last)
	kind := g.mix.pick(g.rng)
	switch kind {
	case "put":
		return put(g.key(), g.values.next()), true
	case "cas":
		key := g.key()
		if seen := g.seen[key].Value; seen != "" {
			return history.Request{Kind: history.CAS, Key: key, Expect: seen, Value: g.values.next()}, true
		}
		if g.sows {
			return put(key, g.values.next()), true
		}
		return get(key), true // a compare-and-swap against nothing can only lose
	case "delete":
		return history.Request{Kind: history.Delete, Key: g.key()}, true
	case "delete-range":
		from, end := g.span(3)
		return history.Request{Kind: history.Delete, Key: from, End: end}, true
	case "txn":
		return g.txn(), true
	case "put-lease", "revoke":
		return g.leased(kind), true
	case "compact":
		if revision := g.newest.Load() - kept; revision > 0 {
			return history.Request{Kind: history.Compact, Revision: revision}, true
		}
	}
	return g.read(kind), true
}

// learn remembers what the last operation told, and how far the store is.
func (g *kv) learn(last history.Op) {
	if last.Request.Revision == 0 && !last.Request.KeysOnly { // a look into the past is no news
		g.seen.learn(last)
	}
	for {
		old := g.newest.Load()
		if last.Result.Header.Revision <= old || g.newest.CompareAndSwap(old, last.Result.Header.Revision) {
			break
		}
	}
	switch last.Request.Kind {
	case history.Grant:
		if last.Result.Outcome == history.OK {
			g.lease = last.Result.Lease
		}
	case history.Put:
		if last.Request.Lease != 0 && last.Result.Outcome == history.Fail {
			g.lease = 0 // it has ended
		}
	}
}

// span is a range of at most n keys.
func (g *kv) span(n int) (from, end string) {
	i := g.rng.IntN(g.Keys)
	return numbered("kv/", i, 3), numbered("kv/", i+1+g.rng.IntN(n), 3)
}

func (g *kv) read(kind string) history.Request {
	req := history.Request{Kind: history.Range, Serializable: g.Serializable}
	req.Key, req.End = g.span(g.Keys)
	switch kind {
	case "range":
	case "prefix":
		req.Key, req.End = "kv/", after("kv/")
	case "limit":
		req.Limit = 1 + g.rng.Int64N(g.RangeLimit)
	case "count":
		req.CountOnly = true
	case "keys":
		req.KeysOnly = true
	case "past":
		// The revisions beyond what a compaction leaves are asked for as well: "compacted" is an answer.
		req.Revision = max(1, g.newest.Load()-g.rng.Int64N(kept+kept/4))
	case "serializable":
		req.Serializable = true
		if g.rng.IntN(2) == 0 {
			req.Kind, req.End = history.Get, ""
		}
	default:
		req.Kind, req.End = history.Get, ""
	}
	return req
}

// leased grants a lease, puts keys with it, and revokes it, or leaves it to expire.
func (g *kv) leased(kind string) history.Request {
	switch {
	case g.lease == 0:
		return history.Request{Kind: history.Grant, TTL: g.TTL}
	case kind == "revoke":
		lease := g.lease
		g.lease = 0
		return history.Request{Kind: history.Revoke, Lease: lease}
	}
	req := put(g.key(), g.values.next())
	req.Lease = g.lease
	return req
}

// txn is several operations on different keys, under conditions on what this worker saw of them; where they do not
// hold, the keys are read. Some transactions have another inside.
func (g *kv) txn() history.Request {
	keys := g.rng.Perm(g.Keys)[:min(g.Keys, 1+g.rng.IntN(4))]
	txn := history.Request{Kind: history.Txn}
	for _, i := range keys {
		key := numbered("kv/", i, 3)
		if g.rng.IntN(2) == 0 {
			txn.If = append(txn.If, g.compare(key))
		}
		switch g.rng.IntN(10) {
		case 0, 1, 2:
			txn.Then = append(txn.Then, get(key))
		case 3:
			txn.Then = append(txn.Then, history.Request{Kind: history.Delete, Key: key})
		case 4:
			txn.Then = append(txn.Then, history.Request{
				Kind: history.Txn,
				If:   []history.Compare{g.compare(key)},
				Then: []history.Request{put(key, g.values.next())},
				Else: []history.Request{get(key)},
			})
		default:
			txn.Then = append(txn.Then, put(key, g.values.next()))
		}
		txn.Else = append(txn.Else, get(key))
	}
	return txn
}

// compare is a condition that held when this worker last looked, or one that seldom holds.
func (g *kv) compare(key string) history.Compare {
	seen := g.seen[key]
	op := "="
	if g.rng.IntN(4) == 0 {
		op = []string{"!=", "<", ">"}[g.rng.IntN(3)]
	}
	switch g.rng.IntN(4) {
	case 0:
		if seen.Value != "" {
			return history.Compare{Key: key, Target: "value", Op: op, Value: seen.Value}
		}
	case 1:
		return history.Compare{Key: key, Target: "version", Op: op, Number: seen.Version}
	case 2:
		return history.Compare{Key: key, Target: "create", Op: op, Number: seen.Create}
	}
	return history.Compare{Key: key, Target: "mod", Op: op, Number: seen.Mod}
}
