package html

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// A chart of percentile curves: its size in the units of its view box, the room around its axes, and how many runs of a
// side are drawn one by one.
const (
	curveWidth, curveHeight         = 360, 230
	curveLeft, curveRight           = 54, 26
	curveTop, curveBottom           = 10, 24
	curveRuns                       = 12
	curvePoints                     = 12 // for each tenfold rarer
	curveSpanX, curveSpanY          = curveWidth - curveLeft - curveRight, curveHeight - curveTop - curveBottom
	curveDecades            float64 = 5 // the rarest shown: one of 100,000
)

// curveChart is the percentile curves of one operation, both sides: each run faint, all runs of a side together strong.
type curveChart struct {
	Op, Aria string
	Lines    []curveLine
	Across   []curveTick // of the vertical axis
	Down     []curveTick // of the horizontal one
}

type curveLine struct{ Class, Points string }

type curveTick struct {
	At    float64
	Label string
}

// curveCharts draws the quiet phase of every operation that has a log on both sides.
func curveCharts(c *compare.Comparison) (all []curveChart) {
	ops := map[string]bool{}
	for _, r := range c.New {
		for tag := range r.Latencies {
			if op, _, marked := strings.Cut(tag, "."); !marked {
				ops[op] = true
			}
		}
	}
	for _, op := range slices.Sorted(maps.Keys(ops)) {
		before, after := sideCurves(c.Base, op), sideCurves(c.New, op)
		if len(before) > 0 && len(after) > 0 {
			all = append(all, newCurveChart(op, before, after))
		}
	}
	return all
}

// sideCurves are the histograms of a side: all runs together, then each.
func sideCurves(runs []compare.Run, op string) []*latency.Histogram {
	sum := latency.NewHistogram()
	each := []*latency.Histogram{sum}
	for _, r := range runs {
		h := r.Histogram(op, latency.Quiet)
		if h.Count() == 0 {
			continue
		}
		if sum.Merge(h); len(each) <= curveRuns {
			each = append(each, h)
		}
	}
	if sum.Count() == 0 {
		return nil
	}
	return each
}

func newCurveChart(op string, before, after []*latency.Histogram) curveChart {
	chart := curveChart{Op: op, Aria: fmt.Sprintf("%s, latency by percentile: base p50 %s, p99 %s; new p50 %s, p99 %s", op, claims.ShowDuration(before[0].Quantile(.5)),
		claims.ShowDuration(before[0].Quantile(.99)), claims.ShowDuration(after[0].Quantile(.5)), claims.ShowDuration(after[0].Quantile(.99)))}
	low, high, decades := math.Inf(1), 0.0, 1.0
	for _, h := range slices.Concat(before, after) {
		low, high = min(low, max(1e-6, h.Quantile(0).Seconds())), max(high, h.Max().Seconds())
		decades = min(curveDecades, max(decades, math.Log10(float64(h.Count()))))
	}
	bottom, top := math.Floor(math.Log10(low)), math.Ceil(math.Log10(max(high, low*1.01)))
	x := func(decade float64) float64 { return curveLeft + decade/decades*curveSpanX }
	y := func(d time.Duration) float64 {
		return curveTop + (top-math.Log10(max(1e-6, d.Seconds())))/(top-bottom)*curveSpanY
	}
	for _, side := range []struct {
		class string
		all   []*latency.Histogram
	}{{"base", before}, {"new", after}} {
		for i := len(side.all) - 1; i >= 0; i-- {
			class := side.class
			if i > 0 {
				class += " each"
			}
			chart.Lines = append(chart.Lines, curveLine{class, polyline(side.all[i], decades, x, y)})
		}
	}
	for decade := 0.0; decade <= decades; decade++ {
		chart.Down = append(chart.Down, curveTick{tenth(x(decade)), strconv.FormatFloat(100*(1-math.Pow(10, -decade)), 'g', 6, 64) + " %"})
	}
	for power := bottom; power <= top; power++ {
		d := time.Duration(math.Pow(10, power) * float64(time.Second))
		chart.Across = append(chart.Across, curveTick{tenth(y(d)), strings.NewReplacer(".00 ", " ", ".0 ", " ").Replace(claims.ShowDuration(d))})
	}
	return chart
}

// polyline reads a histogram at ever rarer places, as far as it has operations so rare.
func polyline(h *latency.Histogram, decades float64, x func(float64) float64, y func(time.Duration) float64) string {
	var points []string
	for i := 0; ; i++ {
		decade := float64(i) / curvePoints
		if decade > decades || math.Pow(10, decade) > float64(h.Count()) {
			return strings.Join(points, " ")
		}
		points = append(points, fmt.Sprintf("%g,%g", tenth(x(decade)), tenth(y(h.Quantile(1-math.Pow(10, -decade))))))
	}
}

func tenth(v float64) float64 { return math.Round(10*v) / 10 }

// comparedClaims are the claims on the difference as rows: claim, result, change, interval, note.
func comparedClaims(all []compare.Judged) (rows []claimRow) {
	for _, j := range all {
		rows = append(rows, claimRow{Expr: j.Expr, Result: j.Verdict.String(), Value: j.ShowChange(), Interval: j.ShowInterval(), Note: j.Why})
	}
	return rows
}
