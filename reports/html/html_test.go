package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/html"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

func options(t *testing.T) summary.Options {
	t.Helper()
	opts := summary.Options{
		Program: "whitewater 0.1.0", Report: "runs/latest/report.html",
		Fidelity: summary.Fidelity{GCPauseMax: 210 * time.Microsecond, GeneratorCPU: .31, Cores: 2, Steal: .002, FsyncP50: 400 * time.Microsecond, FsyncP99: 900 * time.Microsecond},
		Gauges:   []summary.Gauge{{Node: "n1", Name: "wal fsync p99", Unit: "ms", Before: 1.1, After: 2.04}, {Node: "n2", Name: "wal fsync p99", Unit: "ms", Before: 1, After: 1.9}},
		Reproduce: summary.Reproduce{
			Command: "whitewater replay 20261122T061500Z-7f3a", Schedule: "at 20s for 4s kill leader\nat 31s for 3s pause follower\nat 40s for 8s partition minority\n",
			Scenario: "version: 1\nname: register-chaos\ntarget: { name: etcd, version: 3.7.3, nodes: 5 }\nload:\n  workload: register\n  rate: 400/s\n  duration: 60s\n",
			Versions: []summary.Pair{{Name: "whitewater", Value: "0.1.0"}, {Name: "etcd", Value: "3.7.3"}},
			Env:      []summary.Pair{{Name: "machine", Value: "2 cores, linux/amd64"}, {Name: "kernel", Value: "6.8.0"}},
		},
		Files: []summary.File{{Path: "verdict.json", Bytes: 4211, SHA256: strings.Repeat("ab", 32)}, {Path: "history.jsonl.zst", Bytes: 1 << 21, SHA256: strings.Repeat("cd", 32)}},
	}
	for i, expr := range []string{"read.sustained{quiet} >= 200/s", "read.p99{quiet} < 25ms", "write.p99{quiet} < 4.3ms", "recovery.max < 2s", "leader_gap.max < 5 elections", "all.unknown_rate < 2%"} {
		c, err := claims.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		c.File, c.Line = "register-chaos.yaml", 31+i
		opts.Claims = append(opts.Claims, c)
	}
	return opts
}

