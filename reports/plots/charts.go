package plots

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Rate draws the operations that ended in each second, by outcome, against what was due.
func Rate(s *summary.Summary) string {
	c := newCanvas("Throughput", s.Story, s)
	ok, fail, info := make([]float64, len(s.Latency.Ended)), make([]float64, len(s.Latency.Ended)), make([]float64, len(s.Latency.Ended))
	c.top = 1
	for i, e := range s.Latency.Ended {
		ok[i], fail[i], info[i] = float64(e.OK), float64(e.Fail), float64(e.Unknown)
		c.top = max(c.top, ok[i]*1.05)
	}
	due := Offered(s.Latency)
	for _, v := range due {
		if !math.IsNaN(v) {
			c.top = max(c.top, v*1.05)
		}
	}
	c.faults(s)
	c.axes(func(v float64) string { return claims.Thousands(int64(v)) })
	c.line(due, faint, "4 3")
	c.line(ok, okColour, "")
	c.line(info, infoColour, "6 2")
	c.line(fail, failColour, "2 2")
	c.legend([3]string{"ok/s", okColour, ""}, [3]string{"info", infoColour, "6 2"}, [3]string{"fail", failColour, "2 2"}, [3]string{"offered", faint, "4 3"})
	return c.end()
}

// Offered is what was due in each second of the load; NaN in a closed loop, which offers nothing.
func Offered(r *latency.Recording) []float64 {
	due := make([]float64, len(r.Ended))
	for i := range r.Slices {
		if r.Slices[i].Second < len(due) {
			due[r.Slices[i].Second] += float64(r.Slices[i].Count)
		}
	}
	for i, n := range r.Unsent {
		due[i] += float64(n)
	}
	if !r.Open {
		for i := range due {
			due[i] = math.NaN()
		}
	}
	return due
}

// Raw draws where the latencies of each second lie, darker where there are more, and marks the slowest, the failed and
// the unknown one by one.
func Raw(s *summary.Summary) string {
	c := newCanvas("Latency from due time", "Latency of each second's operations, on a logarithmic scale.", s)
	c.low, c.top, c.log = 1e-4, ceiling(s), true
	c.faults(s)
	c.axes(showSeconds)
	wide := max(.5, float64(width-left-right)/c.length)
	for _, cell := range Heat(s.Latency, latency.Due, int(math.Ceil(c.length))) {
		fmt.Fprintf(c, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="%.2f"/>`, c.x(float64(cell.Column)),
			c.y(cell.High.Seconds()), wide, max(1, c.y(cell.Low.Seconds())-c.y(cell.High.Seconds())), okColour, .12+.88*cell.Share)
	}
	for _, p := range s.Points {
		colour, at := okColour, s.Since(p.At).Seconds()
		switch p.Outcome {
		case history.Fail:
			colour = failColour
		case history.Unknown:
			colour = infoColour
		}
		fmt.Fprintf(c, `<circle cx="%.1f" cy="%.1f" r="1.5" fill="%s"/>`, c.x(at), c.y(p.Latency.Seconds()), colour)
	}
	c.legend([3]string{"ok", okColour, ""}, [3]string{"info", infoColour, ""}, [3]string{"fail", failColour, ""})
	return c.end()
}

// ceiling is the power of ten above the longest latency.
func ceiling(s *summary.Summary) float64 {
	longest := s.Latency.Total(latency.Filter{Outcomes: latency.Every}, latency.Due).Max()
	return max(.01, math.Pow(10, math.Ceil(math.Log10(max(1e-9, longest.Seconds())))))
}

// Quantiles draws the percentiles of each second's OK operations.
func Quantiles(s *summary.Summary) string {
	c := newCanvas("Latency percentiles from due time", "p50, p95, p99 and the maximum of each second's OK operations, on a logarithmic scale.", s)
	c.low, c.top, c.log = 1e-4, ceiling(s), true
	c.faults(s)
	c.axes(showSeconds)
	shown := []struct {
		name, colour, dash string
		q                  float64
	}{{"p50", "#2F7FC4", "", .5}, {"p95", "#3A9A5C", "6 2", .95}, {"p99", "#C2410C", "", .99}, {"max", "#8250DF", "2 2", 1}}
	var entries [][3]string
	for _, q := range shown {
		c.line(PerSecond(s.Latency, latency.Due, q.q), q.colour, q.dash)
		entries = append(entries, [3]string{q.name, q.colour, q.dash})
	}
	c.legend(entries...)
	return c.end()
}

// PerSecond is a quantile of each second's OK operations, in seconds; NaN where there were none.
func PerSecond(r *latency.Recording, face latency.Face, q float64) []float64 {
	out := make([]float64, len(r.Ended))
	for i := range out {
		out[i] = math.NaN()
	}
	for i := 0; i < len(r.Slices); {
		second, h := r.Slices[i].Second, latency.NewHistogram()
		for ; i < len(r.Slices) && r.Slices[i].Second == second; i++ {
			if r.Slices[i].Outcome == history.OK {
				h.MergeSlice(&r.Slices[i], face)
			}
		}
		if h.Count() > 0 && second < len(out) {
			out[second] = h.Quantile(q).Seconds()
		}
	}
	return out
}

// Cell is a rectangle of a heat map: so large a share of the fullest cell's operations took between Low and High.
type Cell struct {
	Column    int
	Row       int
	Low, High time.Duration
	Count     int64
	Share     float64 // 0 to 1, on a square root scale: few operations are visible beside many
}

// rowsPerDecade is the heat map's resolution in latency, heatLow its lower edge.
const rowsPerDecade = 10

const heatLow = 100 * time.Microsecond

// Heat sorts the OK operations into cells, of a second or (where there are more seconds than columns) of several.
func Heat(r *latency.Recording, face latency.Face, columns int) []Cell {
	per := max(1, (len(r.Ended)+columns-1)/max(1, columns))
	counts := map[[2]int]int64{}
	for i := range r.Slices {
		if s := &r.Slices[i]; s.Outcome == history.OK {
			s.Buckets(face, func(ns, count int64) {
				row := int(math.Floor(rowsPerDecade * math.Log10(float64(ns)/float64(heatLow))))
				counts[[2]int{s.Second / per, max(0, row)}] += count
			})
		}
	}
	var most int64 = 1
	cells := make([]Cell, 0, len(counts))
	for at, n := range counts {
		most = max(most, n)
		cells = append(cells, Cell{Column: at[0], Row: at[1], Low: edge(at[1]), High: edge(at[1] + 1), Count: n})
	}
	for i := range cells {
		cells[i].Share = math.Sqrt(float64(cells[i].Count) / float64(most))
	}
	slices.SortFunc(cells, func(a, b Cell) int {
		if a.Column != b.Column {
			return a.Column - b.Column
		}
		return a.Row - b.Row
	})
	return cells
}

func edge(row int) time.Duration {
	return time.Duration(float64(heatLow) * math.Pow(10, float64(row)/rowsPerDecade))
}
