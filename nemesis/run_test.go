package nemesis_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
)

// stage runs schedules in fake time against a fake cluster and keeps what is recorded.
type stage struct {
	mu     sync.Mutex
	faults map[int]history.Fault
	epoch  time.Time
	probe  func(context.Context, nemesis.Moment, nemesis.Hit)
}

func newStage() *stage { return &stage{faults: map[int]history.Fault{}, epoch: time.Now()} }

func (s *stage) now() time.Duration { return time.Since(s.epoch) }

func (s *stage) until(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(at - s.now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stage) record(f history.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Evidence = slices.Clone(f.Evidence)
	s.faults[f.ID] = f
}

func (s *stage) run(ctx context.Context, c *cluster.Cluster, lines ...string) []history.Fault {
	schedule, err := nemesis.ParseSchedule(strings.Join(lines, "\n"))
	if err != nil {
		panic(err)
	}
	nemesis.Run(ctx, c, schedule, nemesis.Deps{
		Now: s.now, Until: s.until, Record: s.record, Rand: rng(1), Probe: s.probe,
	})
	return slices.SortedFunc(maps.Values(s.faults), func(a, b history.Fault) int { return cmp.Compare(a.ID, b.ID) })
}

// line is a fault as a golden line: when it was injected, active, healing, healed; whom it hit; what was seen.
func line(f history.Fault) string {
	text := fmt.Sprintf("%s %v [%v %v %v %v] effect=%v", f.Name, f.Nodes, f.Start, f.Active, f.Heal, f.End, f.TookEffect)
	if len(f.Evidence) > 0 {
		text += " " + strings.Join(f.Evidence, "; ")
	}
	if f.Error != "" {
		text += " error: " + f.Error
	}
	return text
}

// Every fault of the catalogue, once: it hits, sees its effect, and leaves the cluster as it was.
func TestEveryFault(t *testing.T) {
	want := map[string]string{
		"kill":        "kill [n1] [1s 1s 4s 4s] effect=true n1 is killed",
		"stop":        "stop [n1] [1s 1s 4s 4s] effect=true n1 is stopped",
		"pause":       "pause [n1] [1s 1s 4s 4s] effect=true n1 is paused",
		"duty":        "duty [n1] [1s 1s 4s 4s] effect=true n1 is paused",
		"partition":   "partition [n1] [1s 1s 4s 4s] effect=true 4 links cut, bytes held in 4 of them; n1 to n2 holds 100",
		"clients":     "clients [n1] [1s 1s 4s 4s] effect=true 2 links cut, bytes held in 2 of them; clients to n1 holds 100",
		"delay":       "delay [n1] [1s 1s 4s 4s] effect=true a linearizable read at n1 takes 100ms; one round trip takes at least 50ms",
		"grey-leader": "effect=true n1 is paused; 4 links cut, bytes held in 4 of them; n1 to n2 holds 100",
		"move-leader": `move-leader [n3] [1s 1s 4s 4s] effect=true n3 says that "n3" leads in term 3`,
		"defrag":      "defrag [n1] [1s 1s 4s 4s] effect=true n1 answered that it is done",
		"compact":     "is compacted up to revision 400",

		"kill-defrag":  "effect=true n1 is killed",
		"kill-compact": "effect=true n1 is killed",
	}
	for _, fault := range nemesis.All {
		t.Run(fault.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, c := newFake(3)
				if err := fault.Can(c); err != nil {
					t.Fatal(err)
				}
				got := newStage().run(t.Context(), c, "at 1s for 3s "+fault.Name)
				if len(got) != 1 || !strings.Contains(line(got[0]), want[fault.Name]) || !got[0].TookEffect {
					t.Errorf("got  %s\nwant %s", line(got[0]), want[fault.Name])
				}
				if got[0].LeaderBefore != "n1" || got[0].TermBefore != 2 {
					t.Errorf("before: %s led in term %d; want n1 in 2", got[0].LeaderBefore, got[0].TermBefore)
				}
				if askew := f.rest(); len(askew) != 0 {
					t.Errorf("not healed: %v", askew)
				}
			})
		})
	}
}

// The same catalogue on a cluster without levers, and on one too small: each says why it cannot.
func TestCan(t *testing.T) {
	bare := &cluster.Cluster{Nodes: nodes(3)}
	_, one := newFake(1)
	for _, fault := range nemesis.All {
		if err := fault.Can(bare); err == nil || !strings.Contains(err.Error(), "gives no hold on its") {
			t.Errorf("%s without levers: %v", fault.Name, err)
		}
		if err := fault.Can(one); (err == nil) != (fault.Least == 1) {
			t.Errorf("%s on one node: %v; it needs %d", fault.Name, err, fault.Least)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		_, c := newFake(1)
		got := newStage().run(t.Context(), c, "at 1s for 3s partition")
		if want := "partition [] [1s 0s 0s 1s] effect=false error: it needs 2 nodes; this cluster has 1"; line(got[0]) != want {
			t.Errorf("got  %s\nwant %s", line(got[0]), want)
		}
	})
}

