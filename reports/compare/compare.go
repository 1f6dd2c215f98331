// Package compare says whether a set of runs is slower than another. One run against one says nothing: two runs of the
// same program differ too. Several against several are compared by rank.
package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"golang.org/x/perf/benchmath"

	"github.com/whitewater-kv/whitewater/internal/seed"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// LeastRuns is how many runs each side must have. With fewer, the rank test can hardly find anything: of four against
// four, even the most extreme order comes by chance in 3 of 100 cases, and is undone by a single run out of place.
const LeastRuns = 6

// The test's level, and the size of the bootstrap.
const (
	alpha      = .05
	resamples  = 1000
	confidence = .95
)

// Comparison is what the comparison of two sets of runs came to.
type Comparison struct {
	Base, New []Run
	Rows      []Row
	Claims    []Judged // on the difference; they decide, if there are any
	Warnings  []string
	Tolerance float64
	Exit      int // ExitPass, ExitClaim on a regression or a claim missed, ExitUnknown with too few runs
	Reason    string
}

// Row compares one metric.
type Row struct {
	Metric   string // "read p99"
	Unit     string // "ms", "/s", "runs"
	Higher   bool   // more is better
	Base     []float64
	New      []float64
	From, To float64 // medians
	Change   float64 // of the median, as a share: .12 is 12 % more
	Lo, Hi   float64 // the change's 95 % interval
	P        float64 // Mann-Whitney
	Verdict  string  // "same", "better", "worse", "too few runs"
}

// Compare compares new runs with base runs. A metric is worse only if the rank test says that the sets differ, and the
// whole interval of the change lies beyond the tolerance: a difference may be sure, and still too small to matter.
func Compare(base, other []Run, tolerance float64) *Comparison {
	c := &Comparison{Base: base, New: other, Tolerance: tolerance, Warnings: warnings(base, other)}
	rng := seed.Seed(len(base)).Stream("compare", len(other))
	for _, m := range metricsOf(append(slices.Clone(base), other...)) {
		row := Row{Metric: m.name, Unit: m.unit, Higher: m.higher, Base: m.values(base), New: m.values(other)}
		if len(row.Base) == 0 || len(row.New) == 0 {
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s was measured on one side only", m.name))
			continue
		}
		row.compare(tolerance, rng)
		c.Rows = append(c.Rows, row)
	}
	c.countViolations()
	c.conclude()
	return c
}

func (r *Row) compare(tolerance float64, rng *rand.Rand) {
	r.From, r.To = median(r.Base), median(r.New)
	r.Change = r.To/r.From - 1
	result := benchmath.AssumeNothing.Compare(sample(r.Base), sample(r.New))
	r.P = result.P
	r.Lo, r.Hi = interval(r.Base, r.New, rng)
	worse, better := r.Lo > tolerance, r.Hi < -tolerance
	if r.Higher {
		worse, better = better, worse
	}
	switch {
	case min(len(r.Base), len(r.New)) < LeastRuns:
		r.Verdict = "too few runs"
	case r.P < alpha && worse:
		r.Verdict = "worse"
	case r.P < alpha && better:
		r.Verdict = "better"
	default:
		r.Verdict = "same"
	}
}

func sample(values []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(values), &benchmath.Thresholds{CompareAlpha: alpha})
}

// interval is the bootstrap interval of the ratio of the medians, less one.
func interval(base, other []float64, rng *rand.Rand) (lo, hi float64) {
	draws := make([]float64, resamples)
	a, b := make([]float64, len(base)), make([]float64, len(other))
	for i := range draws {
		for j := range a {
			a[j] = base[rng.IntN(len(base))]
		}
		for j := range b {
			b[j] = other[rng.IntN(len(other))]
		}
		draws[i] = median(b)/median(a) - 1
	}
	sort.Float64s(draws)
	tail := int((1 - confidence) / 2 * resamples)
	return draws[tail], draws[resamples-1-tail]
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// violations is the metric that a claim never outweighs.
const violations = "violations"

// countViolations compares how many runs of each side were incorrect: that needs no statistics.
func (c *Comparison) countViolations() {
	count := func(runs []Run) (n float64) {
		for _, r := range runs {
			if r.Document.ExitCode == summary.ExitViolation {
				n++
			}
		}
		return n
	}
	before, after := count(c.Base), count(c.New)
	if before == 0 && after == 0 {
		return
	}
	row := Row{Metric: violations, Unit: "runs", Base: []float64{before}, New: []float64{after}, From: before, To: after, Change: math.NaN(), Lo: math.NaN(),
		Hi: math.NaN(), P: math.NaN(), Verdict: "same"}
	if before == 0 {
		row.Verdict = "worse"
	}
	c.Rows = append([]Row{row}, c.Rows...)
}

func (c *Comparison) conclude() {
	worse := c.worse()
	if len(c.Claims) > 0 && !slices.Contains(worse, violations) {
		c.concludeClaims()
		return
	}
	switch {
	case len(worse) > 0:
		c.Exit, c.Reason = summary.ExitClaim, fmt.Sprintf("worse: %s", list(worse))
	case len(c.Base) < LeastRuns || len(c.New) < LeastRuns:
		c.Exit = summary.ExitUnknown
		c.Reason = fmt.Sprintf("%d runs against %d: each side needs %d", len(c.Base), len(c.New), LeastRuns)
	case len(c.Rows) == 0:
		c.Exit, c.Reason = summary.ExitUnknown, "nothing was measured on both sides"
	default:
		c.Exit, c.Reason = summary.ExitPass, fmt.Sprintf("no metric is worse by more than %.3g %%", 100*c.Tolerance)
	}
}

func (c *Comparison) worse() (names []string) {
	for _, r := range c.Rows {
		if r.Verdict == "worse" {
			names = append(names, r.Metric)
		}
	}
	return names
}

func list(names []string) string {
	text := ""
	for i, n := range names {
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}

// Word is the comparison's verdict in capitals.
func (c *Comparison) Word() string {
	switch c.Exit {
	case summary.ExitPass:
		if len(c.Claims) > 0 {
			return "CLAIMS MET"
		}
		return "NO REGRESSION"
	case summary.ExitClaim:
		if len(c.Claims) > 0 && !slices.Contains(c.worse(), violations) {
			return "CLAIM MISSED"
		}
		return "REGRESSION"
	}
	return "UNKNOWN"
}

// Show writes a value of the row.
func (r Row) Show(v float64) string {
	switch r.Unit {
	case "ms":
		return claims.ShowDuration(millis(v))
	case "/s":
		return claims.Thousands(int64(math.Round(v))) + "/s"
	}
	return fmt.Sprintf("%g %s", v, r.Unit)
}

// ShowChange writes a change, and ShowInterval its interval; "" where there is none.
func (r Row) ShowChange() string { return percent(r.Change) }

// ShowInterval writes the interval of the change.
func (r Row) ShowInterval() string {
	if math.IsNaN(r.Lo) {
		return ""
	}
	return percent(r.Lo) + " … " + percent(r.Hi)
}

func percent(share float64) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return ""
	}
	return fmt.Sprintf("%+.1f %%", 100*share)
}

// Differences are the rows as a report's section shows them.
func (c *Comparison) Differences() (out []summary.Difference) {
	for _, r := range c.Rows {
		out = append(out, summary.Difference{Metric: r.Metric, Base: r.Show(r.From), New: r.Show(r.To), Change: r.ShowChange(), Interval: r.ShowInterval(), P: ShowP(r.P), Verdict: r.Verdict})
	}
	return out
}
