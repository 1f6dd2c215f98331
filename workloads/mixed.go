package workloads

import (
	"maps"
	"math/rand/v2"

	"github.com/whitewater-kv/whitewater/history"
)

// Mixed is every workload that a right store passes, at once, on disjoint prefixes. Every other worker draws each
// operation from the open loads; the rest are divided among the closed ones, because those wait.
var Mixed = combine("mixed", "all of the above but lock-set at once, on disjoint prefixes",
	[]Workload{Register, KV, Append, WR, Bank, Set, Watch},
	[]Workload{Lock, Lease, Discovery, Election, LockEtcdSet})

// combine makes one workload of several. Its mix weighs the open ones; those of the closed are on or off.
func combine(name, doc string, open, closed []Workload) Workload {
	all := append(append([]Workload{}, open...), closed...)
	mix := map[string]int{}
	for _, w := range all {
		mix[w.Name] = 10
	}
	return Workload{
		Name: name, Doc: doc,
		Params: Params{Mix: mix},
		Share: func(p Params) any {
			shared := map[string]any{}
			for _, w := range all {
				if w.Share != nil {
					shared[w.Name] = w.Share(w.within(p, p.Workers))
				}
			}
			return shared
		},
		New: func(p Params, worker int, shared any, rng *rand.Rand) Generator {
			on := enabled(p.Mix, closed)
			if worker%2 == 0 || len(on) == 0 {
				return newMixture(p, worker, enabled(p.Mix, open), shared.(map[string]any), rng)
			}
			w, place := post(on, worker/2, p.Workers/2)
			return w.New(w.within(p, p.Workers), place, shared.(map[string]any)[w.Name], rng)
		},
		Watches: func(p Params, node history.NodeID, rng *rand.Rand) (watches []history.Watch) {
			for _, w := range enabled(p.Mix, all) {
				if w.Watches != nil {
					watches = append(watches, w.Watches(w.within(p, p.Workers), node, rng)...)
				}
			}
			return watches
		},
	}
}

// post divides workers among workloads, in blocks, and says which is one worker's and its number there.
func post(all []Workload, worker, workers int) (w Workload, place int) {
	kind := worker * len(all) / max(workers, 1)
	first := (kind*workers + len(all) - 1) / len(all)
	return all[kind], worker - first
}

func enabled(mix map[string]int, all []Workload) (on []Workload) {
	for _, w := range all {
		if mix[w.Name] > 0 {
			on = append(on, w)
		}
	}
	return on
}

// within are the settings of a workload that is part of a mixture: its own, but for what concerns the run as a whole.
// The run's name is extended, so that values stay unique although a worker has several generators.
func (w Workload) within(p Params, workers int) Params {
	return w.Defaults(Params{
		Run: p.Run + "-" + w.Name, Workers: workers, Nodes: p.Nodes, Serializable: p.Serializable,
		KeySize: p.KeySize, ValSize: p.ValSize, TTL: p.TTL,
	})
}

// mixture draws each operation from one of several generators, and gives each the result of its own.
type mixture struct {
	rng   *rand.Rand
	mix   chooser
	parts map[string]Generator
	asked map[string]history.Op // each generator's last operation
	now   string                // the generator of the request under way
}

func newMixture(p Params, worker int, parts []Workload, shared map[string]any, rng *rand.Rand) Generator {
	g := &mixture{rng: rng, parts: map[string]Generator{}, asked: map[string]history.Op{}}
	mix := maps.Clone(p.Mix)
	maps.DeleteFunc(mix, func(name string, _ int) bool { return !contains(parts, name) })
	g.mix = choose(mix)
	for _, w := range parts {
		own := rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
		g.parts[w.Name] = w.New(w.within(p, p.Workers), worker, shared[w.Name], own)
	}
	return g.next
}

func contains(all []Workload, name string) bool {
	for _, w := range all {
		if w.Name == name {
			return true
		}
	}
	return false
}

func (g *mixture) next(last history.Op) (history.Request, bool) {
	if g.now != "" {
		g.asked[g.now] = last
	}
	if g.now = g.mix.pick(g.rng); g.now == "" {
		return history.Request{}, false
	}
	return g.parts[g.now](g.asked[g.now])
}