// Targets are found when the step runs: the second kill hits whoever leads then.
func TestLeaderIsFoundWhenTheStepRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		got := newStage().run(t.Context(), c, "at 1s for 3s kill leader", "at 2s for 3s pause leader", "at 6s for 1s kill n1")
		want := []string{"kill n1", "pause n2", "start n1", "resume n2", "kill n1", "start n1"}
		if !slices.Equal(f.moved(), want) {
			t.Errorf("levers: %v\nwant    %v", f.moved(), want)
		}
		if got[1].LeaderBefore != "n2" || got[1].TermBefore != 3 {
			t.Errorf("the second leader: %s in term %d", got[1].LeaderBefore, got[1].TermBefore)
		}
	})
}

// Nobody leads for a while: the step waits. Nobody leads at all: it says so, and hits nobody.
func TestWaitsForALeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.headless = true
		time.AfterFunc(2990*time.Millisecond, func() { f.mu.Lock(); f.headless = false; f.mu.Unlock() })
		got := newStage().run(t.Context(), c, "at 1s for 3s kill leader", "at 5s for 1s pause n2")
		if want := "kill [n1] [3s 3s 6s 6s] effect=true n1 is killed"; line(got[0]) != want {
			t.Errorf("got  %s\nwant %s", line(got[0]), want)
		}
		if want := "pause [n2] [6s 6s 7s 7s] effect=true n2 is paused"; line(got[1]) != want {
			t.Errorf("steps that do not overlap in the plan overlap:\ngot  %s\nwant %s", line(got[1]), want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.headless = true
		got := newStage().run(t.Context(), c, "at 1s for 3s kill leader")
		if want := "kill [] [1s 0s 0s 11s] effect=false error: choose leader: nobody leads, for 10s"; line(got[0]) != want || len(f.moved()) != 0 {
			t.Errorf("got  %s\nwant %s\n%v", line(got[0]), want, f.moved())
		}
	})
}

// The run ends in the middle of a fault: it is healed at once, by levers that refuse a dead context, and the steps after
// it never begin.
func TestHealsWhenTheRunEnds(t *testing.T) {
	for _, fault := range []string{"kill", "pause", "duty", "partition", "delay", "grey-leader"} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(3)
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			got := newStage().run(ctx, c, "at 1s for 30s "+fault, "at 40s for 1s kill")
			if len(got) != 1 || !got[0].TookEffect || got[0].Error != "" || got[0].Heal != 2500*time.Millisecond {
				t.Errorf("%s: %d recorded: %s", fault, len(got), line(got[0]))
			}
			if askew := f.rest(); len(askew) != 0 {
				t.Errorf("%s: not healed: %v", fault, askew)
			}
		})
	}
}

// The run ends while a fault is still being injected: what was already broken is healed.
func TestHealsHalfInjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		ctx, cancel := context.WithTimeout(t.Context(), 1300*time.Millisecond)
		defer cancel()
		got := newStage().run(ctx, c, "at 1s for 30s grey-leader")
		if askew := f.rest(); len(askew) != 0 || got[0].TookEffect || got[0].Error != "inject: context deadline exceeded" {
			t.Errorf("%s; not healed: %v", line(got[0]), askew)
		}
	})
}

