package summary_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

func claim(t *testing.T, exprs ...string) (all []claims.Claim) {
	t.Helper()
	for _, expr := range exprs {
		c, err := claims.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// The simulated run kills its leader at 20 s, stands still for 2.8 s and elects n3; then a follower is paused, then
// two are cut off.
func TestFaultsAndRecovery(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	s := summary.Summarise(h, example.Passed(h), summary.Options{})
	for i, want := range []struct {
		text              string
		firstLo, firstHi  time.Duration
		leaderLo, gapHigh time.Duration
	}{
		{"kill n1 (leader)", 2800 * time.Millisecond, 2900 * time.Millisecond, 2600 * time.Millisecond, 3 * time.Second},
		{"pause n2", 0, 100 * time.Millisecond, 0, 0},
		{"partition n4 n5, majority-minority", 0, 100 * time.Millisecond, 0, 0},
	} {
		f := s.Faults[i]
		if got := s.Describe(f.Fault); got != want.text {
			t.Errorf("fault %d is %q, want %q", i, got, want.text)
		}
		if f.FirstOK < want.firstLo || f.FirstOK > want.firstHi {
			t.Errorf("%s: first OK after %v, want %v to %v", want.text, f.FirstOK, want.firstLo, want.firstHi)
		}
		if f.LeaderGap < want.leaderLo || f.LeaderGap > want.gapHigh {
			t.Errorf("%s: leaderless for %v, want %v to %v", want.text, f.LeaderGap, want.leaderLo, want.gapHigh)
		}
	}
	if back := s.Faults[0].Back; back < 2*time.Second || back > 6*time.Second {
		t.Errorf("back at 90 %% after %v, want between 2 s and 6 s", back)
	}
	var leaders []string
	for _, l := range s.Leaders {
		leaders = append(leaders, fmt.Sprintf("%s/%d", l.Node, l.Term))
	}
	if got := strings.Join(leaders, " "); got != "n1/2 n3/3" {
		t.Errorf("leaders %s", got)
	}
	if !strings.Contains(s.Story, "silent for 2.") || !strings.Contains(s.Story, "after kill n1 (leader) at 20.0 s") {
		t.Errorf("the story does not tell of the stall: %s", s.Story)
	}
}

// A leader that is cut off from the majority leads nobody, whatever its followers still believe.
func TestIsolatedLeader(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 20 * time.Second, Nodes: 3})
	at := example.LoadStart + 10*time.Second
	h.Faults = []history.Fault{{Name: "partition", Shape: "isolate", Nodes: []history.NodeID{"n1"}, Start: at, Active: at, End: at + 4*time.Second, TookEffect: true}}
	for i, s := range h.Statuses {
		if s.At >= at+1500*time.Millisecond {
			h.Statuses[i].Leader, h.Statuses[i].Term = "n2", 3
		}
	}
	s := summary.Summarise(h, nil, summary.Options{})
	if gap := s.Faults[0].LeaderGap; gap < 1200*time.Millisecond || gap > 1800*time.Millisecond || len(s.Leaders) != 2 {
		t.Errorf("without a leader for %v, leaders %v", gap, s.Leaders)
	}
}

func TestLanes(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	var text []string
	for _, lane := range summary.Summarise(h, nil, summary.Options{}).Lanes {
		line := string(lane.Node)
		for _, s := range lane.Spans {
			line += fmt.Sprintf(" %s/%d", s.State, s.Term)
		}
		text = append(text, fmt.Sprintf("%s cut=%d", line, len(lane.Cut)))
	}
	want := []string{
		"n1 leader/2 killed/2 follower/3 cut=0",
		"n2 follower/2 no leader/2 follower/3 paused/3 follower/3 cut=0",
		"n3 follower/2 no leader/2 leader/3 cut=0",
		"n4 follower/2 no leader/2 follower/3 cut=1",
		"n5 follower/2 no leader/2 follower/3 cut=1",
	}
	if got := strings.Join(text, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("lanes:\n%s", got)
	}
}

// What every operation of the load came to adds up to what was sent.
func TestOutcomesReconcile(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	h.Ops[3].Stage = history.Warmup
	s := summary.Summarise(h, nil, summary.Options{})
	var sum, ended int64
	for _, o := range s.Outcomes {
		sum += o.Count
	}
	for _, e := range s.Latency.Ended {
		ended += e.OK + e.Fail + e.Unknown
	}
	if want := int64(len(h.Ops) - 1); sum != want || s.Latency.Count(latency.Filter{Outcomes: latency.Every}) != want {
		t.Errorf("%d outcomes and %d latencies of %d operations", sum, s.Latency.Count(latency.Filter{Outcomes: latency.Every}), want)
	}
	if ended > sum || ended < sum-100 {
		t.Errorf("%d operations ended in the load, of %d", ended, sum)
	}
}

