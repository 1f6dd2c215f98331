package compare

import (
	"fmt"
	"math"
	"strings"

	"github.com/whitewater-kv/whitewater/internal/seed"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Judged is a claim on the difference, with its verdict and what it rests on.
type Judged struct {
	claims.Claim
	Verdict  claims.Verdict
	From, To float64 // medians of the two sides, in milliseconds or per second; NaN if there are none
	Change   float64 // as a share, with its 95 % interval
	Lo, Hi   float64
	Why      string // of one that is inconclusive
}

// Judge judges claims on the difference: met if the whole interval of the change is on the right side, missed if the
// whole of it is on the wrong one. They then decide the comparison, in place of its tolerance; a violation that was not
// there before still does.
func (c *Comparison) Judge(all []claims.Claim) {
	for i, claim := range all {
		c.Claims = append(c.Claims, c.judge(claim, i))
	}
	if len(all) > 0 {
		c.conclude()
	}
}

func (c *Comparison) judge(claim claims.Claim, i int) Judged {
	j := Judged{Claim: claim, From: math.NaN(), To: math.NaN(), Change: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
	m := metric{value: func(r Run) (float64, bool) { return r.measured(claim) }}
	base, other := m.values(c.Base), m.values(c.New)
	switch {
	case len(base) == 0 || len(other) == 0:
		j.Why = "it was not measured on both sides"
		return j
	case min(len(base), len(other)) < LeastRuns:
		j.Why = fmt.Sprintf("%d runs against %d: each side needs %d", len(other), len(base), LeastRuns)
	}
	j.From, j.To = median(base), median(other)
	j.Change = j.To/j.From - 1
	j.Lo, j.Hi = interval(base, other, seed.Seed(len(base)).Stream("compare claim", i))
	if j.Why != "" {
		return j
	}
	switch low, high := j.Holds(j.Lo), j.Holds(j.Hi); {
	case math.IsNaN(j.Lo) || math.IsNaN(j.Hi):
		j.Why = "there is no change to speak of"
	case low && high:
		j.Verdict = claims.Met
	case !low && !high:
		j.Verdict = claims.Missed
	default:
		j.Why = "the interval contains the limit: more runs would narrow it"
	}
	return j
}

// measured is what a run says of a claim's metric: a percentile in milliseconds, or a rate per second.
func (r Run) measured(c claims.Claim) (float64, bool) {
	if c.Metric.Name == "rate" {
		return r.rate(c.Op, c.Phase)
	}
	if h := r.Histogram(c.Op, c.Phase); h.Count() > 0 {
		return float64(h.Quantile(c.Metric.Quantile)) / 1e6, true
	}
	set, ok := r.Document.Latency[c.Op]
	v, known := map[string]float64{"p50": set.P50, "p99": set.P99, "p99.9": set.P999}[c.Metric.Name]
	return v, ok && known && set.Phase == c.Phase && set.PerSecond > 0
}

// rate is known of the phase that verdict.json tells of, and of the whole load.
func (r Run) rate(op, phase string) (sum float64, ok bool) {
	for name, set := range r.Document.Latency {
		if (op == latency.All || op == name) && set.Phase == phase && set.PerSecond > 0 {
			sum, ok = sum+set.PerSecond, true
		}
	}
	if phase != latency.All || ok {
		return sum, ok
	}
	n := r.Histogram(op, phase).Count()
	return float64(n) / r.Document.Seconds, n > 0 && r.Document.Seconds > 0
}

// Histogram is all that a run's log has of an operation in a phase, from due time; either may be "all".
func (r Run) Histogram(op, phase string) *latency.Histogram {
	sum := latency.NewHistogram()
	for tag, h := range r.Latencies {
		name, of, marked := strings.Cut(tag, ".")
		if !marked {
			of = latency.Quiet
		}
		if of == latency.Send.String() || strings.HasPrefix(of, latency.Send.String()+".") {
			continue
		}
		if (op == latency.All || op == name) && (phase == latency.All || phase == of) {
			sum.Merge(h)
		}
	}
	return sum
}

// concludeClaims is the comparison's end by its claims.
func (c *Comparison) concludeClaims() {
	c.Exit, c.Reason = summary.ExitPass, fmt.Sprintf("%d of %d claims on the difference met", len(c.Claims), len(c.Claims))
	for _, j := range c.Claims {
		switch {
		case j.Verdict == claims.Missed && c.Exit != summary.ExitClaim:
			c.Exit, c.Reason = summary.ExitClaim, fmt.Sprintf("claim missed: %s, measured %s (%s)", j.Expr, percent(j.Change), j.ShowInterval())
		case j.Verdict == claims.Inconclusive && c.Exit == summary.ExitPass:
			c.Exit, c.Reason = summary.ExitUnknown, fmt.Sprintf("claim inconclusive: %s, %s", j.Expr, j.Why)
		}
	}
}

// ShowChange writes the change, and ShowInterval its interval; "" where there is none.
func (j Judged) ShowChange() string { return percent(j.Change) }

// ShowInterval writes the interval of the change.
func (j Judged) ShowInterval() string { return Row{Lo: j.Lo, Hi: j.Hi}.ShowInterval() }

// ShowLimit writes the limit as a change.
func (j Judged) ShowLimit() string { return percent(j.Limit) }
