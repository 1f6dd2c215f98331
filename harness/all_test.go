package harness

import (
	"fmt"
	"testing"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/workloads"
)

// unsafe are the workloads that a right store fails: they break what they are there to show.
var unsafe = map[string]bool{"lock-set": true}

// No workload makes a checker cry wolf on a right store, whatever breaks.
func TestEveryWorkloadPasses(t *testing.T) {
	for _, w := range workloads.All {
		if unsafe[w.Name] {
			continue
		}
		for seed := range seeds(t, 2) {
			t.Run(fmt.Sprintf("%s, seed %d", w.Name, seed), func(t *testing.T) {
				t.Parallel()
				s := small(w.Name, seed)
				s.Load.Keys.Live = 0
				for name, r := range judge(rehearse(t, s, "")) {
					if r.Verdict == checker.Fail || r.Bug != "" || r.Verdict == checker.Unknown && name != "activity" {
						t.Errorf("%s: %s: %s %s %q", name, r.Verdict, r.Why, r.Bug, r.Details)
					}
				}
			})
		}
	}
}

// Every planted bug is found by the checkers that are there to find it, under the workload that shows it. Bugs strike
// by chance, so a checker has three runs to see it.
func TestEveryBugIsCaught(t *testing.T) {
	for _, bug := range memkv.Bugs {
		t.Run(bug.Name, func(t *testing.T) {
			t.Parallel()
			caught := map[string]bool{}
			for seed := uint64(11); seed < 14 && len(caught) < len(bug.Caught); seed++ {
				s := small(bug.Workload, seed)
				s.Load.Keys.Live = 0
				results := judge(rehearse(t, s, bug.Name))
				for _, name := range bug.Caught {
					if results[name].Verdict == checker.Fail {
						caught[name] = true
					}
				}
			}
			for _, name := range bug.Caught {
				if !caught[name] {
					t.Errorf("%s saw nothing", name)
				}
			}
		})
	}
}
