package workloads

import (
	"math/rand/v2"
	"strconv"

	"github.com/whitewater-kv/whitewater/history"
)

// The bench loads measure, with the settings of etcd's own benchmark: key-size and val-size in bytes, key-space-size
// distinct keys, drawn at random or, with sequential-keys, taken in turn. All keys begin with "b/", so that a cluster
// that is not ours can be measured and cleaned up. Values are unique, as everywhere, and may be longer for it.
var (
	Reads = bench(Workload{
		Name: "reads", Doc: "linearizable reads of single keys", Setup: populate,
	}, func(g *benchmark) history.Request { return g.read(get(g.key())) })

	SerializableReads = bench(Workload{
		Name: "serializable-reads", Doc: "serializable reads of single keys", Setup: populate,
	}, func(g *benchmark) history.Request {
		req := get(g.key())
		req.Serializable = true
		return req
	})

	Puts = bench(Workload{
		Name: "puts", Doc: "puts",
	}, func(g *benchmark) history.Request { return put(g.key(), g.values.next()) })

	Ranges = bench(Workload{
		Name: "ranges", Doc: "ranges of as many keys as the range limit", Setup: populate,
		Params: Params{RangeLimit: 10, KeySpace: 1000},
	}, func(g *benchmark) history.Request { return g.read(g.span()) })

	TxnMixed = bench(Workload{
		Name: "txn-mixed", Doc: "transactions of one range or one put, in the ratio rw-ratio", Setup: populate,
		Params: Params{RangeLimit: 10, KeySpace: 1000, RWRatio: 1},
	}, func(g *benchmark) history.Request {
		if g.rng.Float64() < g.RWRatio/(1+g.RWRatio) {
			return g.read(history.Request{Kind: history.Txn, Then: []history.Request{g.read(g.span())}})
		}
		return history.Request{Kind: history.Txn, Then: []history.Request{put(g.key(), g.values.next())}}
	})

	TxnPut = bench(Workload{
		Name: "txn-put", Doc: "transactions of txn-ops puts to different keys",
		Params: Params{TxnOps: 4, KeySpace: 1000},
	}, func(g *benchmark) history.Request { return history.Request{Kind: history.Txn, Then: g.puts()} })

	WatchLatency = bench(Workload{
		Name: "watch-latency", Doc: "puts under a watch on every member: the time from put to event",
		Watches: func(Params, history.NodeID, *rand.Rand) []history.Watch {
			return []history.Watch{{Key: benchPrefix, End: after(benchPrefix)}}
		},
	}, func(g *benchmark) history.Request { return put(g.key(), g.values.next()) })

	LeaseKeepalive = bench(Workload{
		Name: "lease-keepalive", Doc: "keep-alives of one lease for each worker",
		Params: Params{TTL: 100},
	}, (*benchmark).keepalive)

	STM = bench(Workload{
		Name: "stm", Doc: "software transactions: read txn-ops keys, write them if none has changed",
		Params: Params{TxnOps: 1, KeySpace: 1000}, Setup: populate,
	}, (*benchmark).stm)
)

const benchPrefix = "b/"

// bench completes a workload that yields one kind of request again and again.
func bench(w Workload, request func(*benchmark) history.Request) Workload {
	w.Prefix = benchPrefix
	d := &w.Params
	fill(&d.KeySize, 8)
	fill(&d.ValSize, 8)
	fill(&d.KeySpace, 1)
	w.New = func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		g := &benchmark{Params: p, rng: rng, values: p.writer(worker), n: worker, seen: view{}}
		return func(last history.Op) (history.Request, bool) {
			g.last = last
			return request(g), true
		}
	}
	return w
}

type benchmark struct {
	Params
	rng    *rand.Rand
	values writer
	n      int // of the next key, if they are taken in turn
	last   history.Op
	lease  int64
	seen   view
	wanted []string // keys of the software transaction under way
}

// benchKey is the name of the n-th key. Those that a range may end with have as many digits as the others, whatever size
// is asked for: the order of the keys is that of their numbers.
func (p Params) benchKey(n int) string {
	last := strconv.Itoa(p.KeySpace + int(p.RangeLimit))
	return numbered(benchPrefix, n, max(p.KeySize-len(benchPrefix), len(last)))
}

// number is that of the next key. Workers take turns: together they go through the whole space in order.
func (g *benchmark) number() int {
	if !g.Sequential {
		return g.rng.IntN(g.KeySpace)
	}
	n := g.n % g.KeySpace
	g.n += g.Workers
	return n
}

func (g *benchmark) key() string { return g.benchKey(g.number()) }

// keys are up to txn-ops different keys: the store rejects a transaction that puts one twice.
func (g *benchmark) keys() (all []string) {
	n := g.number()
	for i := range min(g.TxnOps, g.KeySpace) {
		all = append(all, g.benchKey((n+i)%g.KeySpace))
	}
	return all
}

func (g *benchmark) puts() (all []history.Request) {
	for _, key := range g.keys() {
		all = append(all, put(key, g.values.next()))
	}
	return all
}

func (g *benchmark) read(req history.Request) history.Request {
	req.Serializable = g.Serializable
	return req
}

func (g *benchmark) span() history.Request {
	n := g.number()
	return history.Request{
		Kind: history.Range, Key: g.benchKey(n), End: g.benchKey(n + int(g.RangeLimit)), Limit: g.RangeLimit,
	}
}

func (g *benchmark) keepalive() history.Request {
	if g.last.Request.Kind == history.Grant && ok(g.last) {
		g.lease = g.last.Result.Lease
	}
	if g.last.Request.Kind == history.KeepAlive && ok(g.last) && g.last.Result.TTL <= 0 {
		g.lease = 0
	}
	if g.lease == 0 {
		return history.Request{Kind: history.Grant, TTL: g.TTL}
	}
	return history.Request{Kind: history.KeepAlive, Lease: g.lease}
}

// stm is what a client library makes of a software transaction: a read of its keys, then a write that holds if none has
// changed. If one has, the same answer tells their new state, and the write is tried again.
func (g *benchmark) stm() history.Request {
	g.seen.learn(g.last)
	done := g.last.Result.Succeeded && len(g.last.Request.If) > 0
	if len(g.wanted) == 0 || done || !ok(g.last) {
		clear(g.seen)
		g.wanted = g.keys()
		txn := history.Request{Kind: history.Txn}
		for _, key := range g.wanted {
			txn.Then = append(txn.Then, get(key))
		}
		return txn
	}
	txn := history.Request{Kind: history.Txn}
	for _, key := range g.wanted {
		txn.If = append(txn.If, g.seen.guard(key))
		txn.Then = append(txn.Then, put(key, g.values.next()))
		txn.Else = append(txn.Else, get(key))
	}
	return txn
}

// populate puts every key once, in transactions small enough for any store.
func populate(p Params) (all []history.Request) {
	const each = 100
	values := writer{run: p.Run + "-setup", size: p.ValSize}
	for n := range p.KeySpace {
		if n%each == 0 {
			all = append(all, history.Request{Kind: history.Txn})
		}
		txn := &all[len(all)-1]
		txn.Then = append(txn.Then, put(p.benchKey(n), values.next()))
	}
	return all
}
