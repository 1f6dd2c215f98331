package claims

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/whitewater-kv/whitewater/reports/latency"
)

// The bootstrap's size: resamples of blocks of seconds. Latencies of neighbouring seconds resemble one another (a
// stall, a compaction), so single seconds must not be drawn as if they were independent: blocks keep neighbours
// together (Künsch 1989, "The Jackknife and the Bootstrap for General Stationary Observations").
const (
	Resamples  = 500
	Block      = 5 // seconds, at least: a longer phase is drawn in blocks of the square root of its length
	Confidence = .95
)

// second is one second of a phase: how many latencies of each distinct value, and what else is counted.
type second struct {
	buckets []bucket
	total   int64
	part    int64 // of total: the failed, the unknown, …
}

type bucket struct {
	index int // into the sample's values
	count int64
}

// sample is a phase's seconds, ready to be drawn from.
type sample struct {
	seconds []second
	values  []int64 // distinct latencies, rising
}

// latencies gathers a phase's latencies second by second; seconds without any are drawn too, as what they are.
func latencies(r *latency.Recording, f latency.Filter) sample {
	at := places(r, f.Phase)
	s := sample{seconds: make([]second, len(at))}
	distinct := map[int64]int{}
	each := func(visit func(sec *second, ns, count int64)) {
		for i := range r.Slices {
			if slice := &r.Slices[i]; f.Match(slice) {
				slice.Buckets(latency.Due, func(ns, count int64) { visit(&s.seconds[at[slice.Second]], ns, count) })
			}
		}
	}
	each(func(_ *second, ns, _ int64) { distinct[ns] = 0 })
	for ns := range distinct {
		s.values = append(s.values, ns)
	}
	slices.Sort(s.values)
	for i, ns := range s.values {
		distinct[ns] = i
	}
	each(func(sec *second, ns, count int64) {
		sec.buckets = append(sec.buckets, bucket{distinct[ns], count})
		sec.total += count
	})
	return s
}

// counts gathers how many operations a phase's seconds had, and how many of them are in part.
func counts(r *latency.Recording, whole, part latency.Filter) sample {
	at := places(r, whole.Phase)
	s := sample{seconds: make([]second, len(at))}
	for i := range r.Slices {
		slice := &r.Slices[i]
		if whole.Match(slice) {
			s.seconds[at[slice.Second]].total += slice.Count
		}
		if part.Match(slice) {
			s.seconds[at[slice.Second]].part += slice.Count
		}
	}
	return s
}

// places says where each second that a phase has a part of, or operations of, stands in the sample.
func places(r *latency.Recording, phase string) map[int]int {
	seconds := r.Seconds(phase, false)
	for i := range r.Slices { // what waited while a fault began was due in a second without one
		if s := &r.Slices[i]; phase == latency.All || phase == s.Phase {
			seconds = append(seconds, s.Second)
		}
	}
	slices.Sort(seconds)
	at := map[int]int{}
	for i, n := range slices.Compact(seconds) {
		at[n] = i
	}
	return at
}

// interval is the confidence interval of a statistic of the sample's seconds, by the moving-block bootstrap. Its tails
// are widened for the small number of blocks, as Hesterberg's "expanded percentile" interval is (2015, "What Teachers
// Should Know About the Bootstrap", section 5.3), and because latencies are skewed, it reaches as far as the percentile
// interval or its reflection on a logarithmic scale, whichever is farther: the plain one holds too seldom.
func (s sample) interval(rng *rand.Rand, statistic func(weights []int64) float64) (lo, hi float64) {
	n := len(s.seconds)
	block := min(n, max(Block, int(math.Sqrt(float64(n)))))
	draws := make([]float64, Resamples)
	weights := make([]int64, n)
	for i := range draws {
		clear(weights)
		for drawn := 0; drawn < n; drawn += block {
			begin := rng.IntN(n - block + 1)
			for j := range min(block, n-drawn) {
				weights[begin+j]++
			}
		}
		draws[i] = statistic(weights)
	}
	sort.Float64s(draws)
	tail := expandedTail((1-Confidence)/2, max(2, float64(n)/float64(block)))
	lo, hi = at(draws, tail), at(draws, 1-tail)
	if v := statistic(s.once()); lo > 0 && v > 0 {
		lo, hi = min(lo, v*v/hi), max(hi, v*v/lo)
	}
	return lo, hi
}

// quantile is the q-quantile of the seconds, each taken as often as its weight says; NaN if there is none.
func (s sample) quantile(q float64) func(weights []int64) float64 {
	count := make([]int64, len(s.values))
	return func(weights []int64) float64 {
		clear(count)
		var total int64
		for i, w := range weights {
			if w > 0 {
				total += w * s.seconds[i].total
				for _, b := range s.seconds[i].buckets {
					count[b.index] += w * b.count
				}
			}
		}
		rank := max(1, int64(math.Ceil(q*float64(total))))
		for i, n := range count {
			if rank -= n; rank <= 0 && n > 0 {
				return float64(s.values[i])
			}
		}
		return math.NaN()
	}
}

// mean is the average per second; share is the part of the whole.
func (s sample) mean(weights []int64) float64 {
	var sum, n float64
	for i, w := range weights {
		sum += float64(w * s.seconds[i].total)
		n += float64(w)
	}
	return sum / n
}

func (s sample) share(weights []int64) float64 {
	var part, total float64
	for i, w := range weights {
		part += float64(w * s.seconds[i].part)
		total += float64(w * s.seconds[i].total)
	}
	if total == 0 {
		return 0
	}
	return part / total
}

func (s sample) once() []int64 {
	weights := make([]int64, len(s.seconds))
	for i := range weights {
		weights[i] = 1
	}
	return weights
}

// at reads a quantile off sorted draws, between neighbours. Draws without a value sort first and are left out.
func at(sorted []float64, q float64) float64 {
	for len(sorted) > 1 && math.IsNaN(sorted[0]) {
		sorted = sorted[1:]
	}
	place := q * float64(len(sorted)-1)
	low := int(place)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (place-float64(low))*(sorted[high]-sorted[low])
}

// expandedTail is the share that each tail must have so that, with n independent blocks, the interval is as wide as
// Student's t and the unbiased variance ask.
func expandedTail(tail, n float64) float64 {
	return normal(-math.Sqrt(n/(n-1)) * student(tail, n-1))
}

func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// student is the upper quantile of Student's t, from the normal one by the Cornish-Fisher series (Abramowitz and Stegun
// 26.7.5); for a single degree of freedom, where the series fails, the exact value.
func student(tail, freedom float64) float64 {
	if freedom < 1.5 {
		return math.Tan(math.Pi * (.5 - tail))
	}
	z := math.Sqrt2 * math.Erfinv(1-2*tail)
	z3, z5, z7 := z*z*z, math.Pow(z, 5), math.Pow(z, 7)
	return z + (z3+z)/(4*freedom) + (5*z5+16*z3+3*z)/(96*freedom*freedom) +
		(3*z7+19*z5+17*z3-15*z)/(384*freedom*freedom*freedom)
}
