package compare_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/internal/seed"
	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

var update = flag.Bool("update", false, "write the golden files anew")

// set makes a set of runs, slower by a factor, as they are read back from their folders. Like real ones, they differ
// among themselves: each run is a few per cent faster or slower as a whole, beside what its operations do.
func set(t *testing.T, from uint64, runs int, slow float64) (all []compare.Run) {
	t.Helper()
	for i := range runs {
		number := from + uint64(i)
		luck := math.Exp(.02 * seed.Seed(number).Stream("luck").NormFloat64())
		h := example.Run(example.Options{Seed: number, Length: 12 * time.Second, Rate: 250, Slow: slow * luck, Drift: .03})
		h.Meta.Run = fmt.Sprintf("20261122T06%04dZ-%04x", 100+2*(number%1000), number) // even and odd seconds alternate
		s := summary.Summarise(h, example.Passed(h), summary.Options{})
		verdict, err := s.Document().JSON()
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		if err := latency.WriteLog(&log, s.Latency); err != nil {
			t.Fatal(err)
		}
		run, err := compare.Load(func(name string) ([]byte, error) {
			return map[string][]byte{"verdict.json": verdict, "latency.hlog": log.Bytes()}[name], nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, run)
	}
	return all
}

// quick makes a set of the same kind without driving a cluster: each run's numbers are drawn directly.
func quick(from uint64, runs int, slow float64) (all []compare.Run) {
	for i := range runs {
		number := from + uint64(i)
		rng := seed.Seed(number).Stream("quick")
		luck := math.Exp(.02 * rng.NormFloat64())
		d := summary.Document{Schema: summary.VerdictSchema, Run: fmt.Sprintf("20261122T06%04dZ-%04x", 100+2*(number%1000), number), Scenario: "register-chaos",
			Loop: "open", Latency: map[string]summary.LatencySet{}}
		for j, op := range []string{"read", "write", "cas"} {
			typical := float64(j+1) * slow * luck
			d.Latency[op] = summary.LatencySet{Phase: "quiet", P50: typical * math.Exp(.01*rng.NormFloat64()), P99: 2.5 * typical * math.Exp(.04*rng.NormFloat64()),
				PerSecond: 1000 / float64(j+1) * math.Exp(.01*rng.NormFloat64())}
		}
		all = append(all, compare.Run{Document: d})
	}
	return all
}

func TestPlantedSlowdown(t *testing.T) {
	base, other := set(t, 1, 8, 1), set(t, 1001, 8, 1.12)
	c := compare.Compare(base, other, .05)
	if c.Exit != summary.ExitClaim || !strings.Contains(c.Reason, "read p50") || !strings.Contains(c.Reason, "write p50") {
		t.Errorf("exit %d: %s", c.Exit, c.Reason)
	}
	for _, r := range c.Rows {
		if strings.HasSuffix(r.Metric, "read p50") && (r.Change < .07 || r.Change > .17) {
			t.Errorf("%s changed by %s, planted were 12 %%", r.Metric, r.ShowChange())
		}
		if strings.HasSuffix(r.Metric, "rate") && r.Verdict != "same" {
			t.Errorf("%s is %s: the pace was the same", r.Metric, r.Verdict)
		}
	}
	var out bytes.Buffer
	if err := compare.WriteText(&out, c); err != nil {
		t.Fatal(err)
	}
	golden(t, "slowdown.txt", out.String())
	if back := compare.Compare(other, base, .05); back.Exit != summary.ExitPass || !strings.Contains(fmt.Sprint(back.Rows), "better") {
		t.Errorf("the other way round: exit %d, %s", back.Exit, back.Reason)
	}
}

// Two equal sets: no regression in twenty repetitions.
func TestEqualSets(t *testing.T) {
	for i := range uint64(20) {
		if c := compare.Compare(quick(5000+40*i, 6, 1), quick(5020+40*i, 6, 1), .05); c.Exit != summary.ExitPass {
			t.Errorf("repetition %d: exit %d, %s", i, c.Exit, c.Reason)
		}
	}
}

// A planted slowdown of 12 % is found in every one of twenty repetitions too.
func TestSlowdownRepeated(t *testing.T) {
	for i := range uint64(20) {
		if c := compare.Compare(quick(9000+40*i, 10, 1), quick(9020+40*i, 10, 1.12), .05); c.Exit != summary.ExitClaim {
			t.Errorf("repetition %d: exit %d, %s", i, c.Exit, c.Reason)
		}
	}
}

// A sure difference within the tolerance is none that matters.
func TestTolerance(t *testing.T) {
	base, other := quick(1, 8, 1), quick(1001, 8, 1.12)
	if c := compare.Compare(base, other, .30); c.Exit != summary.ExitPass {
		t.Errorf("exit %d: %s", c.Exit, c.Reason)
	}
}

func TestTooFewRuns(t *testing.T) {
	c := compare.Compare(quick(1, 5, 1), quick(1001, 8, 2), .05)
	if c.Exit != summary.ExitUnknown || c.Reason != "5 runs against 8: each side needs 6" {
		t.Errorf("exit %d: %s", c.Exit, c.Reason)
	}
	if c := compare.Compare(nil, nil, .05); c.Exit != summary.ExitUnknown {
		t.Errorf("nothing against nothing: exit %d", c.Exit)
	}
}

// A violation that was not there before is a regression, however few the runs.
func TestNewViolation(t *testing.T) {
	base, other := quick(1, 2, 1), quick(1001, 2, 1)
	other[1].Document.ExitCode = summary.ExitViolation
	c := compare.Compare(base, other, .05)
	if c.Exit != summary.ExitClaim || c.Reason != "worse: violations" {
		t.Errorf("exit %d: %s", c.Exit, c.Reason)
	}
	var out bytes.Buffer
	if err := compare.WriteJSON(&out, c); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) || !strings.Contains(out.String(), `"verdict": "REGRESSION"`) {
		t.Errorf("%s", out.String())
	}
	if err := compare.WriteText(&out, c); err != nil {
		t.Fatal(err)
	}
}

