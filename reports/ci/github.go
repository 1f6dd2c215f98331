package ci

import (
	"fmt"
	"io"
	"strings"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// AnnotationsPerStep is how many error annotations GitHub keeps of one step; it drops the rest without a word.
const AnnotationsPerStep = 10

// WriteAnnotations writes what is wrong with runs as GitHub workflow commands, the worst first. What exceeds the limit
// is counted in the last one.
func WriteAnnotations(w io.Writer, runs ...*summary.Summary) error {
	var lines []string
	for _, collect := range []func(*summary.Summary) []string{violations, missed, undecided} {
		for _, s := range runs {
			lines = append(lines, collect(s)...)
		}
	}
	if over := len(lines) - AnnotationsPerStep; over > 0 {
		lines = append(lines[:AnnotationsPerStep-1], annotation("title=Whitewater", fmt.Sprintf("+%d more, see the step summary", over+1)))
	}
	_, err := io.WriteString(w, strings.Join(lines, ""))
	return err
}

func violations(s *summary.Summary) (lines []string) {
	if s.Expect == "violation" {
		return nil
	}
	for _, r := range s.Checks {
		if r.Verdict == checker.Fail {
			lines = append(lines, annotation("title="+inProperty("violation in "+s.Meta.Scenario), r.Checker+": "+r.Why))
		}
	}
	return lines
}

func missed(s *summary.Summary) (lines []string) {
	for _, c := range s.Claims {
		if c.Verdict == claims.Missed {
			lines = append(lines, claimAnnotation(c, "claim missed"))
		}
	}
	return lines
}

func undecided(s *summary.Summary) (lines []string) {
	for _, r := range s.Checks {
		if r.Verdict == checker.Unknown && s.Exit != summary.ExitPass {
			lines = append(lines, annotation("title="+inProperty("unknown in "+s.Meta.Scenario), r.Checker+": "+r.Why))
		}
	}
	for _, c := range s.Claims {
		if c.Verdict == claims.Inconclusive && s.Exit != summary.ExitPass {
			lines = append(lines, claimAnnotation(c, "claim inconclusive"))
		}
	}
	if len(lines) == 0 && s.Exit != summary.ExitPass && s.Exit != summary.ExitViolation && s.Exit != summary.ExitClaim {
		lines = append(lines, annotation("title="+inProperty(strings.ToLower(s.Verdict)+" in "+s.Meta.Scenario), s.Reason))
	}
	return lines
}

func claimAnnotation(c claims.Judged, what string) string {
	where := ""
	if c.File != "" {
		where = fmt.Sprintf("file=%s,line=%d,", inProperty(c.File), c.Line)
	}
	text := fmt.Sprintf("%s: measured %s %s", c.Expr, c.Show(c.Value), c.Interval())
	for _, more := range []string{c.Why, c.Advice()} {
		if more != "" {
			text = strings.TrimSpace(text) + "; " + more
		}
	}
	return annotation(where+"title="+inProperty(what), text)
}

func annotation(properties, message string) string {
	return "::error " + properties + "::" + messageEscaper.Replace(summary.Clip(message, 500)) + "\n"
}

// The escapes of workflow commands (actions/toolkit, packages/core/src/command.ts).
var (
	messageEscaper  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscaper = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func inProperty(text string) string { return propertyEscaper.Replace(text) }

// WriteOutputs writes the step's outputs, for GITHUB_OUTPUT. A value never spans lines.
func WriteOutputs(w io.Writer, s *summary.Summary) error {
	_, err := fmt.Fprintf(w, "verdict=%s\nexit-code=%d\nreport=%s\n", strings.ToLower(s.Verdict), s.Exit, strings.Join(strings.Fields(s.Report), " "))
	return err
}
