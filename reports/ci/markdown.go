package ci

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/reports/terminal"
)

// MarkdownBytes is the most that a step summary may be, so that the same text serves as a comment on a pull request
// (65,536 characters at most).
const MarkdownBytes = 60 << 10

// WriteMarkdown writes a run as GitHub-flavoured Markdown, for a step summary or a comment. Sections that do not fit are
// left out from the end, and that is said.
func WriteMarkdown(w io.Writer, s *summary.Summary) error {
	_, err := io.WriteString(w, capped([]string{
		head(s), checkTable(s), claimTable(s), counterexampleBlock(s), throughput(s), latencyTable(s), faultTable(s), trustLine(s), again(s),
	}))
	return err
}

func capped(sections []string) string {
	const note = "\n*Cut at the limit of a step summary; the report has everything.*\n"
	var text strings.Builder
	for _, section := range sections {
		if text.Len()+len(section)+len(note) <= MarkdownBytes {
			text.WriteString(section)
			continue
		}
		room := MarkdownBytes - text.Len() - len(note)
		cut := strings.LastIndexByte(section[:max(0, min(room, len(section)))], '\n')
		if cut > 0 && !strings.Contains(section, "```") {
			text.WriteString(section[:cut+1])
		}
		text.WriteString(note)
		break
	}
	return text.String()
}

var emblem = map[string]string{"PASS": "✅", "VIOLATION": "❌", "CLAIM MISSED": "📉", "UNKNOWN": "❔"}

func head(s *summary.Summary) string {
	mark := emblem[s.Verdict]
	if mark == "" {
		mark = "⚠️"
	}
	return fmt.Sprintf("## %s %s: %s\n\n%s\n\n%s %s × %d · seed %d · %s operations · %d faults · exit %d\n\n", mark, s.Verdict, text(s.Meta.Scenario),
		text(s.Reason), text(s.Meta.Target), text(s.Meta.Version), len(s.Meta.Nodes), s.Meta.Seed, claims.Thousands(int64(s.Total)), len(s.Faults), s.Exit)
}

// text makes recorded text harmless in Markdown: neither markup nor a mention of anybody.
func text(recorded string) string {
	recorded = strings.ToValidUTF8(strings.Join(strings.Fields(recorded), " "), "\uFFFD")
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", ">", "&gt;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "@", "@\u200b",
		"#", "\\#").Replace(recorded)
}

func code(recorded string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "\\|", "\n", " ").Replace(recorded) + "`"
}

func checkTable(s *summary.Summary) string {
	if len(s.Checks) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| check | result | what was found | operations | time |\n|---|---|---|--:|--:|\n")
	words := map[checker.Verdict]string{checker.Pass: "✓ pass", checker.Fail: "✗ **fail**", checker.Unknown: "? unknown", checker.Skipped: "– skipped"}
	for _, r := range s.Checks {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", text(r.Checker), words[r.Verdict], text(summary.Clip(r.Why, 300)), claims.Thousands(int64(r.Ops)),
			claims.ShowDuration(r.Took))
	}
	return b.String() + "\n"
}

func claimTable(s *summary.Summary) string {
	if len(s.Claims) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| claim | result | value | 95 % interval | |\n|---|---|--:|--:|---|\n")
	words := map[claims.Verdict]string{claims.Met: "✓ met", claims.Missed: "✗ **missed**", claims.Inconclusive: "? inconclusive"}
	for _, c := range s.Claims {
		why := strings.Trim(c.Why+"; "+c.Advice(), "; ")
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(c.Expr), words[c.Verdict], c.Show(c.Value), c.Interval(), text(why))
	}
	return b.String() + "\n"
}

func counterexampleBlock(s *summary.Summary) string {
	if len(s.Counterexamples) == 0 {
		return ""
	}
	c := s.Counterexamples[0]
	var b strings.Builder
	fmt.Fprintf(&b, "**Counterexample** %s", code(c.Name))
	if len(c.Ops) > 0 {
		fmt.Fprintf(&b, ", %s of %d", summary.Operations(len(c.Ops)), c.Of)
	}
	b.WriteString(":\n\n```text\n")
	for i, op := range c.Ops {
		if i == 20 {
			fmt.Fprintf(&b, "… and %d more\n", len(c.Ops)-i)
			break
		}
		b.WriteString(strings.ReplaceAll(s.LineOf(c, op), "```", "'''") + "\n")
	}
	for _, t := range c.Tables {
		b.WriteString(strings.ReplaceAll(summary.TableText(t), "```", "'''"))
	}
	for _, note := range append(c.Notes[:len(c.Notes):len(c.Notes)], c.Context...) {
		b.WriteString(strings.ReplaceAll(summary.Clip(note, 200), "```", "'''") + "\n")
	}
	return b.String() + s.Clock() + "\n```\n\n"
}

func throughput(s *summary.Summary) string {
	rates := make([]int64, len(s.Latency.Ended))
	for i, e := range s.Latency.Ended {
		rates[i] = e.OK
	}
	const columns = 80
	for len(rates) > columns {
		half := make([]int64, 0, len(rates)/2+1)
		for i := 0; i < len(rates); i += 2 {
			half = append(half, rates[i:min(i+2, len(rates))][0])
		}
		rates = half
	}
	if len(rates) == 0 {
		return ""
	}
	return fmt.Sprintf("`%s`\n\n%s.\n\n", terminal.Sparkline(rates), text(capital(s.Story)))
}

func capital(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	return strings.ToUpper(string(first)) + sentence[size:]
}

func latencyTable(s *summary.Summary) string {
	var b strings.Builder
	for _, op := range s.Latency.Ops {
		for _, phase := range []string{latency.Quiet, latency.Faulty, latency.Recovery} {
			f := latency.Filter{Op: op, Phase: phase}
			due, send := s.Latency.Total(f, latency.Due), s.Latency.Total(f, latency.Send)
			if due.Count() == 0 {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", op, phase, claims.Thousands(due.Count()), claims.ShowDuration(due.Quantile(.5)),
				claims.ShowDuration(due.Quantile(.99)), claims.ShowDuration(due.Quantile(.999)), claims.ShowDuration(due.Max()),
				claims.ShowDuration(send.Quantile(.99)))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	loop := "open loop, from due time"
	if !s.Latency.Open {
		loop = "closed loop"
	}
	return "| operation | phase | ok | p50 | p99 | p99.9 | max | p99 from send |\n|---|---|--:|--:|--:|--:|--:|--:|\n" + b.String() + "\nLatency, " + loop + ".\n\n"
}

func faultTable(s *summary.Summary) string {
	if len(s.Faults) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| fault | at | for | took effect | without a leader | first write after | back at 90 % |\n|---|--:|--:|---|--:|--:|--:|\n")
	for _, f := range s.Faults {
		effect := "✓"
		if !f.TookEffect {
			effect = "✗ **no**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", text(s.Describe(f.Fault)), claims.ShowDuration(s.Since(f.Start)),
			claims.ShowDuration(f.End-f.Start), effect, claims.ShowDuration(f.LeaderGap), reached(f.FirstOK), reached(f.Back))
	}
	return b.String() + "\n"
}

func trustLine(s *summary.Summary) string {
	if reason := s.Untrusted(); reason != "" {
		return "⚠️ The latencies cannot be trusted: " + text(reason) + ".\n\n"
	}
	return ""
}

func again(s *summary.Summary) string {
	if s.Reproduce.Command == "" {
		return ""
	}
	return "Again: " + code(s.Reproduce.Command) + "\n"
}

// reached writes a time of recovery, or that it was not reached.
func reached(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return claims.ShowDuration(d)
}
