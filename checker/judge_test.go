package checker

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

func checker(check checkFunc) Checker { return Checker{Name: "probe", Check: check} }

var small = Limits{Timeout: time.Minute, MemoryBytes: 1 << 40}

// A checker that panics proves nothing of the store, and says that it is itself to blame.
func TestPanicIsABugOfOurs(t *testing.T) {
	res := judge(context.Background(), checker(func(context.Context, *history.History, Limits) Result { panic("boom") }), &history.History{}, small)
	if res.Verdict != Unknown || !strings.HasPrefix(res.Bug, "panic: boom\n") || res.Checker != "probe" {
		t.Errorf("got %+v", res)
	}
}

// Whatever a checker concludes, a failed re-check of its evidence takes the verdict back.
func TestBugIsNoVerdict(t *testing.T) {
	res := judge(context.Background(), checker(func(context.Context, *history.History, Limits) Result {
		return Result{Verdict: Fail, Bug: "the certificate does not hold"}
	}), &history.History{}, small)
	if res.Verdict != Unknown {
		t.Errorf("got %v", res.Verdict)
	}
}

// waits ends when it is told to, and says why it was.
func waits(ctx context.Context, _ *history.History, _ Limits) Result {
	<-ctx.Done()
	return Result{Why: stopped(ctx)}
}

func TestLimits(t *testing.T) {
	lim := small
	lim.Timeout = time.Millisecond
	if res := judge(context.Background(), checker(waits), &history.History{}, lim); res.Why != "the limit of 1ms was reached" {
		t.Errorf("time: got %q", res.Why)
	}
	lim = small
	lim.MemoryBytes = 1
	if res := judge(context.Background(), checker(waits), &history.History{}, lim); !strings.HasPrefix(res.Why, "the limit of 0 MiB was reached (heap ") {
		t.Errorf("memory: got %q", res.Why)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if res := judge(ctx, checker(waits), &history.History{}, small); res.Verdict != Unknown || res.Why != "context canceled" {
		t.Errorf("cancelled: got %q", res.Why)
	}
}

// Garbage is collected sooner the larger the history, but never later than the user asked for, and as before afterwards.
func TestPace(t *testing.T) {
	now := func() int {
		percent := debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent
	}
	defer debug.SetGCPercent(now())
	for _, c := range []struct {
		asked    int
		usedMiB  uint64
		expected int
	}{{100, 10, 100}, {100, 256, 100}, {100, 512, 50}, {100, 100_000, 33}, {400, 512, 50}, {20, 512, 20}, {-1, 512, -1}} {
		debug.SetGCPercent(c.asked)
		end := pace(c.usedMiB << 20)
		if got := now(); got != c.expected {
			t.Errorf("%d MiB, GOGC=%d: %d, want %d", c.usedMiB, c.asked, got, c.expected)
		}
		if end(); now() != c.asked {
			t.Errorf("%d MiB, GOGC=%d: %d afterwards", c.usedMiB, c.asked, now())
		}
	}
}

func TestDetailsAreBounded(t *testing.T) {
	res := judge(context.Background(), checker(func(context.Context, *history.History, Limits) Result {
		return Result{Details: strings.Split(strings.Repeat("line\n", 99)+"line", "\n")}
	}), &history.History{}, small)
	if n := len(res.Details); n != Lines || res.Details[n-1] != "… and 51 more" {
		t.Errorf("%d lines, the last %q", n, res.Details[n-1])
	}
}

// A misspelt check is never a passed one.
func TestUnknownName(t *testing.T) {
	res := Judge(context.Background(), &history.History{}, []string{"linearisable"}, Limits{})
	if len(res) != 1 || res[0].Verdict != Unknown || !strings.HasPrefix(res[0].Why, `there is no checker "linearisable"; there are linearizable, durable, `) {
		t.Errorf("got %+v", res)
	}
}

func TestJudgeRunsAllOnNothing(t *testing.T) {
	for _, res := range Judge(context.Background(), &history.History{}, nil, Limits{}) {
		if res.Verdict != Skipped || res.Checker == "" || res.Why == "" || res.Bug != "" {
			t.Errorf("%s of an empty history: %v, %q %s", res.Checker, res.Verdict, res.Why, res.Bug)
		}
	}
}

func TestMalformedHistory(t *testing.T) {
	h := &history.History{Ops: []history.Op{{Call: 5, Return: 4}}}
	for _, res := range Judge(context.Background(), h, nil, Limits{}) {
		if res.Verdict != Unknown || !strings.HasPrefix(res.Why, "this is no history: operation 0 returns before its call") {
			t.Errorf("%s: %v, %q", res.Checker, res.Verdict, res.Why)
		}
	}
}

func TestVerdictAsText(t *testing.T) {
	for v, want := range map[Verdict]string{Unknown: `"unknown"`, Pass: `"pass"`, Fail: `"fail"`, Skipped: `"skipped"`} {
		got, err := json.Marshal(v)
		var back Verdict
		if err2 := json.Unmarshal(got, &back); err != nil || err2 != nil || string(got) != want || back != v {
			t.Errorf("%d: %s, back %v (%v, %v)", v, got, back, err, err2)
		}
	}
	var v Verdict
	if err := json.Unmarshal([]byte(`"passed"`), &v); err == nil {
		t.Error("a word that is no verdict was taken for one")
	}
}

func TestOverall(t *testing.T) {
	for _, c := range []struct {
		in   []Verdict
		want Verdict
	}{
		{nil, Unknown}, {[]Verdict{Skipped}, Unknown}, {[]Verdict{Pass, Skipped}, Pass}, {[]Verdict{Pass, Unknown}, Unknown},
		{[]Verdict{Pass, Unknown, Fail}, Fail}, {[]Verdict{Pass, Pass}, Pass},
	} {
		var results []Result
		for _, v := range c.in {
			results = append(results, Result{Verdict: v})
		}
		if got := Overall(results); got != c.want {
			t.Errorf("%v: %v, want %v", c.in, got, c.want)
		}
	}
}
