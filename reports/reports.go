// Package reports says what a run came to, in every form that people and other tools read.
package reports

import (
	"bytes"
	"fmt"
	"io"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/ci"
	"github.com/whitewater-kv/whitewater/reports/html"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/metrics"
	"github.com/whitewater-kv/whitewater/reports/plots"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/reports/terminal"
)

// Summary is all that a report shows.
type Summary = summary.Summary

// Options are what a summary needs beside the history and the checks.
type Options = summary.Options

// Summarise builds the summary of a run: once, to be rendered many times.
func Summarise(h *history.History, results []checker.Result, opts Options) *Summary {
	return summary.Summarise(h, results, opts)
}

// Format is a form in which a run can be written.
type Format struct {
	Name, File, Doc string // File is its (main) file in the run's folder
	// Render makes the format's files, by their paths in the run's folder.
	Render func(*Summary) ([]Output, error)
}

// Output is a file's content.
type Output struct {
	Path string
	Data []byte
}

// Write writes the format's files one after the other; most have just one.
func (f Format) Write(w io.Writer, s *Summary) error {
	outputs, err := f.Render(s)
	if err != nil {
		return err
	}
	for _, o := range outputs {
		if _, err := w.Write(o.Data); err != nil {
			return err
		}
	}
	return nil
}

// Formats are all of them.
var Formats = []Format{
	one("text", "summary.txt", "the last block of the terminal", func(w io.Writer, s *Summary) error {
		return terminal.WriteResult(w, s, terminal.Style{})
	}),
	one("json", "verdict.json", "all that a CI job needs", writeVerdict),
	one("markdown", "summary.md", "a step summary or a comment on a pull request", ci.WriteMarkdown),
	one("html", "report.html", "the report, one page that needs no network", html.Write),
	one("junit", "junit.xml", "a test case for each check and claim", func(w io.Writer, s *Summary) error { return ci.WriteJUnit(w, s) }),
	one("bench", "bench.txt", "Go benchmark lines, for benchstat", func(w io.Writer, s *Summary) error { return ci.WriteBench(w, s) }),
	one("metrics", "metrics.prom", "OpenMetrics text", metrics.Write),
	one("hlog", "latency.hlog", "HdrHistogram interval log, second by second", func(w io.Writer, s *Summary) error {
		return latency.WriteLog(w, s.Latency)
	}),
	{"hgrm", "read.hgrm", "HdrHistogram percentile distributions, a file for each operation, from due and from send time", renderCurves},
	one("csv", "timeseries.csv", "the run second by second", func(w io.Writer, s *Summary) error { return latency.WriteCSV(w, s.Latency) }),
	{"svg", "rate.svg", "throughput and latency over time, as pictures", renderPlots},
	{"counterexample", "counterexample", "what breaks the property: operations, explanation, timeline", renderCounterexamples},
}

// one makes a format of a single file.
func one(name, file, doc string, write func(io.Writer, *Summary) error) Format {
	return Format{name, file, doc, func(s *Summary) ([]Output, error) {
		var data bytes.Buffer
		if err := write(&data, s); err != nil {
			return nil, fmt.Errorf("write %s: %w", file, err)
		}
		return []Output{{file, data.Bytes()}}, nil
	}}
}

// Find finds a format by name.
func Find(name string) (Format, bool) {
	for _, f := range Formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

func writeVerdict(w io.Writer, s *Summary) error {
	data, err := s.Document().JSON()
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func renderCurves(s *Summary) (out []Output, err error) {
	for _, op := range s.Latency.Ops {
		for _, face := range latency.Faces {
			name := op + ".hgrm"
			if face == latency.Send {
				name = op + ".send-time.hgrm"
			}
			var data bytes.Buffer
			if err := latency.WriteCurve(&data, s.Latency.Total(latency.Filter{Op: op}, face)); err != nil {
				return nil, fmt.Errorf("write %s: %w", name, err)
			}
			out = append(out, Output{name, data.Bytes()})
		}
	}
	return out, nil
}

func renderPlots(s *Summary) ([]Output, error) {
	return []Output{
		{"rate.svg", []byte(plots.Rate(s))},
		{"latency-raw.svg", []byte(plots.Raw(s))},
		{"latency-quantiles.svg", []byte(plots.Quantiles(s))},
	}, nil
}
