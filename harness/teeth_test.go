package harness

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// rehearse carries out a scenario on an in-memory store, in fake time.
func rehearse(t *testing.T, s *scenarios.Scenario, bug string) *history.History {
	t.Helper()
	var h *history.History
	synctest.Test(t, func(t *testing.T) {
		plan, err := Resolve(s, fmt.Sprint("t", s.Seed))
		if err != nil {
			t.Fatal(err)
		}
		rec := history.NewRecorder(plan.Meta)
		c, err := memkv.New(memkv.Options{Nodes: s.Target.Nodes, Seed: s.Seed, Bug: bug, Since: rec.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		rec.UpdateMeta(func(m *history.Meta) { m.Nodes, m.ElectionTimeout = c.Nodes, c.ElectionTimeout })
		if err := Drive(t.Context(), c, plan, rec, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		h = rec.History()
	})
	return h
}

// small is a scenario with a bit of everything that breaks, short enough to be judged in no time.
func small(workload string, seed uint64) *scenarios.Scenario {
	s := scenarios.Default()
	s.Name, s.Seed = "small", seed
	s.Load.Workloads, s.Load.Rate, s.Load.Duration, s.Load.Warmup = []string{workload}, 100, 15*time.Second, time.Second
	s.Load.Timeout = 3 * time.Second
	s.Load.Keys.Live = 3
	s.Faults.Random = []string{"kill", "pause", "partition"}
	return s
}

func judge(h *history.History) map[string]checker.Result {
	byName := map[string]checker.Result{}
	for _, r := range checker.Judge(context.Background(), h, nil, checker.Limits{}) {
		byName[r.Checker] = r
	}
	return byName
}

// On a right store no seed and no workload ever fails, every fault takes effect, and something is proved.
func TestRightStorePasses(t *testing.T) {
	for seed := range seeds(t, 12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			h := rehearse(t, small("register", seed), "")
			for name, r := range judge(h) {
				if r.Verdict != checker.Pass && r.Verdict != checker.Skipped {
					t.Errorf("%s: %s: %s %q", name, r.Verdict, r.Why, r.Details)
				}
			}
			if len(h.Faults) != h.Meta.Planned || h.Meta.Planned == 0 || h.Meta.Converged == 0 {
				t.Errorf("%d of %d faults, converged %v", len(h.Faults), h.Meta.Planned, h.Meta.Converged)
			}
		})
	}
}

// Every planted bug that registers can show is found, on every seed.
func TestPlantedBugsFail(t *testing.T) {
	for _, bug := range []string{"stale-read", "lost-write", "dirty-read", "lost-update", "resurrected", "reordered"} {
		for seed := range seeds(t, 3) {
			t.Run(fmt.Sprintf("%s, seed %d", bug, seed), func(t *testing.T) {
				r := judge(rehearse(t, small("register", seed), bug))["linearizable"]
				if r.Verdict != checker.Fail || len(r.Counterexample) == 0 {
					t.Fatalf("%s, %d counterexamples", r.Verdict, len(r.Counterexample))
				}
				for _, c := range r.Counterexample {
					if len(c.Ops) == 0 || len(c.Ops) > 10 || c.Why == "" {
						t.Errorf("counterexample %s: %d operations of %d, %q", c.Name, len(c.Ops), c.Of, c.Why)
					}
				}
			})
		}
	}
}

// Serializable reads judged as linearizable are a violation; the same load with linearizable reads is none. The two
// differ in what the members were asked for alone.
func TestNegativeControl(t *testing.T) {
	for seed := range seeds(t, 3) {
		s := small("register", seed)
		s.Load.Consistency, s.Load.Judge = "s", "linearizable"
		s.Load.Mix = map[string]int{"read": 50, "write": 50}
		if r := judge(rehearse(t, s, ""))["linearizable"]; r.Verdict != checker.Fail {
			t.Errorf("seed %d, serializable: %s: %s", seed, r.Verdict, r.Why)
		}
		s.Load.Consistency = "l"
		if r := judge(rehearse(t, s, ""))["linearizable"]; r.Verdict != checker.Pass {
			t.Errorf("seed %d, linearizable: %s: %s", seed, r.Verdict, r.Why)
		}
	}
}

// The same seed gives the same schedule, whatever else differs.
func TestSameSeedSameSchedule(t *testing.T) {
	first, err := Resolve(small("register", 7), "a")
	if err != nil {
		t.Fatal(err)
	}
	s := small("register", 7)
	s.Load.Rate, s.Load.Timeout = 5000, time.Second
	second, err := Resolve(s, "b")
	if err != nil {
		t.Fatal(err)
	}
	if first.Schedule.String() != second.Schedule.String() || len(first.Schedule) == 0 {
		t.Errorf("two schedules of one seed:\n%s\n%s", first.Schedule, second.Schedule)
	}
	if other, _ := Resolve(small("register", 8), "a"); other.Schedule.String() == first.Schedule.String() {
		t.Error("two seeds, one schedule")
	}
}

// A run that is interrupted still heals, converges, reads everything, and can be judged.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan, err := Resolve(small("register", 3), "t3")
		if err != nil {
			t.Fatal(err)
		}
		rec := history.NewRecorder(plan.Meta)
		c, err := memkv.New(memkv.Options{Seed: 3, Since: rec.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // in the middle of the first fault
		defer cancel()
		if err := Drive(ctx, c, plan, rec, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		h := rec.History()
		if !h.Meta.Interrupted || h.Meta.Converged == 0 || len(h.Faults) != 1 {
			t.Errorf("interrupted %v, converged %v, %d faults", h.Meta.Interrupted, h.Meta.Converged, len(h.Faults))
		}
		if r := judge(h)["linearizable"]; r.Verdict != checker.Pass {
			t.Errorf("%s: %s", r.Verdict, r.Why)
		}
		for _, node := range c.Nodes {
			if state := c.Process.State(node); state != "running" {
				t.Errorf("%s is left %s", node, state)
			}
		}
	})
}

// A load that cannot be held ends when its time is up: what was due by then was either sent or is counted.
func TestOverload(t *testing.T) {
	s := small("register", 1)
	s.Load.Rate, s.Load.Arrival, s.Load.Duration, s.Load.Warmup, s.Faults.Random = 20_000, "constant", 3*time.Second, 0, nil
	h := rehearse(t, s, "")
	sent, left := int64(0), int64(0)
	for _, op := range h.Ops {
		if op.Stage == history.Load {
			sent++
			if op.Call >= h.Meta.LoadEnd {
				t.Fatalf("sent behind the end at %v: %s", h.Meta.LoadEnd, op)
			}
		}
	}
	for _, n := range h.Meta.Unsent {
		left += n
	}
	if due := int64(20_000 * 3); sent+left != due || left == 0 || h.Meta.LoadEnd-h.Meta.LoadStart != 3*time.Second {
		t.Errorf("%d sent and %d left of %d, in %v", sent, left, due, h.Meta.LoadEnd-h.Meta.LoadStart)
	}
}
