package nemesis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
)

// Levers that say they moved and did not: no fault may take their word. Defragmenting is the exception, of which nothing
// is to be seen but the member's own word.
func TestDeadLevers(t *testing.T) {
	want := map[string]string{
		"kill":         "not seen: n1 is running",
		"stop":         "not seen: n1 is running",
		"pause":        "not seen: n1 is running",
		"duty":         "not seen: n1 is running",
		"kill-defrag":  "not seen: n1 is running",
		"kill-compact": "not seen: n1 is running",
		"partition":    "not seen: n1 to n2 is not cut",
		"clients":      "not seen: clients to n1 is not cut",
		"delay":        "not seen: a linearizable read at n1 takes 0s; one round trip takes at least 50ms",
		"grey-leader":  "not seen: n1 is running; n1 to n2 is not cut",
		"move-leader":  `not seen: n3 says that "n1" leads in term 2`,
		"compact":      "error: inject: n1 is compacted up to revision 50, not 400",
	}
	for _, fault := range nemesis.All {
		if fault.Name == "defrag" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(3)
			f.dead, f.compact = true, 50 // an earlier compaction's
			step := "at 1s for 3s " + fault.Name
			if fault.Name == "compact" || fault.Name == "kill-compact" {
				step += " n1"
			}
			got := newStage().run(t.Context(), c, step)
			if text := line(got[0]); got[0].TookEffect || !strings.Contains(text, want[fault.Name]) || want[fault.Name] == "" {
				t.Errorf("got  %s\nwant %s", text, want[fault.Name])
			}
		})
	}
}

// What has no effect by its nature is refused, and says why: it must not count as a fault that the cluster stood.
func TestNoEffectByNature(t *testing.T) {
	for _, tt := range []struct {
		nodes      int
		step, want string
	}{
		{3, "move-leader leader", "inject: n1 leads already"},
		{3, "move-leader n1", "inject: n1 leads already"},
		{3, "partition all majority-minority", "inject: majority-minority of n1, n2, n3 cuts nothing among 3 nodes"},
		{2, "partition bridge", "inject: bridge of n2 cuts nothing among 2 nodes"},
		{2, "partition majorities-ring", "inject: majorities-ring of n1, n2 cuts nothing among 2 nodes"},
		{2, "partition majority-minority", "choose minority: a cluster of 2 has no minority; the smallest that has one is 3"},
		{1, "kill minority", "choose minority: a cluster of 1 has no minority; the smallest that has one is 3"},
		{1, "kill follower", "choose follower: follower wants 1 nodes and 0 are up"},
		{2, "grey-leader", "it needs 3 nodes; this cluster has 2"},
		{1, "partition all", "it needs 2 nodes; this cluster has 1"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(tt.nodes)
			got := newStage().run(t.Context(), c, "at 1s for 1s "+tt.step)
			if got[0].Error != tt.want || got[0].TookEffect || len(f.rest()) != 0 {
				t.Errorf("%s of %d: %s\nwant %s", tt.step, tt.nodes, line(got[0]), tt.want)
			}
		})
	}
}

// Whatever is planned for a cluster of any size can be carried out there: every fault of every kind finds its targets,
// takes effect, and is healed.
func TestPlansCanBeCarriedOut(t *testing.T) {
	for n := 1; n <= 9; n++ {
		for _, fault := range nemesis.All {
			if n < fault.Least {
				continue
			}
			seed := uint64(n)
			s := nemesis.Plan(rng(seed), nemesis.PlanOptions{Duration: 3 * time.Minute, Nodes: n, Faults: []string{fault.Name}})
			if len(s) < 20 {
				t.Fatalf("%s on %d nodes: only %d steps", fault.Name, n, len(s))
			}
			synctest.Test(t, func(t *testing.T) {
				f, c := newFake(n)
				for _, got := range newStage().run(t.Context(), c, s.String()) {
					if !got.TookEffect || got.Error != "" {
						t.Errorf("%d nodes, %s: %s", n, got.Step, line(got))
					}
				}
				if askew := f.rest(); len(askew) != 0 {
					t.Errorf("%s on %d nodes: not healed: %v", fault.Name, n, askew)
				}
			})
		}
	}
}

// A plan ends, whatever it is asked for: faults have a length, even where they are to follow each other at once.
func TestPlanEnds(t *testing.T) {
	for _, o := range []nemesis.PlanOptions{
		{Interval: time.Nanosecond},
		{Interval: time.Nanosecond, HoldMax: time.Nanosecond},
		{Interval: time.Millisecond, GapMin: time.Nanosecond, GapMax: time.Nanosecond},
		{HoldMin: time.Second, HoldMax: time.Millisecond, GapMin: time.Second, GapMax: time.Millisecond},
		{Quiet: time.Hour},
	} {
		o.Duration, o.Nodes = time.Second, 3
		s := nemesis.Plan(rng(1), o)
		if err := s.Check(); err != nil || len(s) > 1000 {
			t.Errorf("%+v: %d steps, %v", o, len(s), err)
		}
	}
}

// A lever that never returns does not hold the heal for longer than the heal may take, and everybody else is healed.
func TestStuckLever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := newFake(3)
		release := make(chan struct{})
		defer close(release)
		c.Process = stuckProcess{c.Process, release}
		got := newStage().run(t.Context(), c, "at 1s for 1s duty n1", "at 1s for 1s partition n2")
		if want := "duty [n1] [1s 1s 2s 32s] effect=false not seen: n1 is running error: heal: n1: a lever is stuck: context deadline exceeded"; line(got[0]) != want {
			t.Errorf("got  %s\nwant %s", line(got[0]), want)
		}
		if want := "partition [n2] [1s 1s 2s 2s] effect=true"; !strings.HasPrefix(line(got[1]), want) {
			t.Errorf("got  %s\nwant %s", line(got[1]), want)
		}
	})
}

// stuckProcess is asked to pause and does not answer, not even when it is told that nobody waits.
type stuckProcess struct {
	cluster.Process
	release chan struct{}
}

func (p stuckProcess) Pause(context.Context, history.NodeID) error {
	<-p.release
	return errors.New("late")
}

// Everything that is left to chance is decided by the run's numbers: however long anything takes, the same plan hits as
// many nodes, in the same shapes, by the same seeds. (Who leads after all were killed is the cluster's affair.)
func TestRunIsPure(t *testing.T) {
	s := nemesis.Plan(rng(3), nemesis.PlanOptions{Duration: 2 * time.Minute, Nodes: 5, Faults: nemesis.Names()})
	hits := func(slow time.Duration) (hits string) {
		synctest.Test(t, func(t *testing.T) {
			_, c := newFake(5)
			stage := newStage()
			stage.probe = func(ctx context.Context, m nemesis.Moment, hit nemesis.Hit) {
				time.Sleep(slow)
				if m == nemesis.BeforeInject {
					hits += fmt.Sprintln(len(hit.Nodes), len(hit.Others), hit.Shape, hit.Seed)
				}
			}
			stage.run(t.Context(), c, s.String())
		})
		return hits
	}
	if once, again := hits(0), hits(300*time.Millisecond); once != again {
		t.Errorf("two runs of one plan:\n%s\n%s", once, again)
	}
}