// Levers that fail: the fault says so, and what it had done is undone.
func TestFailures(t *testing.T) {
	for _, tt := range []struct{ step, broken, want string }{
		{"kill n2", "kill n2", "kill [n2] [1s 1s 1s 1s] effect=false error: inject: kill n2: stuck"},
		{"pause all", "pause n2", "pause [n1 n2 n3] [1s 1s 1s 1s] effect=false error: inject: pause n2: stuck"},
		{"partition n1", "cut n2-n1", "partition [n1] [1s 1s 1s 1s] effect=false error: inject: cut n2 to n1: stuck"},
		{"delay n1", "delay n2-n1 50ms±25ms", "delay [n1] [1s 1s 1s 1s] effect=false error: inject: delay n2 to n1: stuck"},
		{"kill n2", "start n2", "kill [n2] [1s 1s 2s 2s] effect=true n2 is killed error: heal: start n2: stuck"},
		{"defrag n2", "defragment n2", "defrag [n2] [1s 1s 1s 1s] effect=false error: inject: defragment n2: stuck"},
		{"move-leader n2", "move leader n1-n2", "move-leader [n2] [1s 1s 1s 1s] effect=false error: inject: stuck"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(3)
			f.broken[tt.broken] = errors.New("stuck")
			got := newStage().run(t.Context(), c, "at 1s for 1s "+tt.step)
			if line(got[0]) != tt.want {
				t.Errorf("got  %s\nwant %s", line(got[0]), tt.want)
			}
			delete(f.broken, tt.broken)
			if askew := f.rest(); len(askew) != 0 && tt.broken != "start n2" {
				t.Errorf("%s: not healed: %v", tt.step, askew)
			}
			if err := nemesis.HealAll(t.Context(), c); err != nil || len(f.rest()) != 0 {
				t.Errorf("%s: after HealAll: %v, %v", tt.step, f.rest(), err)
			}
		})
	}
}

// A cut that nothing runs into proves nothing; if the probes are the first to run into it, that is seen too.
func TestEffectMustBeSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.idle = true
		s := newStage()
		got := s.run(t.Context(), c, "at 1s for 1s partition n1")
		if want := "partition [n1] [1s 1s 2s 2s] effect=false not seen: 4 links cut, nothing held in them"; line(got[0]) != want {
			t.Errorf("got  %s\nwant %s", line(got[0]), want)
		}
		s.probe = func(_ context.Context, m nemesis.Moment, _ nemesis.Hit) {
			if m == nemesis.BeforeHeal {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.idle = false
			}
		}
		if got := s.run(t.Context(), c, "at 3s for 1s partition n1"); !got[0].TookEffect {
			t.Errorf("with probes: %s", line(got[0]))
		}
	})
}

// The probes are called at every moment, in order; AfterHeal also for a fault that failed, so that what a probe holds back
// for it is let go.
func TestProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.broken["pause n1"] = errors.New("stuck")
		s := newStage()
		var seen []string
		s.probe = func(ctx context.Context, m nemesis.Moment, hit nemesis.Hit) {
			seen = append(seen, fmt.Sprintf("%v %s %v leader=%s n1=%s", s.now(), m, hit.Nodes, hit.Leader, c.Process.State("n1")))
		}
		s.run(t.Context(), c, "at 1s for 2s kill n1", "at 5s for 2s pause n1")
		want := []string{
			"1s before-inject [n1] leader=n1 n1=running",
			"1s active [n1] leader=n1 n1=killed",
			"3s before-heal [n1] leader=n1 n1=killed",
			"3s after-heal [n1] leader=n1 n1=running",
			"5s before-inject [n1] leader=n2 n1=running",
			"5s after-heal [n1] leader=n2 n1=running",
		}
		if !slices.Equal(seen, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A grey leader: its links get slow and fade one by one, then it freezes; it wakes before they are released, one by one.
func TestGreyLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		c.ElectionTimeout = time.Second
		got := newStage().run(t.Context(), c, "at 1s for 3s grey-leader")
		var order []string
		for _, what := range f.moved() {
			order = append(order, strings.Fields(what)[0])
		}
		want := "delay delay delay delay cut cut cut cut pause delay delay delay delay resume mend mend mend mend"
		if strings.Join(order, " ") != want {
			t.Errorf("levers: %v\nwant %s", f.moved(), want)
		}
		if fading := got[0].Active - got[0].Start; fading < 1300*time.Millisecond || fading > 1700*time.Millisecond {
			t.Errorf("it took %v to freeze", fading)
		}
	})
}

// HealAll puts every lever to rest, whatever state a process is in, and names the member that will not.
func TestHealAll(t *testing.T) {
	f, c := newFake(5)
	f.states = map[history.NodeID]string{"n1": "running", "n2": "paused", "n3": "killed", "n4": "stopped", "n5": "exited"}
	_ = c.Network.Cut("n1", "n2")
	_ = c.Network.Delay("n2", "n1", time.Second, 0)
	f.broken["start n5"] = errors.New("port taken")
	if err := nemesis.HealAll(t.Context(), c); err == nil || err.Error() != "start n5: port taken" {
		t.Errorf("%v; want the member that does not start", err)
	}
	if got := f.rest(); !slices.Equal(got, []string{"n5 exited"}) {
		t.Errorf("not at rest: %v", got)
	}
	if err := nemesis.HealAll(t.Context(), &cluster.Cluster{Nodes: nodes(3)}); err != nil {
		t.Errorf("a cluster without levers: %v", err)
	}
}
