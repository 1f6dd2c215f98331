package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Header is the first line of a run: program, scenario, target and seed.
func Header(program string, m history.Meta) string {
	return fmt.Sprintf("%s · %s · %s %s × %d · seed %d", program, m.Scenario, m.Target, m.Version, len(m.Nodes), m.Seed)
}

// WriteResult writes the last block of a run: what ran, what was checked, the verdict, the claims, where the report is.
func WriteResult(w io.Writer, s *summary.Summary, style Style) error {
	b := &block{s: s, style: style}
	b.ran()
	b.checked()
	b.latency()
	b.recovery()
	b.line("")
	b.verdict()
	b.counterexample()
	b.checks()
	b.claims()
	b.warnings()
	b.end()
	_, err := io.WriteString(w, b.text.String())
	return err
}

type block struct {
	s     *summary.Summary
	style Style
	text  strings.Builder
}

// labelColumns is where the text of a labelled line begins.
const labelColumns = 12

// line writes a line, broken where the terminal ends: what follows is set in like a labelled line's text.
func (b *block) line(format string, args ...any) {
	for _, part := range strings.Split(b.style.wrap(fmt.Sprintf(format, args...), labelColumns), "\n") {
		b.text.WriteString(strings.TrimRight(part, " ") + "\n")
	}
}

// row writes a labelled line.
func (b *block) row(label, format string, args ...any) {
	b.line("  %s %s", b.style.paint(pad(label, 9), dim), fmt.Sprintf(format, args...))
}

func (b *block) ran() {
	r := b.s.Latency
	parts := []string{
		seconds(r.Length), claims.Thousands(int64(b.s.Total)) + " ops" + b.unanswered(), b.faults(),
	}
	switch {
	case b.unmeasured():
	case r.Open:
		parts = append(parts, "slip p99 "+claims.ShowDuration(r.Slips.Quantile(.99)))
	default:
		parts = append(parts, "closed loop")
	}
	b.row("ran", "%s", strings.Join(parts, " · "))
}

// unmeasured reports whether the operations were counted and not kept, as of a history that was read as a stream: then
// nothing is known of when they were answered.
func (b *block) unmeasured() bool {
	return b.s.Total > 0 && b.s.Latency.Count(latency.Filter{Outcomes: latency.Every}) == 0
}

