package harness

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/terminal"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// recorded carries out a scenario as a run with a folder, in fake time, and returns what was said meanwhile.
func recorded(t *testing.T, s *scenarios.Scenario) (*Recorded, string) {
	t.Helper()
	root := t.TempDir()
	var r *Recorded
	var said bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		progress, err := terminal.NewProgress("plain", &said, terminal.Style{})
		if err != nil {
			t.Fatal(err)
		}
		if r, err = Run(t.Context(), Config{Scenario: s, Driver: memkv.Driver, Store: root, Progress: progress}); err != nil {
			t.Fatal(err)
		}
	})
	return r, said.String()
}

// A right store is certified to its end while the run goes on, whatever the workload and whatever breaks; and the live line
// says how far it is.
func TestOnlineCertifies(t *testing.T) {
	for _, w := range workloads.All {
		for seed := range seeds(t, 1) {
			s := small(w.Name, seed)
			s.Load.Duration = 9 * time.Second
			r, said := recorded(t, s)
			if c := r.Online; c == nil || c.Findings > 0 || c.Stopped != "" || c.Ops < 20 {
				t.Errorf("%s, seed %d: %+v", w.Name, seed, c)
			}
			if w.Name == "register" && !strings.Contains(said, " certified=") || strings.Contains(said, "violation") {
				t.Errorf("%s, seed %d: %s", w.Name, seed, said)
			}
		}
	}
}

// A violation is told at once and can end the load; what was recorded is healed, read and judged as always.
func TestStopOnViolation(t *testing.T) {
	s := small("register", 3)
	s.Load.Duration, s.Abort.On = 10*time.Minute, scenarios.Violation
	s.Target.Binary = "stale-read"
	r, said := recorded(t, s)
	if took := r.History.Meta.LoadEnd - r.History.Meta.LoadStart; took > 5*time.Minute || r.History.Meta.Converged == 0 || r.History.Meta.FinalEnd == 0 {
		t.Errorf("the load lasted %v; %+v", took, r.History.Meta)
	}
	for _, want := range []string{"violation: op ", "the load ends early, because of the violation"} {
		if strings.Count(said, want) != 1 {
			t.Errorf("%q is not said once:\n%s", want, said)
		}
	}
	log, err := r.Run.Read(LogFile)
	if err != nil || !strings.Contains(string(log), `"finding":"op `) {
		t.Errorf("the log has no finding (%v)", err)
	}
	sum, err := Judge(context.Background(), r, s, KeepNever, reports.Options{})
	if err != nil || sum.Exit != reports.ExitViolation {
		t.Errorf("exit %d, %s (%v)", sum.Exit, sum.Reason, err)
	}
	again, err := Stored(r.Run)
	if err != nil || again.Online == nil || again.Online.Findings != r.Online.Findings {
		t.Errorf("stored: %+v, %v", again.Online, err)
	}
}

// With a grace the load goes on that long.
func TestStopGrace(t *testing.T) {
	s := small("register", 3)
	s.Load.Duration, s.Abort.On, s.Abort.Grace = 10*time.Minute, scenarios.Violation, 2*time.Minute
	s.Target.Binary = "stale-read"
	r, _ := recorded(t, s)
	if took := r.History.Meta.LoadEnd - r.History.Meta.LoadStart; took < 2*time.Minute || took > 7*time.Minute {
		t.Errorf("the load lasted %v", took)
	}
}

// Where the order of operations is not judged, and in a benchmark, nothing is certified, and only the log says so.
func TestOnlineOff(t *testing.T) {
	unordered, benchmark := small("register", 1), small("register", 1)
	unordered.Checks = []string{"durable", "activity"}
	benchmark.Target.Direct, benchmark.Faults.Random = true, nil
	for why, s := range map[string]*scenarios.Scenario{"the order of operations is not among the checks": unordered, "it is a benchmark": benchmark} {
		r, said := recorded(t, s)
		log, err := r.Run.Read(LogFile)
		if r.Online != nil || strings.Contains(said, "certified") || err != nil || !strings.Contains(string(log), why) {
			t.Errorf("%s: %+v, %v\n%s", why, r.Online, err, said)
		}
	}
}

// A certification that does not keep up ends by itself, says so, and holds up nobody.
func TestOnlineFallsBehind(t *testing.T) {
	var log bytes.Buffer
	o := &online{queue: make(chan drained, onlineQueue), found: make(chan struct{}, 1), log: slog.New(slog.NewTextHandler(&log, nil))}
	queue := o.queue
	for range onlineQueue + 2 {
		o.offer(nil, time.Second)
	}
	o.done.Go(func() { o.run(checker.NewOnline(history.Meta{}, nil), queue) })
	if c := o.finish(); c.Stopped != lateOnline || c.Findings > 0 || !strings.Contains(log.String(), "fell 16 s behind") {
		t.Errorf("%+v\n%s", c, &log)
	}
}

// What was found while the run went on, and not afterwards, is a bug of ours.
func TestOnlineDisagrees(t *testing.T) {
	r, _ := recorded(t, small("register", 2))
	r.Online.Findings, r.Online.First = 1, []string{"op 3 was answered at revision 1, but revision 2 was there"}
	sum, err := Judge(context.Background(), r, small("register", 2), KeepNever, reports.Options{})
	if err != nil || sum.Exit != reports.ExitInternal || !strings.Contains(sum.Reason, "op 3 was answered at revision 1") {
		t.Errorf("exit %d, %s (%v)", sum.Exit, sum.Reason, err)
	}
}
