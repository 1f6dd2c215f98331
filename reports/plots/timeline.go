package plots

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Timeline draws a counterexample's operations on a real time axis, a row for each process.
func Timeline(s *summary.Summary, c summary.Counterexample) string {
	const rowHeight = 44
	from, to := Window(c.Ops)
	rows := Processes(c.Ops)
	high := 64 + rowHeight*len(rows)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="system-ui, -apple-system, Segoe UI, sans-serif" font-size="12">`,
		width, high, width, high)
	fmt.Fprintf(&b, `<title>%s</title><rect width="%d" height="%d" fill="#fff"/><text x="16" y="22" font-size="14" font-weight="600" fill="%s">%s</text>`,
		html.EscapeString(c.Why), width, high, ink, html.EscapeString(summary.Clip(c.Why, 110)))
	x := func(at time.Duration) float64 {
		return 110 + float64(at-from)/float64(max(1, to-from))*(width-130)
	}
	for i, p := range rows {
		fmt.Fprintf(&b, `<text x="16" y="%d" fill="%s">client %d</text>`, 64+rowHeight*i, faint, p)
	}
	for _, op := range c.Ops {
		y := 50 + rowHeight*slices.Index(rows, op.Process)
		colour := map[history.Outcome]string{history.OK: okColour, history.Fail: failColour, history.Unknown: infoColour}[op.Result.Outcome]
		begin, end := x(op.Call), x(op.Return)
		fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="6" rx="3" fill="%s"/>`, begin, y+10, max(4, end-begin), colour)
		anchor, at := "start", begin
		if begin > width*.6 {
			anchor, at = "end", max(end, begin+4)
		}
		asked, told := c.Say(op)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="%s" fill="%s">%s</text>`, at, y+4, anchor, ink, html.EscapeString(summary.Clip(asked+" → "+told, 80)))
	}
	for i := range 5 {
		at := from + time.Duration(i)*(to-from)/4
		anchor := []string{"start", "middle", "middle", "middle", "end"}[i]
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="%s" fill="%s">%s</text>`, x(at), high-10, anchor, faint, s.When(at))
	}
	return b.String() + "</svg>\n"
}

// Window is the span of time that operations take together.
func Window(ops []history.Op) (from, to time.Duration) {
	for i, op := range ops {
		if i == 0 || op.Call < from {
			from = op.Call
		}
		to = max(to, op.Return)
	}
	return from, to
}

// Processes are those of the operations, in order of their first call.
func Processes(ops []history.Op) (all []history.Process) {
	for _, op := range ops {
		if !slices.Contains(all, op.Process) {
			all = append(all, op.Process)
		}
	}
	return all
}
