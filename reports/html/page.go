package html

import (
	"fmt"
	"html/template"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/plots"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// page is the report as the template sees it: text, ready to be shown.
type page struct {
	*summary.Summary
	Tone            string // "good", "bad", "open": the verdict's colour
	Facts           []fact
	Checks          []checkRow
	Claims          []claimRow
	Counterexamples []counterexample
	MoreExamples    int // that have folders alone
	Lanes           []lane
	TimeAxis        []tick
	Faults          []faultRow
	Percentiles     []percentileRow
	Omission        string
	Outcomes        []outcomeRow
	Members         []memberRow
	Leaders         string
	Doubt           string
	Aria            map[string]string
	Static          []template.HTML // charts for readers without scripts
	Files           []fileRow
	Glossary        any
	Open            bool
	Clock           string // the word for the moment from which times count
}

type fact struct{ Key, Value string }

type checkRow struct {
	Name, Result, Why, Ops, Keys, Took string
	Details                            []string
}

type claimRow struct {
	Expr, Result, Value, Interval, Phase, N, Note, Where string
	Bar                                                  *bar
}

// bar shows an interval against its limit, in hundredths of its width.
type bar struct {
	Lo, Width, Value, Limit float64
	Text                    string
}

type tick struct {
	At, Label string
	Anchor    string
}

func newPage(s *summary.Summary) *page {
	p := &page{Summary: s, Tone: tone(s.Exit), Omission: s.Omission(), Doubt: s.Untrusted(), Glossary: glossary, Open: s.Latency.Open, Clock: "clock"}
	if s.Latency.Start == 0 {
		p.Clock = "clock of the run"
	}
	p.Facts = facts(s)
	for _, r := range s.Checks {
		p.Checks = append(p.Checks, checkRow{r.Checker, summary.VerdictWord(r.Verdict), r.Why, count(r.Ops), count(r.Keys), claims.ShowDuration(r.Took), r.Details})
	}
	for _, c := range s.Claims {
		p.Claims = append(p.Claims, claim(c))
	}
	shown := s.Foremost(counterexamplesShown)
	for _, c := range shown {
		p.Counterexamples = append(p.Counterexamples, newCounterexample(s, c))
	}
	p.MoreExamples = len(s.Counterexamples) - len(shown)
	p.Lanes, p.TimeAxis = lanes(s), timeAxis(s)
	p.Faults = faultRows(s)
	p.Percentiles = percentileRows(s)
	p.Outcomes = outcomeRows(s)
	p.Members = memberRows(s)
	p.Leaders = leaders(s)
	p.Aria = aria(s)
	for _, svg := range []string{plots.Rate(s), plots.Quantiles(s)} {
		p.Static = append(p.Static, template.HTML(svg)) // made here; recorded text in it is escaped
	}
	for _, f := range s.Files {
		p.Files = append(p.Files, fileRow{f.Path, bytesText(f.Bytes), f.SHA256, linked(f.Path)})
	}
	return p
}

func tone(exit int) string {
	switch exit {
	case summary.ExitPass:
		return "good"
	case summary.ExitViolation, summary.ExitClaim, summary.ExitInternal:
		return "bad"
	}
	return "open"
}

func facts(s *summary.Summary) []fact {
	pace := "closed loop"
	if s.Latency.Open {
		pace = fmt.Sprintf("open loop, %s/s", claims.Thousands(int64(s.Latency.Offered+.5)))
	}
	took := time.Duration(0)
	for _, r := range s.Checks {
		took += r.Took
	}
	all := []fact{
		{"target", strings.TrimSpace(fmt.Sprintf("%s %s × %d", s.Meta.Target, s.Meta.Version, len(s.Meta.Nodes)))},
		{"workload", strings.TrimSpace(s.Meta.Workload + " " + consistency(s.Meta.Consistency))},
		{"load", pace}, {"seed", fmt.Sprint(s.Meta.Seed)}, {"length", claims.ShowDuration(s.Latency.Length)},
		{"operations", count(s.Total)}, {"fault count", count(len(s.Faults))}, {"leader changes", count(max(0, len(s.Leaders)-1))},
		{"checker time", claims.ShowDuration(took)}, {"exit code", fmt.Sprint(s.Exit)},
	}
	if !s.Meta.Epoch.IsZero() {
		all = append(all, fact{"started", s.Meta.Epoch.UTC().Format("2006-01-02 15:04:05 UTC")})
	}
	return all
}

// consistency spells out the letters of etcd's benchmark.
func consistency(name string) string {
	switch name {
	case "l":
		return "linearizable"
	case "s":
		return "serializable"
	}
	return name
}

func count(n int) string { return claims.Thousands(int64(n)) }

func claim(c claims.Judged) claimRow {
	row := claimRow{Expr: c.Expr, Result: c.Verdict.String(), Value: c.Show(c.Value), Interval: c.Interval(), Phase: c.Phase, N: claims.Thousands(c.N),
		Note: strings.Trim(c.Why+"; "+c.Advice(), "; "), Bar: claimBar(c)}
	if c.N == 0 {
		row.N = ""
	}
	if c.File != "" {
		row.Where = fmt.Sprintf("%s:%d", c.File, c.Line)
	}
	return row
}

func claimBar(c claims.Judged) *bar {
	if math.IsNaN(c.Value) || c.Sign == "" {
		return nil
	}
	lo, hi := c.Value, c.Value
	if !math.IsNaN(c.Lo) && !math.IsNaN(c.Hi) {
		lo, hi = c.Lo, c.Hi
	}
	from, to := min(lo, c.Limit), max(hi, c.Limit)
	room := max((to-from)*.12, 1e-12)
	from, to = from-room, to+room
	at := func(v float64) float64 { return math.Round(1000*(v-from)/(to-from)) / 10 }
	return &bar{at(lo), max(.8, at(hi)-at(lo)), at(c.Value), at(c.Limit),
		fmt.Sprintf("%s, limit %s", strings.TrimSpace(c.Show(c.Value)+" "+c.Interval()), c.Show(c.Limit))}
}

// lane is a member's course as bars, in seconds since the load's start; the page's script moves them when it zooms.
type lane struct {
	Node  string
	Spans []laneSpan
	Cut   []laneSpan
	Aria  string
}

type laneSpan struct {
	From, To     float64
	Left, Width  string // per cent
	State, Label string
	Title        string
}

func lanes(s *summary.Summary) (out []lane) {
	for _, l := range s.Lanes {
		row := lane{Node: string(l.Node)}
		var words []string
		for _, span := range l.Spans {
			bar, ok := place(s, span.Span)
			if !ok {
				continue
			}
			bar.State = strings.ReplaceAll(span.State, " ", "-")
			bar.Title = fmt.Sprintf("%s: %s, term %d, %.1f – %.1f s", l.Node, span.State, span.Term, bar.From, bar.To)
			if (bar.To-bar.From)/s.Latency.Length.Seconds() > .06 {
				bar.Label = laneLabel(span)
			}
			words = append(words, fmt.Sprintf("%s from %.1f s", span.State, bar.From))
			row.Spans = append(row.Spans, bar)
		}
		for _, span := range l.Cut {
			if bar, ok := place(s, span); ok {
				bar.State, bar.Title = "cut", fmt.Sprintf("%s: cut off, %.1f – %.1f s", l.Node, bar.From, bar.To)
				words = append(words, fmt.Sprintf("cut off from %.1f s", bar.From))
				row.Cut = append(row.Cut, bar)
			}
		}
		row.Aria = string(l.Node) + ": " + summary.Clip(strings.Join(words, ", "), 400)
		out = append(out, row)
	}
	return out
}

func laneLabel(s summary.Stretch) string {
	switch s.State {
	case "leader":
		return fmt.Sprintf("leader · %d", s.Term)
	case "follower":
		return ""
	}
	return s.State
}

func place(s *summary.Summary, span summary.Span) (laneSpan, bool) {
	length := s.Latency.Length.Seconds()
	from, to := max(0, s.Since(span.From).Seconds()), min(length, s.Since(span.To).Seconds())
	if from >= to || length <= 0 {
		return laneSpan{}, false
	}
	return laneSpan{From: round(from), To: round(to), Left: percent(from / length), Width: percent((to - from) / length)}, true
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }

func timeAxis(s *summary.Summary) (ticks []tick) {
	length := s.Latency.Length.Seconds()
	for i, anchor := range []string{"start", "middle", "middle", "middle", "end"} {
		ticks = append(ticks, tick{fmt.Sprintf("%d%%", 25*i), fmt.Sprintf("%.3g s", length*float64(i)/4), anchor})
	}
	return ticks
}

func aria(s *summary.Summary) map[string]string {
	all := s.Latency.Total(latency.Filter{}, latency.Due)
	return map[string]string{
		"rate": "Throughput: " + s.Story + ".",
		"latency": fmt.Sprintf("Latency from due time over the load: p50 %s, p99 %s, longest %s.", claims.ShowDuration(all.Quantile(.5)),
			claims.ShowDuration(all.Quantile(.99)), claims.ShowDuration(all.Max())),
		"curve": fmt.Sprintf("Percentile curves; the 99.9th percentile of the load is %s.", claims.ShowDuration(all.Quantile(.999))),
	}
}

func leaders(s *summary.Summary) string {
	var parts []string
	for _, l := range s.Leaders {
		parts = append(parts, fmt.Sprintf("%s (term %d) from %s", l.Node, l.Term, claims.ShowDuration(max(0, s.Since(l.At)))))
	}
	return summary.Clip(strings.Join(parts, ", "), 600)
}

// linked reports whether a file is worth a link: what a browser shows.
func linked(name string) bool {
	return slices.Contains([]string{".html", ".svg", ".json", ".md", ".txt", ".csv", ".xml", ".yaml", ".log", ".prom", ".hgrm", ".jsonl"}, path.Ext(name))
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