func TestWarnings(t *testing.T) {
	base, other := quick(1, 2, 1), quick(501, 2, 1)
	other[0].Document.Scenario, other[0].Document.Loop = "calm", "closed"
	other[1].Document.Fidelity.Untrusted = "CPU steal 9 %"
	text := strings.Join(compare.Compare(base, other, .05).Warnings, "\n")
	for _, want := range []string{"differ in scenario: register-chaos against calm, register-chaos", "differ in loop", "cannot be trusted: CPU steal 9 %", "interleave them"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func TestBaseline(t *testing.T) {
	runs := quick(1, 3, 1)
	var file bytes.Buffer
	if err := compare.WriteBaseline(&file, runs); err != nil {
		t.Fatal(err)
	}
	back, err := compare.ReadBaseline(&file)
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != 3 || back[2].Document.Run != runs[2].Document.Run || back[1].Document.Latency["read"] != runs[1].Document.Latency["read"] {
		t.Errorf("%d runs came back", len(back))
	}
	for text, want := range map[string]string{`{"schema":"whitewater/verdict/9"}`: "run 1: decode verdict.json: schema", `{`: "run 1"} {
		if _, err := compare.ReadBaseline(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLoad(t *testing.T) {
	files := map[string]string{}
	read := func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
	if _, err := compare.Load(read); err == nil || !strings.Contains(err.Error(), "read verdict.json") {
		t.Errorf("without a verdict: %v", err)
	}
	files["verdict.json"] = `{"schema":"whitewater/verdict/1","run":"a"}`
	if run, err := compare.Load(read); err != nil || run.Latencies != nil {
		t.Errorf("without a log: %v", err)
	}
	files["latency.hlog"] = "Tag=read,0.0,1.0,1.0,broken\n"
	if _, err := compare.Load(read); err == nil {
		t.Error("a broken log was read")
	}
}

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
