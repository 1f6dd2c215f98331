package harness

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

// stored writes a valid history of n operations, a frame for each few thousand records, and spoils the answer of one.
func stored(t *testing.T, n, spoilt int) *store.Run {
	t.Helper()
	run, err := store.Create(t.TempDir(), "long", history.Meta{Workload: "register"})
	if err != nil {
		t.Fatal(err)
	}
	var frame []history.Record
	flush := func(most int) {
		if len(frame) > most {
			if err := run.Record(frame); err != nil {
				t.Fatal(err)
			}
			frame = frame[:0]
		}
	}
	done := 0
	generate.Stream(rand.New(rand.NewPCG(7, 24)), generate.Options{Ops: n, Clients: 50, Keys: 100, Nodes: 3, Unknown: 0.001}, func(op *history.Op, _ time.Duration) {
		own := *op
		if done++; done > spoilt && spoilt > 0 && own.Request.Kind == history.Get && own.Result.Outcome == history.OK && len(own.Result.KVs) == 1 {
			own.Result.KVs = []history.KV{own.Result.KVs[0]}
			own.Result.KVs[0].Value, spoilt = "nobody wrote this", 0
		}
		call := own
		call.Result, call.Return = history.Result{}, 0
		frame = append(frame, history.Record{Call: &call}, history.Record{Return: &own})
		flush(4000)
	})
	flush(0)
	if err := run.Finish(); err != nil {
		t.Fatal(err)
	}
	return run
}

// A stored history is judged in memory that does not grow with it. WHITEWATER_STREAM_OPS=10000000 shows it at length.
func TestJudgeStreamMemory(t *testing.T) {
	n := 50_000
	if long, err := strconv.Atoi(os.Getenv("WHITEWATER_STREAM_OPS")); err == nil {
		n = long
	}
	run := stored(t, n, 0)
	debug.FreeOSMemory()
	s := scenarios.Default()
	s.Checks, s.Checker.Memory = []string{"linearizable"}, 200<<20
	began := time.Now()
	sum, err := JudgeStream(context.Background(), run, s, reports.Options{})
	if err != nil || sum.Exit != reports.ExitPass || sum.Total < n*9/10 {
		t.Fatalf("exit %d, %s, %d operations (%v)", sum.Exit, sum.Reason, sum.Total, err)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	unpacked, err := run.Unpacked()
	t.Logf("%d operations, %d MiB unpacked, %v (%v of CPU time, with making them): %s; %v; the process had %d MiB at most (%v)", sum.Total, unpacked>>20,
		time.Since(began).Round(time.Millisecond), time.Duration(usage.Utime.Nano()+usage.Stime.Nano()).Round(time.Millisecond), sum.Checks[0].Why, sum.Checks[0].Details, usage.Maxrss>>10, err)
}

// One wrong answer among many is found, with the operations that show it; other checks that were asked for are unknown.
func TestJudgeStreamFinds(t *testing.T) {
	s := scenarios.Default()
	s.Checks = []string{"linearizable", "durable"}
	sum, err := JudgeStream(context.Background(), stored(t, 20_000, 10_000), s, reports.Options{})
	if err != nil || sum.Exit != reports.ExitViolation || len(sum.Checks) != 3 {
		t.Fatalf("exit %d, %s, %+v (%v)", sum.Exit, sum.Reason, sum.Checks, err)
	}
	for i, want := range []string{"linearizable fail", "revisions fail", "durable unknown"} {
		if got := sum.Checks[i].Checker + " " + sum.Checks[i].Verdict.String(); got != want {
			t.Errorf("%s, want %s: %s", got, want, sum.Checks[i].Why)
		}
	}
	if c := sum.Checks[0].Counterexample; len(c) != 1 || len(c[0].Ops) > 3 || !strings.Contains(c[0].Why, `was "nobody wrote this"`) || c[0].Files["porcupine.html"] == nil {
		t.Errorf("%+v", c)
	}
}
