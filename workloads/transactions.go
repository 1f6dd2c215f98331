package workloads

import (
	"math/rand/v2"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// Append is transactions of reads and appends to lists, as Elle defines them (Kingsbury and Alvaro, VLDB 2020): what was
// read of a list tells the order of everything appended before.
//
// A list is decimal numbers joined by spaces. One logical transaction is one transaction of the store: guarded by the
// mod revisions that this worker last saw of the keys it writes; if a guard is lost, all the keys are read instead.
var Append = Workload{
	Name:   "append",
	Doc:    "transactions of reads and appends to lists",
	Prefix: "append/",
	Params: Params{Keys: 4, OpsPerKey: 100, Mix: map[string]int{"read": 50, "append": 50}},
	Share:  func(p Params) any { return newKeys(p.Keys, p.OpsPerKey) },
	New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
		g := newTransactions(p, worker, shared, rng)
		g.prefix, g.write, g.guarded = "append/", "append", true
		return g.next
	},
}

// WR is transactions of reads and unique writes of registers, without guards.
var WR = Workload{
	Name:   "wr",
	Doc:    "transactions of reads and blind writes",
	Prefix: "wr/",
	Params: Params{Keys: 4, OpsPerKey: 100, Mix: map[string]int{"read": 50, "write": 50}},
	Share:  func(p Params) any { return newKeys(p.Keys, p.OpsPerKey) },
	New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
		g := newTransactions(p, worker, shared, rng)
		g.prefix, g.write = "wr/", "write"
		return g.next
	},
}

// longest is the largest number of reads and writes in one transaction.
const longest = 4

type transactions struct {
	prefix       string
	write        string // the mix's name for it
	guarded      bool
	keys         *keys
	rng          *rand.Rand
	mix          chooser
	serializable bool
	values       writer
	seen         view
}

func newTransactions(p Params, worker int, shared any, rng *rand.Rand) *transactions {
	return &transactions{
		keys: shared.(*keys), rng: rng, mix: choose(p.Mix), serializable: p.Serializable,
		values: p.writer(worker), seen: view{},
	}
}

func (g *transactions) next(last history.Op) (history.Request, bool) {
	g.seen.learn(last)
	txn := history.Request{Kind: history.Txn}
	var written []string
	for range 1 + g.rng.IntN(longest) {
		key := numbered(g.prefix, g.keys.take(g.rng), 1)
		// The store rejects a transaction that puts a key twice, so the second put of a key is a read.
		if g.mix.pick(g.rng) != g.write || slices.Contains(written, key) {
			txn.Then = append(txn.Then, get(key))
			continue
		}
		written = append(written, key)
		value := ""
		if g.guarded {
			value = g.seen.appended(key, g.values.number())
			txn.If = append(txn.If, g.seen.guard(key))
		} else {
			value = g.values.next()
		}
		txn.Then = append(txn.Then, put(key, value))
	}
	if g.guarded && len(written) > 0 {
		txn.Else = looks(txn.Then)
	}
	if len(written) == 0 && g.serializable {
		txn.Serializable = true
		for i := range txn.Then {
			txn.Then[i].Serializable = true
		}
	}
	return txn, true
}
