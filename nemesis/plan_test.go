package nemesis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/nemesis"
)

// A plan as text: this is what a person reads, and what the same seed gives for ever.
func TestPlanGolden(t *testing.T) {
	s := nemesis.Plan(rng(1), nemesis.PlanOptions{Duration: 30 * time.Second, Nodes: 3})
	const want = `at 1.5s for 3.2s pause leader
at 6.2s for 2.8s partition leader one-way-in
at 10.3s for 2.7s kill leader
at 14.3s for 3.7s partition minority majority-minority
at 19.5s for 2.7s pause minority
at 23.5s for 3.7s kill follower
`
	if got := s.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// What every default plan promises, over many seeds: enough faults of every kind, in order, one at a time, with time to
// recover after the last, and the leader hit more often than not.
func TestPlanPromises(t *testing.T) {
	for _, tt := range []struct {
		duration time.Duration
		least    int
		kinds    int
	}{{30 * time.Second, 5, 3}, {45 * time.Second, 7, 3}, {60 * time.Second, 10, 3}, {15 * time.Second, 2, 2}, {5 * time.Second, 1, 1}} {
		leader, all := 0, 0
		for seed := range uint64(500) {
			s := nemesis.Plan(rng(seed), nemesis.PlanOptions{Duration: tt.duration, Nodes: 3})
			kinds := map[string]int{}
			for i, step := range s {
				kinds[step.Fault]++
				all++
				if step.Target == "leader" {
					leader++
				}
				if i > 0 && s[i-1].At+s[i-1].For+time.Second > step.At {
					t.Fatalf("seed %d: no second to recover before %s:\n%s", seed, step, s)
				}
				if step.At+step.For+min(time.Second, tt.duration/10) > tt.duration {
					t.Fatalf("seed %d: %s ends too late for a run of %v", seed, step, tt.duration)
				}
				if step.For < 2500*time.Millisecond {
					t.Fatalf("seed %d: %s is too short for an election", seed, step)
				}
			}
			if len(s) < tt.least || len(kinds) < tt.kinds {
				t.Fatalf("%v, seed %d: %d faults of %d kinds; want %d of %d\n%s", tt.duration, seed, len(s), len(kinds), tt.least, tt.kinds, s)
			}
			if err := s.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if again, err := nemesis.ParseSchedule(s.String()); err != nil || again.String() != s.String() {
				t.Fatalf("seed %d: read back: %v\n%s", seed, err, again)
			}
		}
		if leader*2 < all {
			t.Errorf("%v: the leader was hit by %d of %d faults; want most", tt.duration, leader, all)
		}
	}
}

// The same numbers give the same plan, others another.
func TestPlanSeed(t *testing.T) {
	plan := func(seed uint64) string {
		return nemesis.Plan(rng(seed), nemesis.PlanOptions{Duration: time.Minute, Nodes: 5}).String()
	}
	if once, again := plan(5), plan(5); once != again {
		t.Error("the same seed gave two plans")
	}
	if plan(5) == plan(6) {
		t.Error("two seeds gave one plan")
	}
}

// Every kind that is asked for comes before any comes again, and kinds that mean nothing at a size never come.
func TestPlanKinds(t *testing.T) {
	for _, tt := range []struct {
		nodes int
		want  string
	}{
		{1, "clients compact defrag duty kill kill-compact kill-defrag pause stop"},
		{2, "clients compact defrag delay duty kill kill-compact kill-defrag move-leader partition pause stop"},
		{3, "clients compact defrag delay duty grey-leader kill kill-compact kill-defrag move-leader partition pause stop"},
	} {
		kinds := strings.Fields(tt.want)
		s := nemesis.Plan(rng(9), nemesis.PlanOptions{Duration: 2 * time.Minute, Nodes: tt.nodes, Faults: nemesis.Names()})
		if len(s) < len(kinds) {
			t.Fatalf("%d nodes: %d steps", tt.nodes, len(s))
		}
		first := map[string]bool{}
		for _, step := range s[:len(kinds)] {
			first[step.Fault] = true
		}
		for _, kind := range kinds {
			if !first[kind] {
				t.Errorf("%d nodes: no %s in the first %d steps:\n%s", tt.nodes, kind, len(kinds), s)
			}
		}
	}
	if s := nemesis.Plan(rng(1), nemesis.PlanOptions{Duration: time.Minute, Nodes: 1, Faults: []string{"partition"}}); len(s) != 0 {
		t.Errorf("a partition of one node:\n%s", s)
	}
	if s := nemesis.Plan(rng(1), nemesis.PlanOptions{Duration: time.Second, Nodes: 3}); len(s) != 0 {
		t.Errorf("a fault of at least 2.5 s in a run of 1 s:\n%s", s)
	}
}

// Options say how long and how often.
func TestPlanOptions(t *testing.T) {
	const ms = time.Millisecond
	s := nemesis.Plan(rng(4), nemesis.PlanOptions{
		Duration: 10 * time.Second, Nodes: 3, Quiet: 100 * ms, HoldMin: 200 * ms, HoldMax: 300 * ms, GapMin: 50 * ms, GapMax: 50 * ms,
	})
	if len(s) < 24 || s[0].At != 100*ms {
		t.Errorf("%d steps, the first %s", len(s), s[0])
	}
	if n := len(nemesis.Plan(rng(4), nemesis.PlanOptions{Duration: time.Minute, Nodes: 3, Interval: 20 * time.Second})); n < 2 || n > 4 {
		t.Errorf("%d steps in a minute at one in 20 s", n)
	}
}

// Random faults are drawn into the times that exact ones leave.
func TestPlanAround(t *testing.T) {
	exact, err := nemesis.ParseSchedule("at 0s for 500ms kill\nat 20s for 8s partition leader\nat 29s for 2s pause\nat 59s for 1s kill")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(200) {
		s := nemesis.Plan(rng(seed), nemesis.PlanOptions{Duration: time.Minute, Nodes: 3, Around: exact})
		if len(s) < 6 {
			t.Errorf("seed %d: %d steps", seed, len(s))
		}
		for _, step := range s {
			for _, e := range exact {
				if step.At < e.At+e.For+time.Second && e.At < step.At+step.For+time.Second {
					t.Fatalf("seed %d: %s and %s are not a second apart", seed, step, e)
				}
			}
		}
		if err := append(s, exact...).Sorted().Check(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