func TestVerdicts(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 30 * time.Second})
	faulty := example.Run(example.Options{Seed: 1, Faults: true})
	noEffect := example.Run(example.Options{Seed: 1, Faults: true})
	noEffect.Faults[1].TookEffect = false
	missing := example.Run(example.Options{Seed: 1, Faults: true})
	missing.Meta.Planned = 5
	for _, test := range []struct {
		name    string
		h       *history.History
		results []checker.Result
		opts    summary.Options
		want    string
	}{
		{"pass", h, example.Passed(h), summary.Options{}, "PASS 0: 6 checks passed"},
		{"pass with faults", faulty, example.Passed(faulty), summary.Options{}, "PASS 0: 6 checks passed"},
		{"violation", h, example.Violated(h), summary.Options{Internal: "later, a crash"},
			"VIOLATION 1: key r17 is not linearizable: a read returned an older value"},
		{"expected violation", h, example.Violated(h), summary.Options{Expect: "violation"},
			"PASS 0: a violation was expected, and found: key r17 is not linearizable: a read returned an older value"},
		{"expected, none", h, example.Passed(h), summary.Options{Expect: "violation"}, "UNKNOWN 4: a violation was expected, and none was found"},
		{"limit reached", h, example.Undecided(h), summary.Options{},
			"UNKNOWN 4: linearizable: the time limit of 60 s was reached on 3 of 60 keys (r11, r12, r17)"},
		{"limit allowed", h, example.Undecided(h), summary.Options{Allow: []string{"unknown"}},
			"PASS 0: nothing but what this call allows: linearizable: the time limit of 60 s was reached on 3 of 60 keys (r11, r12, r17)"},
		{"nothing judged", h, nil, summary.Options{}, "UNKNOWN 4: nothing was judged"},
		{"no effect", noEffect, example.Passed(h), summary.Options{}, "UNKNOWN 4: a fault took no effect: pause n2 at 31.0 s"},
		{"never ran", missing, example.Passed(h), summary.Options{}, "UNKNOWN 4: 2 of 5 planned faults never ran"},
		{"environment", &history.History{}, nil, summary.Options{Environment: "launch n2: port 2379 is taken"}, "ENVIRONMENT 5: launch n2: port 2379 is taken"},
		{"internal", h, example.Passed(h), summary.Options{Internal: "checker durable: index out of range"}, "INTERNAL ERROR 70: checker durable: index out of range"},
		{"interrupted", h, example.Passed(h), summary.Options{Signal: 130},
			"INTERRUPTED 130: the run was ended early; what was recorded was checked, and shows no violation"},
		{"claim missed", h, example.Passed(h), summary.Options{Claims: claim(t, "read.p99 < 10us")}, "CLAIM MISSED 3: claim missed: read.p99 < 10us, measured"},
		{"claim without data", h, example.Passed(h), summary.Options{Claims: claim(t, "read.p99{faulty} < 10ms")},
			"UNKNOWN 4: claim inconclusive: read.p99{faulty} < 10ms, no read was answered in phase faulty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := summary.Summarise(test.h, test.results, test.opts)
			if got := fmt.Sprintf("%s %d: %s", s.Verdict, s.Exit, s.Reason); !strings.HasPrefix(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// verdict.json keeps its promise of size whatever a run had, and says what it left out.
func TestDocumentSize(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	for len(h.Faults) < 500 {
		h.Faults = append(h.Faults, h.Faults[len(h.Faults)-1])
	}
	opts := summary.Options{Claims: claim(t, "read.p99{quiet} < 25ms", "recovery.max < 3s")}
	for i := range 300 {
		opts.Files = append(opts.Files, summary.File{Path: fmt.Sprintf("nodes/n%d/etcd.log", i), Bytes: 1 << 20, SHA256: strings.Repeat("a", 64)})
	}
	s := summary.Summarise(h, example.Violated(h), opts)
	data, err := s.Document().JSON()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > summary.VerdictBytes {
		t.Errorf("%d bytes, at most %d are allowed", len(data), summary.VerdictBytes)
	}
	var doc summary.Document
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Checks) != 6 || len(doc.Claims) != 2 || doc.ExitCode != 1 || len(doc.Omitted) == 0 {
		t.Errorf("%d checks, %d claims, exit %d, omitted %v", len(doc.Checks), len(doc.Claims), doc.ExitCode, doc.Omitted)
	}
	if doc.Checks[0].Counterexample != "counterexample/r17" {
		t.Errorf("counterexample at %q", doc.Checks[0].Counterexample)
	}
}

// A number that is not there is null, not zero: nobody can mistake it for a measurement.
func TestDocumentNulls(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 20 * time.Second})
	h.Faults = []history.Fault{{Name: "kill", Nodes: []history.NodeID{"n1"}, Start: h.Meta.LoadEnd - 1, Active: h.Meta.LoadEnd, End: h.Meta.LoadEnd + 1, TookEffect: true}}
	doc := summary.Summarise(h, example.Passed(h), summary.Options{Claims: claim(t, "watch.lag.p99 < 1s")}).Document()
	if doc.Faults[0].FirstOK != nil || doc.Faults[0].Recovered != nil || doc.Claims[0].Value != nil {
		t.Errorf("want nulls: %+v %+v", doc.Faults[0], doc.Claims[0])
	}
	if math.IsNaN(doc.Fidelity.Achieved) {
		t.Error("NaN cannot be written as JSON")
	}
}

// An empty history has a summary too: the run may have died before its first operation.
func TestEmpty(t *testing.T) {
	s := summary.Summarise(&history.History{}, nil, summary.Options{Claims: claim(t, "read.p99 < 1s", "read.sustained >= 1/s", "all.rate > 1/s", "recovery.max < 1s", "leader_gap.max < 1 elections", "unavailable.max < 1s", "leader_changes == 0", "slip.p99 < 1s", "all.max < 1s", "all.unknown_rate < 1%", "checks")})
	for _, c := range s.Claims {
		if c.Verdict != claims.Inconclusive {
			t.Errorf("%s is %s without any data", c.Expr, c.Verdict)
		}
	}
	if _, err := s.Document().JSON(); err != nil {
		t.Error(err)
	}
}
