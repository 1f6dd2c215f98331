package checker

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/generate"
)

// Every planted violation is caught by the checkers that should, and by no others than may; before it was planted,
// nothing was.
func TestMutationsAreCaught(t *testing.T) {
	want := rounds(6, 200)
	mutations := generate.Mutations()
	if len(mutations) < 40 {
		t.Errorf("%d mutations", len(mutations))
	}
	for _, m := range mutations {
		t.Run(m.Name, func(t *testing.T) {
			applied := 0
			for seed := uint64(0); applied < want && seed < uint64(20*want); seed++ {
				rng := rand.New(rand.NewPCG(seed, 8))
				h := generate.History(rng, m.Base)
				if !m.Apply(h, rng) {
					continue
				}
				applied++
				var failed []string
				for _, res := range Judge(context.Background(), h, nil, Limits{}) {
					if res.Verdict == Fail {
						failed = append(failed, res.Checker)
						if !slices.Contains(m.Caught, res.Checker) && !slices.Contains(m.Also, res.Checker) {
							t.Errorf("seed %d: %s fails too: %s", seed, res.Checker, res.Why)
						}
					}
					if res.Bug != "" {
						t.Errorf("seed %d: %s: %s", seed, res.Checker, res.Bug)
					}
				}
				for _, name := range m.Caught {
					if _, there := Find(name); there && !slices.Contains(failed, name) {
						t.Errorf("seed %d: not caught by %s, only by %v", seed, name, failed)
					}
				}
			}
			if applied < want {
				t.Errorf("applied %d times of %d", applied, want)
			}
		})
	}
}
