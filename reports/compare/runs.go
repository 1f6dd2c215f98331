package compare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Run is one run of a set.
type Run struct {
	Document summary.Document
	// Latencies are the run's histograms by tag, as latency.ReadLog has them; nil if its folder has no log.
	Latencies map[string]*latency.Histogram
}

// Load reads a run by way of its folder's reader: verdict.json, and latency.hlog if it is there.
func Load(read func(name string) ([]byte, error)) (Run, error) {
	data, err := read("verdict.json")
	if err != nil {
		return Run{}, fmt.Errorf("read verdict.json: %w", err)
	}
	run := Run{}
	if err := decode(data, &run.Document); err != nil {
		return Run{}, err
	}
	log, err := read("latency.hlog")
	if errors.Is(err, fs.ErrNotExist) {
		return run, nil
	}
	if err != nil {
		return Run{}, fmt.Errorf("read latency.hlog: %w", err)
	}
	run.Latencies, err = latency.ReadLog(bytes.NewReader(log))
	return run, err
}

func decode(data []byte, d *summary.Document) error {
	if err := json.Unmarshal(data, d); err != nil {
		return fmt.Errorf("decode verdict.json: %w", err)
	}
	if d.Schema != summary.VerdictSchema {
		return fmt.Errorf("decode verdict.json: schema %q, this program reads %q", d.Schema, summary.VerdictSchema)
	}
	return nil
}

// WriteBaseline writes runs as a baseline, for a CI job to compare with: a verdict a line.
func WriteBaseline(w io.Writer, runs []Run) error {
	for _, r := range runs {
		data, err := json.Marshal(r.Document)
		if err != nil {
			return fmt.Errorf("encode baseline: %w", err)
		}
		if _, err := w.Write(append(data, '\n')); err != nil {
			return fmt.Errorf("write baseline: %w", err)
		}
	}
	return nil
}

// ReadBaseline reads what WriteBaseline wrote.
func ReadBaseline(r io.Reader) (runs []Run, err error) {
	lines := json.NewDecoder(r)
	for {
		var raw json.RawMessage
		if err := lines.Decode(&raw); errors.Is(err, io.EOF) {
			return runs, nil
		} else if err != nil {
			return nil, fmt.Errorf("decode baseline, run %d: %w", len(runs)+1, err)
		}
		var run Run
		if err := decode(raw, &run.Document); err != nil {
			return nil, fmt.Errorf("baseline, run %d: %w", len(runs)+1, err)
		}
		runs = append(runs, run)
	}
}

// metric is something that runs are compared by.
type metric struct {
	name, unit string
	higher     bool
	value      func(Run) (float64, bool)
}

func (m metric) values(runs []Run) (all []float64) {
	for _, r := range runs {
		if v, ok := m.value(r); ok {
			all = append(all, v)
		}
	}
	return all
}

// metricsOf are those of every operation that the runs measured: p50, p99 and rate, of the quiet phase where there is
// one.
func metricsOf(runs []Run) (all []metric) {
	ops := map[string]bool{}
	for _, r := range runs {
		for op := range r.Document.Latency {
			ops[op] = true
		}
	}
	for _, op := range slices.Sorted(maps.Keys(ops)) {
		of := func(pick func(summary.LatencySet) float64) func(Run) (float64, bool) {
			return func(r Run) (float64, bool) {
				set, ok := r.Document.Latency[op]
				return pick(set), ok && set.PerSecond > 0
			}
		}
		all = append(all,
			metric{op + " p50", "ms", false, of(func(s summary.LatencySet) float64 { return s.P50 })},
			metric{op + " p99", "ms", false, of(func(s summary.LatencySet) float64 { return s.P99 })},
			metric{op + " rate", "/s", true, of(func(s summary.LatencySet) float64 { return s.PerSecond })},
		)
	}
	return all
}

func millis(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }

// warnings say what makes two sets hard to compare.
func warnings(base, other []Run) (all []string) {
	for _, w := range []struct {
		what string
		of   func(summary.Document) string
	}{
		{"scenario", func(d summary.Document) string { return d.Scenario }},
		{"cluster size", func(d summary.Document) string { return fmt.Sprint(d.Target.Nodes) }},
		{"loop", func(d summary.Document) string { return d.Loop }},
		{"machine", func(d summary.Document) string { return d.Env["machine"] }},
		{"phase", phases},
	} {
		a, b := distinct(base, w.of), distinct(other, w.of)
		if !slices.Equal(a, b) || len(a) > 1 {
			all = append(all, fmt.Sprintf("the runs differ in %s: %s against %s", w.what, list(a), list(b)))
		}
	}
	for _, side := range [][]Run{base, other} {
		for _, r := range side {
			if why := r.Document.Fidelity.Untrusted; why != "" {
				all = append(all, fmt.Sprintf("the latencies of %s cannot be trusted: %s", r.Document.Run, why))
			}
		}
	}
	if apart(base, other) {
		all = append(all, "all runs of one side came before those of the other: what changed on the machine meanwhile looks like a difference; interleave them")
	}
	return all
}

func phases(d summary.Document) string {
	var all []string
	for _, set := range d.Latency {
		if !slices.Contains(all, set.Phase) {
			all = append(all, set.Phase)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "+")
}

func distinct(runs []Run, of func(summary.Document) string) (values []string) {
	for _, r := range runs {
		if v := of(r.Document); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

// apart reports whether the sides do not overlap in time. A run's name begins with the time of its start.
func apart(base, other []Run) bool {
	names := func(runs []Run) []string { return distinct(runs, func(d summary.Document) string { return d.Run }) }
	a, b := names(base), names(other)
	if len(a) < 2 || len(b) < 2 {
		return false
	}
	return a[len(a)-1] < b[0] || b[len(b)-1] < a[0]
}