// unanswered says how many operations of the load were refused, and of how many the effect is not known.
func (b *block) unanswered() string {
	var parts []string
	for _, of := range []struct {
		outcome history.Outcome
		word    string
	}{{history.Unknown, "unknown"}, {history.Fail, "failed"}} {
		if n := b.s.Latency.Count(latency.Filter{Outcomes: []history.Outcome{of.outcome}}); n > 0 {
			parts = append(parts, claims.Thousands(n)+" "+of.word)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func (b *block) faults() string {
	took := 0
	for _, f := range b.s.Faults {
		if f.TookEffect {
			took++
		}
	}
	switch n := len(b.s.Faults); {
	case n == 0 && b.s.Meta.Planned == 0:
		return "no faults"
	case took == n && n >= b.s.Meta.Planned:
		return fmt.Sprintf("%s, all took effect", plural(n, "fault"))
	default:
		return b.style.paint(fmt.Sprintf("%d of %s took effect", took, plural(max(n, b.s.Meta.Planned), "fault")), yellow)
	}
}

func (b *block) checked() {
	keys, took, shrunk := 0, time.Duration(0), ""
	for _, r := range b.s.Checks {
		keys, took = max(keys, r.Keys), took+r.Took
		for _, c := range r.Counterexample {
			if shrunk == "" && len(c.Ops) > 0 && c.Of > len(c.Ops) {
				shrunk = fmt.Sprintf(" · shrunk %s from %d ops to %d", safe(c.Name), c.Of, len(c.Ops))
			}
		}
	}
	what := plural(len(b.s.Checks), "check")
	if keys > 0 {
		what = plural(keys, "key") + ", " + what
	}
	b.row("checked", "%s in %s%s", what, claims.ShowDuration(took), shrunk)
}

// latency is one line for each operation: both readings of the quiet phase, and the faulty one beside it.
func (b *block) latency() {
	for _, op := range b.s.Latency.Ops {
		quiet, label := latency.Filter{Op: op, Phase: latency.Quiet}, "quiet "
		if b.s.Latency.Count(quiet) == 0 {
			quiet.Phase, label = latency.All, ""
		}
		due, send := b.s.Latency.Total(quiet, latency.Due), b.s.Latency.Total(quiet, latency.Send)
		if due.Count() == 0 {
			continue
		}
		rate := float64(due.Count()) / max(b.s.Latency.Span(quiet.Phase).Seconds(), 1e-9)
		text := fmt.Sprintf("%s%s ok/s  p50 %s  p99 %s", label, claims.Thousands(int64(rate+.5)), claims.ShowDuration(due.Quantile(.5)), claims.ShowDuration(due.Quantile(.99)))
		if b.s.Latency.Open {
			text += fmt.Sprintf("  (from send %s)", claims.ShowDuration(send.Quantile(.99)))
		}
		if faulty := b.s.Latency.Total(latency.Filter{Op: op, Phase: latency.Faulty}, latency.Due); faulty.Count() > 0 && quiet.Phase != latency.All {
			text += fmt.Sprintf("  · faulty p99 %s", claims.ShowDuration(faulty.Quantile(.99)))
		}
		b.row(op, "%s", text)
	}
}

// recovery is how long writes waited at most for the store to take them again after a fault.
func (b *block) recovery() {
	if len(b.s.Faults) == 0 || b.unmeasured() {
		return
	}
	worst := b.s.Faults[0]
	for _, f := range b.s.Faults {
		if f.FirstOK < 0 || worst.FirstOK >= 0 && f.FirstOK > worst.FirstOK {
			worst = f
		}
		if worst.FirstOK < 0 {
			break
		}
	}
	what := fmt.Sprintf("%s at %s", b.s.Describe(worst.Fault), claims.ShowDuration(b.s.Since(worst.Start)))
	if worst.FirstOK < 0 {
		b.row("recovery", "%s", b.style.paint("no write was acknowledged again after "+safe(what), yellow))
		return
	}
	b.row("recovery", "writes again at most %s after a fault began: %s", claims.ShowDuration(worst.FirstOK), safe(what))
}

func (b *block) verdict() {
	colour := yellow
	switch b.s.Exit {
	case summary.ExitPass:
		colour = green
	case summary.ExitViolation, summary.ExitInternal, summary.ExitClaim:
		colour = red
	}
	b.line("%s  %s", b.style.paint(b.s.Verdict, bold, colour), safe(b.s.Reason))
}

func (b *block) mark(v checker.Verdict) string {
	switch v {
	case checker.Pass:
		return b.style.paint("✓", green)
	case checker.Fail:
		return b.style.paint("✗", red)
	case checker.Skipped:
		return b.style.paint("–", dim)
	}
	return b.style.paint("?", yellow)
}

// checks shows what was judged; what had nothing to judge is named apart.
func (b *block) checks() {
	const apart = "   "
	var skipped []string
	line, label := "", "checks"
	for _, r := range b.s.Checks {
		part := b.mark(r.Verdict) + " " + r.Checker
		if r.Verdict == checker.Skipped {
			skipped = append(skipped, r.Checker)
			continue
		}
		if line != "" && labelColumns+visible(line+apart+part) > b.checksWidth() {
			b.row(label, "%s", line)
			line, label = "", ""
		}
		line += apart[:min(len(line), len(apart))] + part
	}
	if line != "" {
		b.row(label, "%s", line)
		label = ""
	}
	if len(skipped) > 0 {
		b.row(label, "%s nothing to judge: %s", b.mark(checker.Skipped), b.style.paint(strings.Join(skipped, ", "), dim))
	}
	for _, r := range b.s.Checks {
		if said := strings.HasSuffix(b.s.Reason, r.Why); !said && (r.Verdict == checker.Unknown || r.Verdict == checker.Fail) {
			b.row("", "%s %s: %s", b.mark(r.Verdict), r.Checker, safe(summary.Clip(r.Why, 160)))
		}
	}
}

func (b *block) checksWidth() int {
	if b.style.Width <= 0 {
		return 110
	}
	return b.style.Width
}

func (b *block) claims() {
	wide, value := 0, 0
	for _, c := range b.s.Claims {
		wide, value = max(wide, len([]rune(c.Expr))), max(value, len([]rune(c.Show(c.Value))))
	}
	for i, c := range b.s.Claims {
		label := "claims"
		if i > 0 {
			label = ""
		}
		mark := map[claims.Verdict]checker.Verdict{claims.Met: checker.Pass, claims.Missed: checker.Fail}[c.Verdict]
		b.row(label, "%s %s  %s  %s", b.mark(mark), pad(c.Expr, wide), pad(c.Show(c.Value), value), safe(margin(c)))
	}
}

// margin is what stands behind a claim's value: the interval, the reason, and how to decide it.
func margin(c claims.Judged) string {
	var parts []string
	if interval := c.Interval(); interval != "" {
		parts = append(parts, "("+interval+")")
	}
	if c.Why != "" && !(c.Advice() != "" && c.Interval() != "") {
		parts = append(parts, c.Why)
	}
	text := strings.Join(parts, " ")
	if advice := c.Advice(); advice != "" {
		text += ": " + advice
	}
	return strings.TrimPrefix(text, ": ")
}

func (b *block) warnings() {
	if reason := b.s.Untrusted(); reason != "" {
		b.row("warning", "%s", b.style.paint("latencies cannot be trusted: "+reason, yellow))
	}
	if hidden := b.s.Omission(); hidden != "" {
		b.row("note", "%s", hidden)
	}
	for _, allowed := range b.s.Allowed {
		b.row("warning", "%s", b.style.paint("allowed by this call: "+allowed, yellow))
	}
	for _, f := range b.s.Forbidden {
		b.row("skipped", "%s", safe(f))
	}
}

func (b *block) end() {
	b.line("")
	if b.s.Report != "" {
		b.row("report", "%s", b.s.Report)
	}
	again := b.s.Reproduce.Command
	b.row("again", "%s  %s", pad(again, 48), b.style.paint(fmt.Sprintf("exit %d", b.s.Exit), bold))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return claims.Thousands(int64(n)) + " " + what + "s"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