func page(t *testing.T, h *history.History, results []checker.Result, opts summary.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := html.Write(&out, summary.Summarise(h, results, opts)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// With WHITEWATER_PAGES=DIR, the pages of this test are written there, to be looked at.
func TestPages(t *testing.T) {
	h := example.Run(example.Options{Seed: 42, Faults: true, Drift: .2})
	calm := example.Run(example.Options{Seed: 42, Length: 40 * time.Second, Drift: .1})
	calmOptions := options(t)
	calmOptions.Claims = calmOptions.Claims[:2]
	closed := example.Run(example.Options{Seed: 42, Length: 10 * time.Second, Closed: true})
	for name, text := range map[string]string{
		"violation": page(t, h, example.Violated(h), options(t)),
		"unknown":   page(t, h, example.Undecided(h), options(t)),
		"pass":      page(t, calm, example.Passed(calm), calmOptions),
		"closed":    page(t, closed, example.Passed(closed), summary.Options{}),
		"nothing":   page(t, &history.History{}, nil, summary.Options{Environment: "launch n2: port 2379 is taken"}),
	} {
		for _, want := range []string{"<!doctype html>", `id="percentiles"`, "Content-Security-Policy", "</html>"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if dir := os.Getenv("WHITEWATER_PAGES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The page of a comparison needs no chart library, and shows what was recorded as text.
func TestComparison(t *testing.T) {
	side := func(slow float64) (runs []compare.Run) {
		for i := range 8 {
			d := summary.Document{Run: fmt.Sprintf("20261122T0615%02dZ-7f3a", i), Scenario: "calm<script>", Loop: "open", Latency: map[string]summary.LatencySet{}}
			d.Target = summary.TargetLine{Name: "etcd", Version: "3.7.3", Nodes: 3}
			for j, op := range []string{"read", "write"} {
				luck := 1 + .01*float64((i*(5+j))%8)
				d.Latency[op] = summary.LatencySet{Phase: "quiet", P50: slow * luck * float64(j+1), P99: slow * luck * 3, PerSecond: 1000 / luck}
			}
			runs = append(runs, compare.Run{Document: d})
		}
		return runs
	}
	for name, slow := range map[string]float64{"regression": 1.12, "no-regression": 1} {
		var out bytes.Buffer
		if err := html.WriteComparison(&out, compare.Compare(side(1), side(slow), .05)); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if want := strings.ToUpper(strings.ReplaceAll(name, "-", " ")); !strings.Contains(text, ">"+want+"<") {
			t.Errorf("%s lacks its verdict", name)
		}
		if strings.Count(text, "<script") != 4 || len(text) > 60_000 {
			t.Errorf("%s: %d scripts, %d bytes", name, strings.Count(text, "<script"), len(text))
		}
		if dir := os.Getenv("WHITEWATER_PAGES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, name+".html"), out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A run of one second, and one that was cut short before it began, have a report too.
func TestShortRuns(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: time.Second})
	if text := page(t, h, example.Passed(h), summary.Options{}); !strings.Contains(text, "PASS") {
		t.Error("no verdict")
	}
}

// Runs that have logs are drawn by their percentiles, and claims on the difference are told.
func TestComparisonOfLogs(t *testing.T) {
	side := func(slow float64) (runs []compare.Run) {
		for i := range 6 {
			h, odd := latency.NewHistogram(), latency.NewHistogram()
			for n := range 4000 {
				tail := math.Pow(4000/float64(n+1), .6)
				h.Record(time.Duration(slow * tail * (1 + .02*float64(i)) * float64(700*time.Microsecond)))
			}
			odd.Record(time.Second)
			d := summary.Document{Run: fmt.Sprint("run", i), Seconds: 10, Latency: map[string]summary.LatencySet{"read": {Phase: "quiet", P50: slow, P99: 3 * slow, PerSecond: 400}}}
			runs = append(runs, compare.Run{Document: d, Latencies: map[string]*latency.Histogram{"read": h, "read.faulty": odd, "cas": odd}})
		}
		return runs
	}
	base := side(1)
	delete(base[0].Latencies, "cas")
	c := compare.Compare(base, side(1.3), .05)
	claim, err := claims.ParseDifference("read.p99{quiet} < +5%")
	if err != nil {
		t.Fatal(err)
	}
	c.Judge([]claims.Claim{claim})
	var out bytes.Buffer
	if err := html.WriteComparison(&out, c); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for want, n := range map[string]int{"<polyline": 14 + 13, `class="base each"`: 6 + 5, `class="new"`: 2, ">90 %<": 2, ">10 ms<": 1, "✗": 1, "30.0 %": 1, ">CLAIM MISSED<": 1, "NaN": 0} {
		if got := strings.Count(text, want); got < n || n == 0 && got > 0 {
			t.Errorf("%q is there %d times, want %d", want, got, n)
		}
	}
	if dir := os.Getenv("WHITEWATER_PAGES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "curves.html"), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// However long the run, the page stays small: columns are merged.
func TestSize(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Minute, Rate: 300, Faults: true, Drift: .3})
	text := page(t, h, example.Violated(h), options(t))
	if len(text) > 400_000 {
		t.Errorf("%d bytes, at most 400,000 are allowed", len(text))
	}
	t.Logf("%d bytes", len(text))
}

// What was recorded is text on the page, wherever it comes from.
func TestRecordedMarkup(t *testing.T) {
	const attack = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'`
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	h.Meta.Scenario, h.Meta.Run = attack, attack
	h.Ops[0].Request.Value, h.Ops[0].Request.Key, h.Ops[0].Result.Error = attack, attack, attack
	h.Ops[0].Result.Outcome = history.Unknown
	h.Faults = []history.Fault{{Name: attack, Shape: attack, Nodes: []history.NodeID{attack}, Evidence: []string{attack}, Start: h.Meta.LoadStart, End: h.Meta.LoadEnd, TookEffect: true}}
	h.Evidence = []history.Evidence{{Node: "n1", Crashes: []history.LogLine{{Class: "panic", Line: attack}}, Notes: []string{attack}}}
	h.Statuses[5].State, h.Statuses[5].Leader = attack, attack
	results := example.Violated(h)
	results[0].Why, results[0].Details = attack, []string{attack}
	c := &results[0].Counterexample[0]
	c.Name, c.Why, c.Notes, c.Context, c.Ops[0].Request.Value, c.Ops[0].Node = attack, attack, []string{attack}, []string{attack}, attack, attack
	opts := options(t)
	opts.Reproduce = summary.Reproduce{Command: attack, Scenario: attack, Schedule: attack, Env: []summary.Pair{{Name: attack, Value: attack}}}
	opts.Files = []summary.File{{Path: "javascript:alert(1).html"}, {Path: attack}}
	text := page(t, h, results, opts)
	if n := strings.Count(text, "<script"); n != 4 {
		t.Errorf("%d script elements, the page has 4", n)
	}
	for _, bad := range []string{"<img src=x", "onerror=alert(1)>\"", `href="javascript:`} {
		if strings.Contains(text, bad) {
			t.Errorf("%q got through", bad)
		}
	}
}

// The policy's hashes are those of what is in the page, so that it runs; and nothing is loaded from anywhere.
func TestPolicy(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	text := page(t, h, example.Passed(h), summary.Options{})
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)
	if policy == nil {
		t.Fatal("no policy")
	}
	allowed := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(policy[1])
	for _, element := range []string{`(?s)<style>(.*?)</style>`, `(?s)<script>(.*?)</script>`} {
		for _, found := range regexp.MustCompile(element).FindAllStringSubmatch(text, -1) {
			sum := sha256.Sum256([]byte(found[1]))
			if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(allowed, want) {
				t.Errorf("%s… has hash %s, not in %s", found[0][:20], want, allowed)
			}
		}
	}
	if regexp.MustCompile(`(?i)(src|href)="?(https?:)?//`).MatchString(text) {
		t.Error("the page loads something from elsewhere")
	}
	if regexp.MustCompile(`<[a-z]+[^>]* style=`).MatchString(text) {
		t.Error("a style attribute, which the policy forbids")
	}
}

// uPlot is embedded as its authors built it (npm uplot@1.6.32, dist/).
func TestLibrary(t *testing.T) {
	for name, want := range map[string]string{
		"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uPlot.min.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
		"uPlot.LICENSE":     "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	} {
		data, err := os.ReadFile(filepath.Join("assets", name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has SHA-256 %s, want %s", name, got, want)
		}
	}
}

// Every word is there in both languages, once.
func TestWords(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 10 * time.Second})
	text := page(t, h, example.Passed(h), options(t))
	for _, found := range regexp.MustCompile(`data-t="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, fmt.Sprintf("%q:", found[1])) {
			t.Errorf("%q has no Chinese text", found[1])
		}
	}
}
