package terminal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
)

// Frame draws a snapshot as the lines of the live block: the run, its operations, its members, its faults.
func Frame(s Snapshot, style Style) []string {
	row := func(label, text string) string {
		return style.clip("  " + style.paint(pad(label, 5), dim) + " " + text)
	}
	lines := []string{row("run", runLine(s, style)), row("ops", opsLine(s, style)), row("nodes", nodesLine(s, style))}
	if s.Certified > 0 {
		lines = append(lines, row("order", orderLine(s, style)))
	}
	if s.Fault != "" || s.Next != "" {
		text := pad(safe(s.Fault), 48)
		if s.Fault != "" {
			text = style.paint(text, yellow)
		}
		if s.Next != "" {
			text += style.paint("next: "+safe(s.Next), dim)
		}
		lines = append(lines, row("fault", strings.TrimRight(text, " ")))
	}
	return lines
}

func runLine(s Snapshot, style Style) string {
	const width = 30
	if s.Stage != "load" {
		return fmt.Sprintf("%s   %s ops", s.Stage, claims.Thousands(s.Ops))
	}
	share := 0.0
	if s.Length > 0 {
		share = min(1, max(0, float64(s.At)/float64(s.Length)))
	}
	full := int(share * width)
	bar := style.paint(strings.Repeat("█", full), cyan) + style.paint(strings.Repeat("░", width-full), dim)
	return fmt.Sprintf("%.0f s / %.0f s  %s   %s ops", min(s.At, s.Length).Truncate(time.Second).Seconds(), s.Length.Seconds(), bar, claims.Thousands(s.Ops))
}

func opsLine(s Snapshot, style Style) string {
	rate := claims.Thousands(s.OK) + " ok/s"
	if s.Offered > 0 {
		rate += " of " + claims.Thousands(int64(s.Offered+.5))
	}
	unknown := fmt.Sprintf("unknown %d", s.Unknown)
	if s.Unknown > 0 {
		unknown = style.paint(unknown, yellow)
	}
	return fmt.Sprintf("%s   p50 %s   p99 %s   %s   %s", pad(rate, 18), pad(claims.ShowDuration(s.P50), 7),
		pad(claims.ShowDuration(s.P99), 7), unknown, style.paint(Sparkline(s.Recent), blue))
}

// orderLine says how far the order of what happened is known to be right.
func orderLine(s Snapshot, style Style) string {
	text := fmt.Sprintf("certified to revision %s, %s behind", claims.Thousands(s.Certified), claims.ShowDuration(s.Behind))
	if s.Violations > 0 {
		text = style.paint(fmt.Sprintf("✗ violations: %d", s.Violations), red) + "   " + text
	}
	return text
}

func nodesLine(s Snapshot, style Style) string {
	var parts []string
	for _, n := range s.Nodes {
		parts = append(parts, nodeMark(n, s, style))
	}
	text := strings.Join(parts, "   ")
	switch {
	case s.Leaderless > 0:
		text += "   " + style.paint("no leader for "+claims.ShowDuration(s.Leaderless), yellow)
	case s.Leader != "":
		text += "   " + style.paint(fmt.Sprintf("term %d", s.Term), dim)
	}
	return text
}

func nodeMark(n Node, s Snapshot, style Style) string {
	switch {
	case n.State != "" && n.State != "running":
		return style.paint(fmt.Sprintf("✗ %s %s", n.ID, n.State), red)
	case !n.Up:
		return style.paint(fmt.Sprintf("? %s silent", n.ID), yellow)
	case n.ID == s.Leader:
		return style.paint(fmt.Sprintf("● %s leader", n.ID), green)
	}
	return fmt.Sprintf("○ %s", n.ID)
}

// Sparkline draws numbers as a row of bars against the largest of them.
func Sparkline(of []int64) string {
	if len(of) == 0 {
		return ""
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	top := max(1, slices.Max(of))
	var out strings.Builder
	for _, n := range of {
		out.WriteRune(bars[min(int(max(0, n)*int64(len(bars))/(top+1)), len(bars)-1)])
	}
	return out.String()
}
