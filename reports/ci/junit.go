// Package ci writes a run for the tools of continuous integration: JUnit XML, GitHub's step summary and annotations,
// Go benchmark lines.
package ci

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr,omitempty"`
	Properties []property `xml:"properties>property"`
	Cases      []testCase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testCase struct {
	Class   string  `xml:"classname,attr"`
	Name    string  `xml:"name,attr"`
	Time    string  `xml:"time,attr"`
	File    string  `xml:"file,attr,omitempty"`
	Failure *outlet `xml:"failure"`
	Error   *outlet `xml:"error"`
	Skipped *outlet `xml:"skipped"`
}

type outlet struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes runs as JUnit XML: a suite for each run, a case for each check and claim.
func WriteJUnit(w io.Writer, runs ...*summary.Summary) error {
	all := suites{}
	for _, s := range runs {
		one := junitSuite(s)
		all.Suites = append(all.Suites, one)
		all.Tests += one.Tests
		all.Failures += one.Failures
		all.Errors += one.Errors
		all.Skipped += one.Skipped
	}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode JUnit XML: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}

func junitSuite(s *summary.Summary) suite {
	out := suite{Name: s.Meta.Scenario, Time: xmlSeconds(s.Latency.Length), Properties: []property{
		{"run", s.Meta.Run}, {"seed", fmt.Sprint(s.Meta.Seed)}, {"target", s.Meta.Target + " " + s.Meta.Version}, {"program", s.Program},
		{"repro", s.Reproduce.Command}, {"verdict", s.Verdict}, {"exit_code", fmt.Sprint(s.Exit)},
	}}
	if !s.Meta.Epoch.IsZero() {
		out.Timestamp = s.Meta.Epoch.UTC().Format("2006-01-02T15:04:05")
	}
	for _, r := range s.Checks {
		out.Cases = append(out.Cases, checkCase(s, r))
	}
	for _, c := range s.Claims {
		out.Cases = append(out.Cases, claimCase(c))
	}
	for _, f := range s.Forbidden {
		out.Cases = append(out.Cases, testCase{Class: "fault", Name: f, Time: "0", Skipped: &outlet{Message: "this machine does not allow it"}})
	}
	out.count()
	if rest := runCase(s, out.Errors); rest != nil {
		out.Cases = append(out.Cases, *rest)
		out.count()
	}
	return out
}

func (out *suite) count() {
	out.Tests, out.Failures, out.Errors, out.Skipped = 0, 0, 0, 0
	for _, c := range out.Cases {
		out.Tests++
		switch {
		case c.Failure != nil:
			out.Failures++
		case c.Error != nil:
			out.Errors++
		case c.Skipped != nil:
			out.Skipped++
		}
	}
}

func checkCase(s *summary.Summary, r checker.Result) testCase {
	c := testCase{Class: s.Meta.Scenario + ".checks", Name: r.Checker, Time: xmlSeconds(r.Took)}
	switch {
	case s.Expect == "violation" && r.Verdict == checker.Fail:
		// A negative control: the violation is what was asked for.
	case r.Verdict == checker.Fail:
		c.Failure = &outlet{Type: "violation", Message: r.Why, Text: counterexampleText(s, r.Checker)}
	case r.Verdict == checker.Skipped:
		c.Skipped = &outlet{Message: r.Why}
	case r.Verdict == checker.Unknown && !(s.Expect == "violation" && s.Exit == summary.ExitPass):
		c.Error = &outlet{Type: "unknown", Message: r.Why}
	}
	return c
}

func claimCase(j claims.Judged) testCase {
	c := testCase{Class: "claims", Name: j.Expr, Time: "0", File: j.File}
	message := strings.TrimSpace(fmt.Sprintf("measured %s %s", j.Show(j.Value), j.Interval()))
	if j.Why != "" {
		message += ": " + j.Why
	}
	switch j.Verdict {
	case claims.Missed:
		c.Failure = &outlet{Type: "claim", Message: message}
	case claims.Inconclusive:
		c.Error = &outlet{Type: "unknown", Message: strings.TrimSuffix(message+"; "+j.Advice(), "; ")}
	}
	return c
}

// runCase is a case for what is wrong with a run beside its checks and claims: without it, a run that did not happen
// would read as one without failures.
func runCase(s *summary.Summary, errors int) *testCase {
	c := &testCase{Class: s.Meta.Scenario, Name: "run", Time: xmlSeconds(s.Latency.Length)}
	kind := ""
	switch s.Exit {
	case summary.ExitEnvironment:
		kind = "environment"
	case summary.ExitInternal:
		kind = "internal"
	case summary.ExitInterrupt, summary.ExitTerminated:
		kind = "interrupted"
	case summary.ExitUnknown:
		kind = "unknown"
	}
	if kind == "" || kind == "unknown" && errors > 0 { // a check or claim has said so
		return nil
	}
	c.Error = &outlet{Type: kind, Message: s.Reason}
	return c
}

func counterexampleText(s *summary.Summary, check string) string {
	var text strings.Builder
	for _, c := range s.Counterexamples {
		if c.Check != check {
			continue
		}
		text.WriteString(c.Why + "\n")
		for _, op := range c.Ops {
			text.WriteString("  " + s.LineOf(c, op) + "\n")
		}
		for _, t := range c.Tables {
			text.WriteString("  " + strings.ReplaceAll(strings.TrimSpace(summary.TableText(t)), "\n", "\n  ") + "\n")
		}
		for _, note := range append(c.Notes[:len(c.Notes):len(c.Notes)], c.Context...) {
			text.WriteString("  " + note + "\n")
		}
	}
	return text.String()
}

func xmlSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
