package workloads

import (
	"math/rand/v2"
	"strconv"
	"sync"

	"github.com/whitewater-kv/whitewater/history"
)

// Register is reads, writes and compare-and-swaps on independent keys: the workload that linearizability is judged by.
var Register = Workload{
	Name:   "register",
	Doc:    "reads, writes and compare-and-swaps of independent keys",
	Prefix: "r",
	Params: Params{Keys: 10, OpsPerKey: 400, Mix: map[string]int{"read": 50, "write": 30, "cas": 20, "delete": 0}},
	Share:  func(p Params) any { return newKeys(p.Keys, p.OpsPerKey) },
	New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
		g := &register{
			keys: shared.(*keys), rng: rng, mix: choose(p.Mix), serializable: p.Serializable,
			values: p.writer(worker), size: p.KeySize, seen: map[int]string{}, sows: p.Mix["write"] == 0,
		}
		return g.next
	},
}

// keys are the keys in use at one time, the same for all workers. A key that had its share of operations is replaced by
// a fresh one, so that no key's history grows too long to be judged.
type keys struct {
	mu        sync.Mutex
	live      []int
	used      []int
	next      int
	opsPerKey int
}

func newKeys(n, opsPerKey int) *keys {
	k := &keys{used: make([]int, n), next: n, opsPerKey: opsPerKey}
	for i := range n {
		k.live = append(k.live, i)
	}
	return k
}

// take picks one of the live keys and counts one operation on it.
func (k *keys) take(rng *rand.Rand) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := rng.IntN(len(k.live))
	if k.opsPerKey > 0 && k.used[i] >= k.opsPerKey {
		k.live[i], k.used[i] = k.next, 0
		k.next++
	}
	k.used[i]++
	return k.live[i]
}

type register struct {
	keys         *keys
	rng          *rand.Rand
	mix          chooser
	serializable bool
	values       writer
	size         int
	sows         bool           // nobody writes but by compare-and-swap
	key          int            // of the request under way
	seen         map[int]string // the last value that this worker saw of a key
}

func (g *register) next(last history.Op) (history.Request, bool) {
	g.learn(last)
	g.key = g.keys.take(g.rng)
	req := history.Request{Key: pad(strconv.AppendInt([]byte("r"), int64(g.key), 10), g.size)}
	switch g.mix.pick(g.rng) {
	case "write":
		req.Kind, req.Value = history.Put, g.values.next()
	case "delete":
		req.Kind = history.Delete
	case "cas":
		expect, ok := g.seen[g.key]
		switch { // a compare-and-swap against nothing can only lose; a look is worth more, if there will be something
		case ok:
			req.Kind, req.Expect, req.Value = history.CAS, expect, g.values.next()
		case g.sows:
			req.Kind, req.Value = history.Put, g.values.next()
		default:
			req.Kind, req.Serializable = history.Get, g.serializable
		}
	default:
		req.Kind, req.Serializable = history.Get, g.serializable
	}
	return req, true
}

// learn remembers what the last operation told of its key's value. An unknown outcome tells nothing.
func (g *register) learn(last history.Op) {
	if last.Result.Outcome != history.OK {
		return
	}
	switch req, res := last.Request, last.Result; {
	case req.Kind == history.Put, req.Kind == history.CAS && res.Succeeded:
		g.seen[g.key] = req.Value
	case req.Kind == history.Delete, len(res.KVs) == 0:
		delete(g.seen, g.key)
	default:
		g.seen[g.key] = res.KVs[0].Value
	}
}
