package workloads

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/whitewater-kv/whitewater/history"
)

// Set is additions to sets, and reads of them: nothing added may be missing later, and nothing may be there that was
// not added.
//
// One set is a list under a single key, "set/all", and an addition is guarded by the key's mod revision; after setLength
// additions the list goes on as "set/all/1", and so on, because every addition writes the whole. The other set is one
// key for each element, "set/e/<n>", added without a guard, and read by ranges: mostly the newest setWindow, sometimes all.
var Set = Workload{
	Name:   "set",
	Doc:    "additions to a set in one key (guarded) and in many keys (unguarded)",
	Prefix: "set/",
	Params: Params{Mix: map[string]int{"add": 30, "read": 10, "add-element": 40, "read-elements": 20}},
	Share:  func(Params) any { return &sets{} },
	New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
		g := &set{sets: shared.(*sets), rng: rng, mix: choose(p.Mix), serializable: p.Serializable, seen: view{},
			numbers: p.writer(worker)}
		return g.next
	},
}

const (
	setLength = 300 // additions to one list before the next
	setWindow = 200 // elements that most reads ask for
	setDigits = 7
)

// sets counts what all workers together have added.
type sets struct{ added, elements atomic.Int64 }

type set struct {
	*sets
	rng          *rand.Rand
	mix          chooser
	serializable bool
	seen         view
	numbers      writer
}

// list is the key of the list that is added to at present.
func (g *set) list() string {
	if n := g.added.Load() / setLength; n > 0 {
		return "set/all/" + strconv.FormatInt(n, 10)
	}
	return "set/all"
}

func (g *set) next(last history.Op) (history.Request, bool) {
	g.seen.learn(last)
	var req history.Request
	switch g.mix.pick(g.rng) {
	case "add":
		key := g.list()
		g.added.Add(1)
		return history.Request{
			Kind: history.Txn,
			If:   []history.Compare{g.seen.guard(key)},
			Then: []history.Request{put(key, g.seen.appended(key, g.numbers.number()))},
			Else: []history.Request{get(key)},
		}, true
	case "add-element":
		n := int(g.elements.Add(1))
		return put(numbered("set/e/", n, setDigits), strconv.Itoa(n)), true
	case "read-elements":
		req = prefix("set/e/")
		if n := int(g.elements.Load()); n > setWindow && g.rng.IntN(25) > 0 {
			req.Key = numbered("set/e/", n-setWindow, setDigits)
		}
	default:
		req = get(g.list())
	}
	req.Serializable = g.serializable
	return req, true
}
