package html

import (
	"fmt"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

type faultRow struct {
	Text, Kind, At, For, Effect, Evidence, Leaderless, FirstOK, Back string
}

func faultRows(s *summary.Summary) (rows []faultRow) {
	for _, f := range s.Faults {
		row := faultRow{Text: s.Describe(f.Fault), Kind: f.Name, At: claims.ShowDuration(s.Since(f.Start)), For: claims.ShowDuration(f.End - f.Start), Effect: "no",
			Evidence: summary.Clip(strings.Join(f.Evidence, "; "), 200), Leaderless: claims.ShowDuration(f.LeaderGap), FirstOK: reached(f.FirstOK), Back: reached(f.Back)}
		if f.TookEffect {
			row.Effect = "yes"
		}
		if f.Error != "" {
			row.Evidence = strings.TrimPrefix(row.Evidence+"; "+summary.Clip(f.Error, 200), "; ")
		}
		if f.Back == 0 {
			row.Back = "never fell"
		}
		rows = append(rows, row)
	}
	return rows
}

func reached(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return claims.ShowDuration(d)
}

type percentileRow struct {
	Op, Phase, From string
	Values          []string // p50, p90, p99, p99.9, p99.99, max
	Count           string
	First           bool // of its operation and phase
}

// shownQuantiles are the columns of the table. One that rests on less than an operation is left empty.
var shownQuantiles = []float64{.5, .9, .99, .999, .9999}

func percentileRows(s *summary.Summary) (rows []percentileRow) {
	for _, op := range s.Latency.Ops {
		for _, phase := range []string{latency.Quiet, latency.Faulty, latency.Recovery} {
			for _, face := range latency.Faces {
				h := s.Latency.Total(latency.Filter{Op: op, Phase: phase}, face)
				if h.Count() == 0 || face == latency.Send && !s.Latency.Open {
					continue
				}
				row := percentileRow{Op: op, Phase: phase, From: face.String(), Count: claims.Thousands(h.Count()), First: face == latency.Due}
				for _, q := range shownQuantiles {
					text := "–"
					if float64(h.Count())*(1-q) >= 1 {
						text = claims.ShowDuration(h.Quantile(q))
					}
					row.Values = append(row.Values, text)
				}
				row.Values = append(row.Values, claims.ShowDuration(h.Max()))
				rows = append(rows, row)
			}
		}
	}
	return rows
}

type outcomeRow struct{ Op, Outcome, Class, Count, Share, First, Last string }

func outcomeRows(s *summary.Summary) (rows []outcomeRow) {
	all := max(1, s.Latency.Count(latency.Filter{Outcomes: latency.Every}))
	for _, o := range s.Outcomes {
		rows = append(rows, outcomeRow{o.Op, summary.OutcomeWord(o.Outcome), o.Class, claims.Thousands(o.Count),
			fmt.Sprintf("%.3g %%", 100*float64(o.Count)/float64(all)), o.First, o.Last})
	}
	return rows
}

type memberRow struct {
	Node, Elected, Term, Revision, DB, Restarts string
	Troubles                                    []string
}

func memberRows(s *summary.Summary) (rows []memberRow) {
	for _, m := range s.Cluster {
		row := memberRow{string(m.Node), count(m.Elected), fmt.Sprint(m.Term), claims.Thousands(m.Revision), bytesText(m.DBBytes), count(m.Restarts), nil}
		for _, c := range m.Crashes {
			row.Troubles = append(row.Troubles, fmt.Sprintf("%s at line %d: %s", c.Class, c.No, summary.Clip(c.Line, 200)))
		}
		for _, e := range m.Exits {
			row.Troubles = append(row.Troubles, fmt.Sprintf("ended by itself at %s: %s", claims.ShowDuration(s.Since(e.At)), e.Status))
		}
		row.Troubles = append(row.Troubles, m.Notes...)
		rows = append(rows, row)
	}
	return rows
}

type fileRow struct {
	Path, Size, SHA256 string
	Link               bool
}
