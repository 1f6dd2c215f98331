package html

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// comparison is a comparison as its template sees it.
type comparison struct {
	*compare.Comparison
	Verdict, Tone string
	Tolerance     string
	Rows          []comparedRow
	Sides         []side
	Claims        []claimRow
	Curves        []curveChart
}

type comparedRow struct {
	Metric, Verdict, Base, New, Change, Interval, P string
	Before, After                                   []float64 // hundredths of the strip's width, a dot for each run
	From, To                                        float64
	Strip                                           bool
}

type side struct {
	Key  string
	Runs []comparedRun
}

type comparedRun struct {
	Run, Scenario, Verdict, Target, Rate, Slip string
	Seed                                       uint64
}

// WriteComparison writes the page of a comparison of two sets of runs.
func WriteComparison(w io.Writer, c *compare.Comparison) error {
	page := comparison{Comparison: c, Verdict: c.Word(), Tone: tone(c.Exit), Tolerance: fmt.Sprintf("%.3g %%", 100*c.Tolerance),
		Sides:  []side{{"base", comparedRuns(c.Base)}, {"new", comparedRuns(c.New)}},
		Claims: comparedClaims(c.Claims), Curves: curveCharts(c)}
	for _, r := range c.Rows {
		page.Rows = append(page.Rows, compared(r))
	}
	return write(w, "compare.gohtml", "", page, []byte("null"))
}

func compared(r compare.Row) comparedRow {
	row := comparedRow{Metric: r.Metric, Verdict: r.Verdict, Base: r.Show(r.From), New: r.Show(r.To), Change: r.ShowChange(), Interval: r.ShowInterval()}
	if math.IsNaN(r.P) {
		return row
	}
	row.P, row.Strip = compare.ShowP(r.P), true
	all := slices.Concat(r.Base, r.New)
	low, high := slices.Min(all), slices.Max(all)
	room := max((high-low)*.06, 1e-12)
	at := func(v float64) float64 { return math.Round(1000*(v-low+room)/(high-low+2*room)) / 10 }
	for _, v := range r.Base {
		row.Before = append(row.Before, at(v))
	}
	for _, v := range r.New {
		row.After = append(row.After, at(v))
	}
	row.From, row.To = at(r.From), at(r.To)
	return row
}

func comparedRuns(runs []compare.Run) (rows []comparedRun) {
	for _, r := range runs {
		d := r.Document
		rows = append(rows, comparedRun{Run: d.Run, Scenario: d.Scenario, Verdict: summary.Word(d.ExitCode), Seed: d.Seed,
			Target: fmt.Sprintf("%s %s × %d", d.Target.Name, d.Target.Version, d.Target.Nodes), Rate: fmt.Sprintf("%.0f of %.0f /s", d.Fidelity.Achieved, d.Fidelity.Offered),
			Slip: fmt.Sprintf("%.2f ms", 1000*d.Fidelity.SlipP99)})
	}
	return rows
}
