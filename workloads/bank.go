package workloads

import (
	"math/rand/v2"
	"strconv"

	"github.com/whitewater-kv/whitewater/history"
)

// Balance is what every account of the bank begins with: the total is the number of accounts times this.
const Balance = 100

// Bank is transfers between accounts: the total never changes, and no balance is ever below zero. A balance is a plain
// decimal number, so these are the only values of any workload that are not unique.
var Bank = Workload{
	Name:   "bank",
	Doc:    "guarded transfers between accounts whose total is constant",
	Prefix: "bank/",
	Params: Params{Keys: 8, Mix: map[string]int{"transfer": 60, "read": 40}},
	New: func(p Params, _ int, _ any, rng *rand.Rand) Generator {
		g := &bank{accounts: max(p.Keys, 2), rng: rng, mix: choose(p.Mix), serializable: p.Serializable, seen: view{}}
		return g.next
	},
}

type bank struct {
	accounts     int
	rng          *rand.Rand
	mix          chooser
	serializable bool
	seen         view
}

func (g *bank) account(i int) string { return numbered("bank/", i, 1) }

func (g *bank) next(last history.Op) (history.Request, bool) {
	g.seen.learn(last)
	if g.seen[g.account(0)].Mod == 0 {
		return g.open(), true
	}
	if g.mix.pick(g.rng) == "transfer" {
		if txn, ok := g.transfer(); ok {
			return txn, true
		}
	}
	read := prefix("bank/")
	read.Serializable = g.serializable
	return read, true
}

// open creates all accounts at once, unless somebody has.
func (g *bank) open() history.Request {
	txn := history.Request{Kind: history.Txn}
	for i := range g.accounts {
		key := g.account(i)
		txn.If = append(txn.If, history.Compare{Key: key, Target: "create", Op: "="})
		txn.Then = append(txn.Then, put(key, strconv.Itoa(Balance)))
		txn.Else = append(txn.Else, get(key))
	}
	return txn
}

// transfer moves money from an account that has some, as far as this worker knows.
func (g *bank) transfer() (history.Request, bool) {
	from := g.rng.IntN(g.accounts)
	to := (from + 1 + g.rng.IntN(g.accounts-1)) % g.accounts
	a, b := g.account(from), g.account(to)
	has, err1 := strconv.Atoi(g.seen[a].Value)
	gets, err2 := strconv.Atoi(g.seen[b].Value)
	if err1 != nil || err2 != nil || has == 0 {
		return history.Request{}, false
	}
	amount := 1 + g.rng.IntN(min(has, 10))
	return history.Request{
		Kind: history.Txn,
		If:   []history.Compare{g.seen.guard(a), g.seen.guard(b)},
		Then: []history.Request{put(a, strconv.Itoa(has-amount)), put(b, strconv.Itoa(gets+amount))},
		Else: []history.Request{get(a), get(b)},
	}, true
}
