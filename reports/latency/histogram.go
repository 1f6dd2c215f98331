package latency

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The histograms' range and precision: nanoseconds from a microsecond to five minutes, three digits.
const (
	lowest  = int64(time.Microsecond)
	highest = int64(5 * time.Minute)
	digits  = 3
)

// Histogram is a distribution of durations, exact to three digits. It is not safe for concurrent use.
type Histogram struct {
	dense   *hdrhistogram.Histogram
	Clipped int64 // durations beyond five minutes, recorded as five minutes
}

// NewHistogram makes an empty one.
func NewHistogram() *Histogram {
	return &Histogram{dense: hdrhistogram.New(lowest, highest, digits)}
}

// Record adds a duration. One beyond the range is recorded at its limit and counted in Clipped; a negative one is zero.
func (h *Histogram) Record(d time.Duration) {
	ns, over := inRange(d)
	if h.dense.RecordValue(ns) != nil || over {
		h.Clipped++
	}
}

// inRange brings a duration into the histograms' range, and reports whether it was beyond it.
func inRange(d time.Duration) (ns int64, over bool) {
	return min(max(0, int64(d)), highest), int64(d) > highest
}

// Merge adds another histogram's durations.
func (h *Histogram) Merge(from *Histogram) {
	h.dense.Merge(from.dense)
	h.Clipped += from.Clipped
}

func (h *Histogram) reset() {
	h.dense.Reset()
	h.Clipped = 0
}

// Count is the number of durations recorded.
func (h *Histogram) Count() int64 { return h.dense.TotalCount() }

// Quantile is the duration at a quantile from 0 to 1, and zero if there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(min(h.dense.ValueAtPercentile(100*q), h.dense.Max()))
}

// Max is the longest.
func (h *Histogram) Max() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.dense.Max())
}

// Mean is the average.
func (h *Histogram) Mean() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.dense.Mean())
}

// Point is one point of a percentile curve.
type Point struct {
	Quantile float64 // 0 to 1
	At       time.Duration
	Count    int64 // durations up to here
}

// Curve is the percentile distribution, with ticks points for each halving of the distance to 1.
func (h *Histogram) Curve(ticks int) []Point {
	if h.Count() == 0 {
		return nil
	}
	var points []Point
	for _, b := range h.dense.CumulativeDistributionWithTicks(int32(ticks)) {
		points = append(points, Point{b.Quantile / 100, time.Duration(b.ValueAt), b.Count})
	}
	return points
}
