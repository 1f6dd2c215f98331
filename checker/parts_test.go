package checker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// strip takes from a history what a store without revisions does not tell. Some of what a write replaced stays.
func strip(h *history.History, versions bool) {
	h.Watches, h.Evidence = nil, nil
	for i := range h.Ops {
		stripResult(&h.Ops[i].Result, versions)
	}
}

func stripResult(res *history.Result, versions bool) {
	res.Header = history.Header{}
	for _, list := range []*[]history.KV{&res.KVs, &res.Prev} {
		*list = slices.Clone(*list)
		for i := range *list {
			kv := &(*list)[i]
			*kv = history.KV{Key: kv.Key, Value: kv.Value}
		}
	}
	if !versions {
		res.Prev = nil
	}
	res.Responses = slices.Clone(res.Responses)
	for i := range res.Responses {
		stripResult(&res.Responses[i], versions)
	}
}

// wholeStore are options of a history of a store without revisions, with all that requests on several keys can say.
func wholeStore(rng *rand.Rand) generate.Options {
	return generate.Options{Ops: 20 + rng.IntN(180), Clients: 1 + rng.IntN(6), Keys: 1 + rng.IntN(6), Nodes: 1 + rng.IntN(3), Plain: true, Mix: generate.Everything(),
		Unknown: []float64{0, 0.02, 0.1, 0.3}[rng.IntN(4)], Fail: []float64{0, 0.05}[rng.IntN(2)], Leases: rng.IntN(3), Final: rng.IntN(2) == 0,
		Values: []int{0, 0, 4}[rng.IntN(3)]}
}

// Without revisions nothing fires on what is right either, and most of it is decided.
func TestNoFalseAlarmWithoutRevisions(t *testing.T) {
	verdicts := map[string]int{}
	for seed := range uint64(rounds(100, 10_000)) {
		rng := rand.New(rand.NewPCG(seed, 31))
		h := generate.History(rng, wholeStore(rng))
		res := Judge(context.Background(), h, []string{"linearizable"}, Limits{Timeout: 3 * time.Second})[0]
		verdicts[res.Verdict.String()]++
		if res.Verdict == Unknown {
			verdicts[fmt.Sprintf("%.120s", res.Why)]++
		}
		if res.Verdict == Fail || res.Bug != "" {
			t.Fatalf("seed %d: %v, %s %s\n%s", seed, res.Verdict, res.Why, res.Bug, h)
		}
	}
	t.Log(verdicts)
}

// Compactions and what they refuse raise no alarm.
func TestNoFalseAlarmOfCompactions(t *testing.T) {
	refused := 0
	for seed := range uint64(rounds(100, 5_000)) {
		rng := rand.New(rand.NewPCG(seed, 35))
		o := generate.Options{Ops: 20 + rng.IntN(200), Clients: 1 + rng.IntN(8), Keys: 1 + rng.IntN(4), Nodes: 3, Past: rng.Float64(),
			Unknown: []float64{0, 0.1}[rng.IntN(2)], Plain: rng.IntN(4) == 0, Mix: generate.Everything()}
		o.Mix[history.Compact] = 1
		h := generate.History(rng, o)
		for i := range h.Ops {
			if h.Ops[i].Result.Error == "compacted" {
				refused++
			}
		}
		for _, res := range Judge(context.Background(), h, nil, Limits{}) {
			if res.Verdict == Fail || res.Bug != "" {
				t.Fatalf("seed %d: %s: %v, %s %s\n%s", seed, res.Checker, res.Verdict, res.Why, res.Bug, h)
			}
		}
	}
	t.Logf("%d were refused", refused)
}

// What a broken store leaves behind is caught without its revisions too, but for what only revisions show: a transaction
// that compared with one.
func TestMutationsAreCaughtWithoutRevisions(t *testing.T) {
	want := rounds(4, 100)
	for _, m := range generate.Mutations() {
		if !slices.Contains(m.Caught, "linearizable") {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			applied := 0
			for seed := uint64(0); applied < want && seed < uint64(20*want); seed++ {
				rng := rand.New(rand.NewPCG(seed, 33))
				o := m.Base
				o.Past = 0
				h := generate.History(rng, o)
				if !m.Apply(h, rng) {
					continue
				}
				applied++
				strip(h, true)
				res := Judge(context.Background(), h, []string{"linearizable"}, Limits{Timeout: 20 * time.Second})[0]
				blind := res.Verdict == Unknown && strings.Contains(res.Why, "that no search without revisions can compare")
				if res.Verdict != Fail && !blind || res.Bug != "" {
					t.Errorf("seed %d: %v %s %s", seed, res.Verdict, res.Why, res.Bug)
				}
				for _, c := range res.Counterexample {
					if len(c.Ops) > 25 {
						t.Errorf("seed %d: a counterexample of %d operations: %s", seed, len(c.Ops), c.Why)
					}
				}
			}
		})
	}
}
