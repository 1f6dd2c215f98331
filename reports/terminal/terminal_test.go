package terminal_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/reports/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, got)
	}
}

func result(t *testing.T, h *history.History, results []checker.Result, style terminal.Style) string {
	t.Helper()
	exprs := []string{"read.sustained{quiet} >= 200/s", "read.p99{quiet} < 25ms"}
	if len(h.Faults) > 0 {
		exprs = append(exprs, "recovery.max < 2s", "write.p99{faulty} < 50ms")
	}
	var all []claims.Claim
	for _, expr := range exprs {
		c, err := claims.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	s := summary.Summarise(h, results, summary.Options{Program: "whitewater 0.1.0", Claims: all, Report: "runs/latest/report.html",
		Reproduce: summary.Reproduce{Command: "whitewater replay 20261122T061500Z-7f3a"}})
	var out bytes.Buffer
	out.WriteString(terminal.Header("whitewater 0.1.0", h.Meta) + "\n")
	if err := terminal.WriteResult(&out, s, style); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestResult(t *testing.T) {
	h := example.Run(example.Options{Seed: 42, Faults: true})
	calm := example.Run(example.Options{Seed: 42, Length: 30 * time.Second})
	closed := example.Run(example.Options{Seed: 42, Length: 10 * time.Second, Closed: true})
	golden(t, "violation.txt", result(t, h, example.Violated(h), terminal.Style{}))
	golden(t, "violation-color.txt", result(t, h, example.Violated(h), terminal.Style{Color: true}))
	golden(t, "pass.txt", result(t, calm, example.Passed(calm), terminal.Style{}))
	golden(t, "unknown.txt", result(t, h, example.Undecided(h), terminal.Style{}))
	golden(t, "closed.txt", result(t, closed, example.Passed(closed), terminal.Style{}))
	golden(t, "nothing.txt", result(t, &history.History{}, nil, terminal.Style{}))
}

// Where the terminal ends, lines are broken between words; what was recorded is clipped. Nothing else changes.
func TestNarrow(t *testing.T) {
	h := example.Run(example.Options{Seed: 42, Faults: true})
	results := example.Violated(h)
	for i := range 4 {
		results = append(results, checker.Result{Checker: []string{"bank", "set", "lock", "hashes"}[i], Verdict: checker.Verdict(2 + i%2), Why: strings.Repeat("something else is wrong ", 4)})
	}
	results[0].Why = "key r17: op 103 saw 12, but op 101 had written 17"
	results[0].Counterexample[0].Why = results[0].Why
	results[0].Counterexample[0].Ops[1].Request.Value = strings.Repeat("17", 20)
	text := result(t, h, results, terminal.Style{Width: 80})
	golden(t, "narrow.txt", text)
	for _, line := range strings.Split(text, "\n")[1:] {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	plain, painted := result(t, h, results, terminal.Style{Width: 60}), result(t, h, results, terminal.Style{Width: 60, Color: true})
	if strings.Count(plain, "\n") != strings.Count(painted, "\n") {
		t.Error("colours change where lines break")
	}
}

// A counterexample without operations, of a watch or of logs, shows what was seen instead.
func TestCounterexampleOfNotes(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	results := []checker.Result{{Checker: "watch", Verdict: checker.Fail, Why: "unordered: watch 0 on n1 delivered revision 3 after revision 4",
		Counterexample: []checker.Counterexample{{Name: "unordered", Why: "unordered: watch 0 on n1 delivered revision 3 after revision 4", Notes: []string{"watch 0 on n1: all keys"}}}}}
	if text := result(t, h, results, terminal.Style{}); !strings.Contains(text, "revision 4\n\n  watch 0 on n1: all keys\n  times count from the start of the load") {
		t.Errorf("%s", text)
	}
}

// What a store answered is text, and never steers the terminal.
func TestRecordedEscapes(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	results := example.Violated(h)
	results[0].Why = "key \x1b[2J\x07 is wrong"
	results[0].Counterexample[0].Context = []string{"\x1b]0;owned\x07"}
	results[0].Counterexample[0].Ops[0].Request.Value = "\x1b[31m"
	if text := result(t, h, results, terminal.Style{}); strings.ContainsAny(text, "\x1b\x07") {
		t.Errorf("a control character got through:\n%q", text)
	}
}

func snapshot(at int) terminal.Snapshot {
	s := terminal.Snapshot{
		At: time.Duration(at) * time.Second, Length: time.Minute, Stage: "load", Ops: int64(at) * 4000, OK: 3997, Offered: 4000, P50: 1020 * time.Microsecond,
		P99: 4600 * time.Microsecond, Recent: []int64{3900, 4000, 3990, 4010, 3997}, Leader: "n1", Term: 2,
		Nodes:     []terminal.Node{{"n1", "running", true}, {"n2", "running", true}, {"n3", "running", true}},
		Certified: int64(at) * 1333, Behind: 1400 * time.Millisecond, Violations: max(0, at-21),
	}
	if at >= 20 && at < 24 {
		s.OK, s.Unknown, s.P99, s.Recent = 40, 200, 2900*time.Millisecond, []int64{4000, 3990, 4010, 3997, 40}
		s.Nodes[0].State, s.Nodes[0].Up = "killed", false
		s.Leader, s.Leaderless = "", 1200*time.Millisecond
		s.Fault, s.Next = "kill n1 (leader)  4 s", "partition at 40 s"
	}
	return s
}

func TestFrame(t *testing.T) {
	var out strings.Builder
	for _, width := range []int{0, 60, 200} {
		for _, at := range []int{19, 22} {
			out.WriteString(strings.Join(terminal.Frame(snapshot(at), terminal.Style{Width: width}), "\n") + "\n\n")
		}
	}
	warm := terminal.Snapshot{Stage: "warm-up", Nodes: []terminal.Node{{ID: "n1"}}}
	out.WriteString(strings.Join(terminal.Frame(warm, terminal.Style{}), "\n") + "\n")
	golden(t, "frame.txt", out.String())
	for _, line := range terminal.Frame(snapshot(22), terminal.Style{Width: 60, Color: true}) {
		if n := len([]rune(plain(line))); n > 60 {
			t.Errorf("%d columns, 60 are there: %q", n, line)
		}
	}
}

// plain takes the colours out.
func plain(line string) string {
	for {
		before, rest, ok := strings.Cut(line, "\x1b")
		if !ok {
			return line
		}
		_, after, _ := strings.Cut(rest, "m")
		line = before + after
	}
}

func play(t *testing.T, mode string) string {
	t.Helper()
	var out bytes.Buffer
	p, err := terminal.NewProgress(mode, &out, terminal.Style{})
	if err != nil {
		t.Fatal(err)
	}
	p.Show(terminal.Snapshot{At: -2 * time.Second, Stage: "warm-up"})
	for at := range 30 {
		if at == 20 {
			p.Event(20*time.Second, "fault kill n1 (leader)")
		}
		p.Show(snapshot(at))
	}
	p.Show(terminal.Snapshot{At: 30 * time.Second, Stage: "final reads"})
	p.Close()
	return out.String()
}

func TestPlainLines(t *testing.T) {
	golden(t, "plain.txt", play(t, "auto"))
	golden(t, "progress.jsonl", play(t, "json"))
	if got := play(t, "none"); got != "" {
		t.Errorf("none wrote %q", got)
	}
	if _, err := terminal.NewProgress("fancy", nil, terminal.Style{}); err == nil || !strings.Contains(err.Error(), "auto, tty, plain, json, none") {
		t.Errorf("an unknown mode: %v", err)
	}
}

// The block is drawn over itself four times a second, makes room for events, and is gone at the end.
func TestRedraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p, err := terminal.NewProgress("tty", &out, terminal.Style{TTY: true, Width: 100})
		if err != nil {
			t.Fatal(err)
		}
		p.Show(snapshot(19))
		time.Sleep(time.Second + 10*time.Millisecond)
		synctest.Wait()
		if n := strings.Count(out.String(), "19 s / 60 s") + strings.Count(out.String(), "20 s / 60 s"); n != 4 {
			t.Errorf("%d frames in a second, want 4", n)
		}
		if !strings.Contains(out.String(), "20 s / 60 s") {
			t.Error("the clock stood still between snapshots")
		}
		p.Event(20*time.Second, "fault kill n1 (leader)")
		p.Close()
		text := out.String()
		if !strings.HasSuffix(text, "\x1b[4A\x1b[J") {
			t.Errorf("the block was not taken away: %q", text[max(0, len(text)-40):])
		}
		if !strings.Contains(text, "fault kill n1 (leader)\n") {
			t.Error("the event was not written")
		}
	})
}

func TestDetect(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	var pipe bytes.Buffer
	for _, test := range []struct {
		mode string
		env  func(string) string
		want bool
	}{
		{"auto", env(), false},
		{"always", env(), true},
		{"always", env("NO_COLOR", "1"), true},
		{"never", env(), false},
	} {
		if got := terminal.Detect(&pipe, test.mode, test.env); got.Color != test.want || got.TTY {
			t.Errorf("%s: %+v", test.mode, got)
		}
	}
}

func TestSparkline(t *testing.T) {
	if got := terminal.Sparkline([]int64{0, 10, 20, 40, 80, 79, -1}); got != "▁▁▂▄██▁" {
		t.Errorf("%s", got)
	}
	if got := terminal.Sparkline([]int64{0, 0}) + terminal.Sparkline(nil); got != "▁▁" {
		t.Errorf("%s", got)
	}
}
