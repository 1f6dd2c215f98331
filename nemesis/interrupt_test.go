package nemesis_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Members die within the tenth of a second after their maintenance began, each at a time of its own, and what it answers
// is of no account. One member is asked for a compaction, which happens everywhere.
func TestInterrupt(t *testing.T) {
	for name, want := range map[string]string{
		"kill-defrag":  "defragment n1, defragment n2, defragment n3, kill n1, kill n2, kill n3, start n1, start n2, start n3",
		"kill-compact": "compact n1 400, kill n1, kill n2, kill n3, start n1, start n2, start n3",
	} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(3)
			got := newStage().run(t.Context(), c, "at 1s for 3s "+name+" all")
			moved := f.moved()
			slices.Sort(moved)
			if text := strings.Join(moved, ", "); text != want {
				t.Errorf("%s: got  %s\nwant %s", name, text, want)
			}
			if took := got[0].Active - got[0].Start; took <= 0 || took > 100*time.Millisecond {
				t.Errorf("%s: the last member was killed after %v; want within 100ms", name, took)
			}
			if !got[0].TookEffect || got[0].Error != "" {
				t.Errorf("%s: %s", name, line(got[0]))
			}
		})
	}
}

// A member that refuses its maintenance is killed all the same; a store with nothing to compact is left alone.
func TestInterruptFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.broken["defragment n1"] = errors.New("not now")
		if got := newStage().run(t.Context(), c, "at 1s for 3s kill-defrag leader"); !got[0].TookEffect || got[0].Error != "" {
			t.Error(line(got[0]))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.broken["kill n1"] = errors.New("no such process")
		got := newStage().run(t.Context(), c, "at 1s for 3s kill-defrag leader")
		if want := "error: inject: kill n1: no such process"; !strings.Contains(line(got[0]), want) {
			t.Errorf("got  %s\nwant %s", line(got[0]), want)
		}
		if askew := f.rest(); len(askew) != 0 {
			t.Errorf("not healed: %v", askew)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f, c := newFake(3)
		f.revision = 100
		got := newStage().run(t.Context(), c, "at 1s for 3s kill-compact leader")
		if want := "n1 is at revision 100; there is nothing to compact before 100"; !strings.Contains(line(got[0]), want) {
			t.Errorf("got  %s\nwant %s", line(got[0]), want)
		}
	})
}

// A member that is slow to answer is asked again before its store is compacted.
func TestCompactAsksAgain(t *testing.T) {
	for _, name := range []string{"compact", "kill-compact"} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(1)
			asked := 0
			c.Status = func(ctx context.Context, n history.NodeID) history.Status {
				if asked++; asked > 1 && asked < 5 { // the first question is who leads
					return history.Status{Node: n}
				}
				return f.status(ctx, n)
			}
			if got := newStage().run(t.Context(), c, "at 1s for 3s "+name+" n1"); !got[0].TookEffect || f.moved()[0] != "compact n1 400" {
				t.Errorf("%s; %v", line(got[0]), f.moved())
			}
		})
	}
}

// dying takes a while to end a process, and ends it as well if nobody waits.
type dying struct{ fakeProcess }

func (d dying) Kill(ctx context.Context, n history.NodeID) error {
	ended := make(chan error, 1)
	go func() {
		time.Sleep(200 * time.Millisecond)
		ended <- d.fakeProcess.Kill(ctx, n)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A run that ends while a process is dying waits for its end, and starts it again.
func TestRunEndsWhileAProcessDies(t *testing.T) {
	for _, name := range []string{"kill", "kill-defrag"} {
		synctest.Test(t, func(t *testing.T) {
			f, c := newFake(3)
			c.Process = dying{fakeProcess{f}}
			ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
			defer cancel()
			got := newStage().run(ctx, c, "at 1s for 3s "+name+" n1")
			time.Sleep(time.Second)
			if askew := f.rest(); len(askew) != 0 {
				t.Errorf("%s: not healed: %v\n%s", name, askew, line(got[0]))
			}
		})
	}
}
