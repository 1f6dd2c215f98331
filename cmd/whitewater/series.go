package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/ci"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// part is one run of a series: a repetition, a cell of a matrix, a claim.
type part struct {
	name string
	sum  *reports.Summary // nil: it was not carried out
	err  error            // why not
	took time.Duration
}

func (p part) code() int {
	if p.sum != nil {
		return p.sum.Exit
	}
	return codeOf(p.err)
}

func (p part) reason() string {
	if p.sum != nil {
		return p.sum.Reason
	}
	return p.err.Error()
}

// series is several runs with one result.
type series struct {
	what  string // "matrix m.yaml"
	parts []part
	left  []string // names of what was not begun, because the budget was spent or the call was ended
	index *index   // the page that shows all; nil: there is none
}

// code is the worst of the parts'; what was not begun is unknown.
func (s *series) code() int {
	codes := []int{reports.ExitPass}
	for _, p := range s.parts {
		codes = append(codes, p.code())
	}
	if len(s.left) > 0 || len(s.parts) == 0 {
		codes = append(codes, reports.ExitUnknown)
	}
	return reports.Worst(codes...)
}

func (s *series) sums() (all []*summary.Summary) {
	for _, p := range s.parts {
		if p.sum != nil {
			all = append(all, p.sum)
		}
	}
	return all
}

// seriesDocument is a series for programs.
type seriesDocument struct {
	Schema   string       `json:"schema"`
	What     string       `json:"what"`
	Verdict  string       `json:"verdict"`
	ExitCode int          `json:"exit_code"`
	Runs     []seriesLine `json:"runs"`
	Left     []string     `json:"left,omitempty"`  // not begun
	Index    string       `json:"index,omitempty"` // the page that shows all
}

type seriesLine struct {
	Name     string            `json:"name"`
	Verdict  string            `json:"verdict"`
	ExitCode int               `json:"exit_code"`
	Reason   string            `json:"reason"`
	Seconds  float64           `json:"seconds"`
	Report   string            `json:"report,omitempty"`
	Run      *summary.Document `json:"run,omitempty"`
}

func (s *series) document() seriesDocument {
	doc := seriesDocument{
		Schema: "whitewater/series/1", What: s.what, Verdict: strings.ToLower(reports.Word(s.code())), ExitCode: s.code(), Left: s.left,
		Runs: []seriesLine{},
	}
	for _, p := range s.parts {
		line := seriesLine{
			Name: p.name, Verdict: strings.ToLower(reports.Word(p.code())), ExitCode: p.code(), Reason: p.reason(), Seconds: p.took.Seconds(),
		}
		if p.sum != nil {
			d := p.sum.Document()
			line.Run, line.Report = &d, p.sum.Report
		}
		doc.Runs = append(doc.Runs, line)
	}
	if s.index != nil {
		doc.Index = s.index.path
	}
	return doc
}

// presentSeries writes the result of a series as present does of one run.
func (a *app) presentSeries(o *outputs, s *series) error {
	var all error
	switch o.format.value {
	case "json":
		all = writeJSON(a.out, s.document())
	case "markdown":
		all = s.markdown(a.out)
	default:
		s.text(a.out)
	}
	for _, c := range copyFlags {
		path := *o.copies[c.format]
		if path == "" {
			continue
		}
		if err := s.copyTo(c.format, path); err != nil {
			all = errors.Join(all, environment(fmt.Errorf("--%s: %w", c.flag, err)))
		}
	}
	if a.getenv("GITHUB_ACTIONS") != "true" || *o.noGitHub {
		return all
	}
	if path := a.getenv("GITHUB_STEP_SUMMARY"); path != "" {
		all = errors.Join(all, appendTo(path, func(f *os.File) error { return s.markdown(f) }))
	}
	if path := a.getenv("GITHUB_OUTPUT"); path != "" {
		all = errors.Join(all, appendTo(path, func(f *os.File) error {
			_, err := fmt.Fprintf(f, "verdict=%s\nexit-code=%d\n", strings.ToLower(reports.Word(s.code())), s.code())
			return err
		}))
	}
	return errors.Join(all, ci.WriteAnnotations(a.err, s.sums()...))
}

// copyTo writes one file for the whole series, in the formats that hold several runs.
func (s *series) copyTo(format, path string) error {
	if format == "html" && s.index != nil {
		return s.index.write(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	switch format {
	case "junit":
		err = ci.WriteJUnit(f, s.sums()...)
	case "bench":
		err = ci.WriteBench(f, s.sums()...)
	case "json":
		err = writeJSON(f, s.document())
	case "markdown":
		err = s.markdown(f)
	default:
		err = fmt.Errorf("one file cannot hold several runs; each run's own is in its folder")
	}
	return errors.Join(err, f.Close())
}

func (s *series) text(w io.Writer) {
	rows := [][]string{}
	for _, p := range s.parts {
		rows = append(rows, []string{mark(p.code()), p.name, reports.Word(p.code()), p.took.Round(time.Second).String(), p.reason()})
	}
	for _, name := range s.left {
		rows = append(rows, []string{"?", name, "NOT BEGUN"})
	}
	columns(w, rows)
	fmt.Fprintf(w, "\n%s  %s: %s\n", reports.Word(s.code()), s.what, s.tally())
	if s.index != nil && s.index.path != "" {
		fmt.Fprintf(w, "index  %s\n", s.index.path)
	}
}

func (s *series) tally() string {
	passed := 0
	for _, p := range s.parts {
		if p.code() == reports.ExitPass {
			passed++
		}
	}
	return fmt.Sprintf("%d of %d passed, exit %d", passed, len(s.parts)+len(s.left), s.code())
}

func mark(code int) string {
	switch code {
	case reports.ExitPass:
		return "✓"
	case reports.ExitUnknown, reports.ExitInterrupt, reports.ExitTerminated:
		return "?"
	}
	return "✗"
}

// markdown writes the series as a table, cut where a step summary would end.
func (s *series) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n%s\n\n| | run | verdict | reason |\n|---|---|---|---|\n", mark(s.code()), s.what, s.tally())
	for i, p := range s.parts {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", mark(p.code()), cell(p.name), reports.Word(p.code()), cell(summary.Clip(p.reason(), 300)))
		if b.Len()+len(row) > ci.MarkdownBytes-200 {
			fmt.Fprintf(&b, "\n… and %d more\n", len(s.parts)-i)
			break
		}
		b.WriteString(row)
	}
	if len(s.left) > 0 {
		fmt.Fprintf(&b, "\nNot begun: %d\n", len(s.left))
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

// cell makes a text safe inside a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}
