package ci_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/ci"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/summary"
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

func text(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func options(t *testing.T, exprs ...string) summary.Options {
	t.Helper()
	opts := summary.Options{Program: "whitewater 0.1.0", Report: "runs/latest/report.html", Reproduce: summary.Reproduce{Command: "whitewater replay 20261122T061500Z-7f3a"}}
	for i, expr := range exprs {
		c, err := claims.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		c.File, c.Line = "scenarios/register-chaos.yaml", 31+i
		opts.Claims = append(opts.Claims, c)
	}
	return opts
}

func violated(t *testing.T) *summary.Summary {
	t.Helper()
	h := example.Run(example.Options{Seed: 42, Faults: true})
	opts := options(t, "read.p99{quiet} < 25ms", "recovery.max < 2s", "read.p99{quiet} < 1.94ms")
	opts.Forbidden = []string{"clock: no CAP_SYS_TIME"}
	return summary.Summarise(h, example.Violated(h), opts)
}

func passed(t *testing.T) *summary.Summary {
	t.Helper()
	h := example.Run(example.Options{Seed: 42, Length: 20 * time.Second})
	return summary.Summarise(h, example.Passed(h), options(t, "read.p99{quiet} < 25ms"))
}

func TestJUnit(t *testing.T) {
	got := text(t, func(w io.Writer) error { return ci.WriteJUnit(w, violated(t), passed(t)) })
	golden(t, "junit.xml", got)
	var parsed struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Cases []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(got), &parsed); err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, s := range parsed.Suites {
		cases += len(s.Cases)
	}
	if cases != parsed.Tests || parsed.Failures != 2 || parsed.Errors != 1 || parsed.Skipped != 1 {
		t.Errorf("%d cases, %+v", cases, parsed)
	}
}

// A run that is neither passed nor failed by any check or claim still shows: no data never passes.
func TestJUnitRunCase(t *testing.T) {
	for kind, s := range map[string]*summary.Summary{
		"environment": summary.Summarise(&history.History{}, nil, summary.Options{Environment: "no etcd"}),
		"internal":    summary.Summarise(&history.History{}, nil, summary.Options{Internal: "a panic"}),
		"interrupted": summary.Summarise(&history.History{}, []checker.Result{{Verdict: checker.Pass}}, summary.Options{Signal: 130}),
		"unknown":     summary.Summarise(&history.History{}, nil, summary.Options{}),
	} {
		if got := text(t, func(w io.Writer) error { return ci.WriteJUnit(w, s) }); !strings.Contains(got, `<error type="`+kind+`"`) {
			t.Errorf("%s:\n%s", kind, got)
		}
	}
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	control := summary.Summarise(h, example.Violated(h), summary.Options{Expect: "violation"})
	if got := text(t, func(w io.Writer) error { return ci.WriteJUnit(w, control) }); strings.Contains(got, "<failure") || strings.Contains(got, "<error") {
		t.Errorf("a negative control that found its violation is no failure:\n%s", got)
	}
}

func TestMarkdown(t *testing.T) {
	golden(t, "violation.md", text(t, func(w io.Writer) error { return ci.WriteMarkdown(w, violated(t)) }))
	golden(t, "pass.md", text(t, func(w io.Writer) error { return ci.WriteMarkdown(w, passed(t)) }))
}

// A summary never exceeds its limit, whatever is in it, and says that it was cut.
func TestMarkdownLimit(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	var results []checker.Result
	for i := range 2000 {
		results = append(results, checker.Result{Checker: fmt.Sprintf("check-%d", i), Verdict: checker.Fail, Why: strings.Repeat("long ", 50)})
	}
	got := text(t, func(w io.Writer) error { return ci.WriteMarkdown(w, summary.Summarise(h, results, summary.Options{})) })
	if len(got) > ci.MarkdownBytes || !strings.HasSuffix(got, "the report has everything.*\n") {
		t.Errorf("%d bytes, ends with %q", len(got), got[len(got)-80:])
	}
}

func TestMarkdownEscapes(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	results := example.Violated(h)
	results[0].Why = "a | b <img src=x> @somebody `code` *bold*\n# head"
	results[0].Counterexample[0].Notes = []string{"```", "\n## break out"}
	got := text(t, func(w io.Writer) error { return ci.WriteMarkdown(w, summary.Summarise(h, results, summary.Options{})) })
	for _, bad := range []string{"<img", "@somebody", "\n# head"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q got through:\n%s", bad, got)
		}
	}
	if strings.Count(got, "```") != 2 {
		t.Errorf("the code block was broken:\n%s", got)
	}
}

func TestAnnotations(t *testing.T) {
	golden(t, "annotations.txt", text(t, func(w io.Writer) error { return ci.WriteAnnotations(w, violated(t)) }))
	if got := text(t, func(w io.Writer) error { return ci.WriteAnnotations(w, passed(t)) }); got != "" {
		t.Errorf("a pass is annotated: %s", got)
	}
	s := summary.Summarise(&history.History{Meta: history.Meta{Scenario: "a,b:c%"}}, nil, summary.Options{Environment: "one\ntwo 100%"})
	if got := text(t, func(w io.Writer) error { return ci.WriteAnnotations(w, s) }); got != "::error title=environment in a%2Cb%3Ac%25::one two 100%25\n" {
		t.Errorf("%q", got)
	}
}

// GitHub keeps ten annotations of a step: violations come first, and the tenth counts the rest.
func TestAnnotationLimit(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	undecided := summary.Summarise(h, example.Undecided(h), summary.Options{})
	var runs []*summary.Summary
	for range 8 {
		runs = append(runs, undecided)
	}
	for range 5 {
		runs = append(runs, summary.Summarise(h, example.Violated(h), summary.Options{}))
	}
	lines := strings.Split(strings.TrimSpace(text(t, func(w io.Writer) error { return ci.WriteAnnotations(w, runs...) })), "\n")
	if len(lines) != ci.AnnotationsPerStep {
		t.Fatalf("%d annotations", len(lines))
	}
	if !strings.Contains(lines[0], "violation in") || !strings.Contains(lines[4], "violation in") || !strings.Contains(lines[9], "+4 more") {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

func TestOutputs(t *testing.T) {
	if got := text(t, func(w io.Writer) error { return ci.WriteOutputs(w, passed(t)) }); got != "verdict=pass\nexit-code=0\nreport=runs/latest/report.html\n" {
		t.Errorf("%q", got)
	}
}

// The lines are read by the package that benchstat reads them with.
func TestBench(t *testing.T) {
	got := text(t, func(w io.Writer) error { return ci.WriteBench(w, violated(t), passed(t)) })
	golden(t, "bench.txt", got)
	reader := benchfmt.NewReader(strings.NewReader(got), "bench.txt")
	results := 0
	for reader.Scan() {
		switch r := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Errorf("%v", r)
		case *benchfmt.Result:
			results++
			if v, ok := r.Value("p99-sec"); !ok || v <= 0 || v > 60 {
				t.Errorf("%s: p99 is %v", r.Name, v)
			}
			if v, ok := r.Value("ok-ops/s"); !ok || v <= 0 {
				t.Errorf("%s: %v ok-ops/s", r.Name, v)
			}
		}
	}
	if results < 9 {
		t.Errorf("%d results", results)
	}
}
