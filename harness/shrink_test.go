package harness

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/nemesis"
)

var longSchedule = `at 2s for 2s kill leader
at 5s for 2s pause follower
at 8s for 2s kill follower
at 11s for 2s pause leader
at 14s for 2s partition leader isolate
at 17s for 2s kill one
`

func parseSchedule(t *testing.T, text string) nemesis.Schedule {
	t.Helper()
	schedule, err := nemesis.ParseSchedule(text)
	if err != nil {
		t.Fatal(err)
	}
	return schedule
}

// failsWith is an attempt that fails if every one of the steps is there.
func failsWith(steps ...string) Attempt {
	return func(_ context.Context, schedule nemesis.Schedule, _ time.Duration) (bool, error) {
		for _, step := range steps {
			if !strings.Contains(schedule.String(), step) {
				return false, nil
			}
		}
		return true, nil
	}
}

// What is left is what the failure needs, and the load is no longer than that takes.
func TestShrink(t *testing.T) {
	for _, c := range []struct {
		name     string
		attempt  Attempt
		want     string
		duration time.Duration
	}{
		{"one step", failsWith("pause leader"), "at 11s for 2s pause leader\n", 16 * time.Second},
		{"two steps far apart", failsWith("kill leader", "kill one"), "at 2s for 2s kill leader\nat 17s for 2s kill one\n", 22 * time.Second},
		{"no step at all", failsWith(), "", 3 * time.Second},
		{"every step", failsWith("kill leader", "pause follower", "kill follower", "pause leader", "partition", "kill one"), longSchedule, 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Shrink(t.Context(), parseSchedule(t, longSchedule), 30*time.Second, 1, c.attempt)
			if err != nil || got.Schedule.String() != c.want || got.Duration != c.duration || !got.Whole {
				t.Errorf("%v, whole %v, %v after %d runs:\n%s", err, got.Whole, got.Duration, got.Runs, got.Schedule)
			}
		})
	}
}

// An attempt that fails now and then only is tried again before a step counts as needed.
func TestShrinkTriesAgain(t *testing.T) {
	n := 0
	attempt := func(ctx context.Context, s nemesis.Schedule, d time.Duration) (bool, error) {
		fails, _ := failsWith("kill one")(ctx, s, d)
		n++
		return fails && n%3 == 0, nil
	}
	got, err := Shrink(t.Context(), parseSchedule(t, longSchedule), 30*time.Second, 3, attempt)
	if err != nil || got.Schedule.String() != "at 17s for 2s kill one\n" || got.Runs != n {
		t.Errorf("%v, %d runs of %d:\n%s", err, got.Runs, n, got.Schedule)
	}
}

// When the time is up, the best so far is the answer, and it is said that it need not be the smallest.
func TestShrinkEndsInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	got, err := Shrink(ctx, parseSchedule(t, longSchedule), 30*time.Second, 1,
		func(ctx context.Context, s nemesis.Schedule, d time.Duration) (bool, error) {
			cancel()
			return failsWith("kill one")(ctx, s, d)
		})
	if err != nil || got.Whole || len(got.Schedule) != 3 {
		t.Errorf("%v, whole %v:\n%s", err, got.Whole, got.Schedule)
	}
	broken := errors.New("no port is free")
	_, err = Shrink(t.Context(), parseSchedule(t, longSchedule), 30*time.Second, 1,
		func(context.Context, nemesis.Schedule, time.Duration) (bool, error) { return false, broken })
	if !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}
