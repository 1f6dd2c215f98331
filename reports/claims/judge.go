package claims

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Verdict is what a claim's judging concluded. The zero value is Inconclusive.
type Verdict uint8

// A claim that was not judged, or not surely, is Inconclusive.
const (
	Inconclusive Verdict = iota
	Met
	Missed
)

// String is the verdict's word in every output.
func (v Verdict) String() string { return [...]string{"inconclusive", "met", "missed"}[v] }

// Judged is a claim with its verdict and the numbers behind it.
type Judged struct {
	Claim
	Verdict    Verdict
	Value      float64 // in the claim's unit; NaN if there is none
	Lo, Hi     float64 // the confidence interval; both the value where the run says it exactly
	Confidence float64 // 0.95; 1 where the run says it exactly
	N          int64   // operations, or faults, or seconds, that it rests on
	Why        string
	Longer     time.Duration // how much longer a run would have to be to decide; 0 = not the question
	part       float64       // of the run, that is of the claim's phase
}

// Recovery is what a fault took to be recovered from; a negative time was never reached.
type Recovery struct {
	Fault     string
	FirstOK   time.Duration // from its start to the first write sent after it and acknowledged
	LeaderGap time.Duration
}

// Facts are what claims are judged on.
type Facts struct {
	Recording       *latency.Recording
	Recoveries      []Recovery
	LeaderChanges   int // negative: nobody looked
	LeaderGap       func(phase string) (longest time.Duration, ok bool)
	Unavailable     func(phase string) (longest time.Duration, ok bool)
	WatchLag        *latency.Histogram
	ElectionTimeout time.Duration
	Checks          []checker.Result
	// Untrusted says why the latencies of this run cannot be trusted: the generator was late, the machine was busy.
	Untrusted string
}

// Judge judges a claim. The same facts and the same stream of randomness give the same verdict.
func Judge(c Claim, f Facts, rng *rand.Rand) Judged {
	j := Judged{Claim: c, Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), Confidence: Confidence, part: 1}
	if span := f.Recording.Span(c.Phase); span > 0 {
		j.part = float64(span) / float64(f.Recording.Length)
	}
	switch {
	case c.Metric.Name == "checks":
		j.checks(f.Checks)
	case c.Metric.Name == "sustained":
		j.sustained(f)
	case c.Metric.Name == "rate":
		j.rate(f, rng)
	case c.Metric.PerOp && c.Metric.Quantile > 0:
		j.percentile(f, rng)
	case c.Metric.Name == "max":
		j.longest(f)
	case c.Metric.Name == "unknown_rate":
		j.share(f, history.Unknown, rng)
	case c.Metric.Name == "fail_rate":
		j.share(f, history.Fail, rng)
	default:
		j.ofRun(f)
	}
	if c.latency() && f.Untrusted != "" && j.Verdict != Inconclusive {
		j.Verdict, j.Why, j.Longer = Inconclusive, "the numbers cannot be trusted: "+f.Untrusted, 0
	}
	if left := f.Recording.LeftShare(); c.latency() && left > errorShare && j.Verdict == Met {
		j.inconclusive("%.2g %% of what was due was never sent: the load ended before its turn", 100*left)
	}
	return j
}

// latency reports whether the claim rests on the generator having been on time to the millisecond.
func (c Claim) latency() bool { return c.Metric.PerOp && c.Unit == Duration }

// decide compares an interval with the limit: met or missed only if the whole of it is on one side.
func (j *Judged) decide() {
	low, high := j.Holds(j.Lo), j.Holds(j.Hi)
	switch {
	case math.IsNaN(j.Lo) || math.IsNaN(j.Hi):
		j.Verdict, j.Why = Inconclusive, "no data"
	case low && high:
		j.Verdict = Met
	case !low && !high:
		j.Verdict = Missed
	default:
		j.Verdict = Inconclusive
		j.Why = "the interval contains the limit"
	}
}

// Holds reports whether a value is on the claim's right side.
func (c Claim) Holds(v float64) bool {
	switch c.Sign {
	case "<":
		return v < c.Limit
	case "<=":
		return v <= c.Limit
	case ">":
		return v > c.Limit
	case ">=":
		return v >= c.Limit
	}
	return v == c.Limit
}

// exactly states a value that the run says without doubt.
func (j *Judged) exactly(v float64) {
	j.Value, j.Lo, j.Hi, j.Confidence = v, v, v, 1
	j.decide()
}

func (j *Judged) inconclusive(format string, args ...any) {
	j.Verdict, j.Why = Inconclusive, fmt.Sprintf(format, args...)
}

// estimate judges a statistic of a phase's seconds on its bootstrap interval. A phase of fewer than two blocks says
// nothing of how much it varies.
func (j *Judged) estimate(s sample, statistic func([]int64) float64, rng *rand.Rand) {
	j.Value = statistic(s.once())
	if len(s.seconds) < 2*Block {
		j.inconclusive("only %d s of phase %s", len(s.seconds), j.Phase)
		j.wait(float64(2*Block - len(s.seconds)))
		return
	}
	j.Lo, j.Hi = s.interval(rng, statistic)
	j.decide()
	if j.Verdict == Inconclusive {
		j.longer(len(s.seconds))
	}
}

// longer estimates how much more of the phase would narrow the interval to one side: its width falls with the square
// root of the time.
func (j *Judged) longer(seconds int) {
	reach := j.Hi - j.Value
	if j.Value > j.Limit {
		reach = j.Value - j.Lo
	}
	j.wait(float64(seconds) * (math.Pow(reach/math.Abs(j.Value-j.Limit), 2) - 1))
}

// wait advises to run for so many seconds more of the claim's phase: of the run, it takes more, in the same measure as
// the phase is a part of it. More than an hour is not advised.
func (j *Judged) wait(seconds float64) {
	seconds = max(seconds, Block) / j.part
	if math.IsNaN(seconds) || seconds > time.Hour.Seconds() {
		j.Longer = time.Hour
		return
	}
	j.Longer = time.Duration(math.Ceil(seconds/Block)*Block) * time.Second
}

func (j *Judged) filter(outcomes ...history.Outcome) latency.Filter {
	return latency.Filter{Op: j.Op, Phase: j.Phase, Outcomes: outcomes}
}

// percentile needs a few latencies beyond the percentile: without them it is the maximum by another name.
func (j *Judged) percentile(f Facts, rng *rand.Rand) {
	const beyond = 5
	j.N = f.Recording.Count(j.filter())
	if j.N == 0 {
		j.inconclusive("no %s was answered in phase %s", j.Op, j.Phase)
		return
	}
	s := latencies(f.Recording, j.filter())
	if tail := float64(j.N) * (1 - j.Metric.Quantile); tail < beyond {
		j.Value = s.quantile(j.Metric.Quantile)(s.once())
		j.inconclusive("%d samples are too few for %s", j.N, j.Metric.Name)
		j.wait(float64(len(s.seconds)) * (beyond/tail - 1))
		return
	}
	j.estimate(s, s.quantile(j.Metric.Quantile), rng)
}

func (j *Judged) rate(f Facts, rng *rand.Rand) {
	full := j.filter()
	full.FullOnly = true
	j.N = f.Recording.Count(full)
	if f.Recording.Count(j.filter(latency.Every...)) == 0 {
		j.inconclusive("no %s was sent in phase %s", j.Op, j.Phase)
		return
	}
	s, at := counts(f.Recording, full, full), places(f.Recording, j.Phase)
	var whole []second
	for _, n := range f.Recording.Seconds(j.Phase, true) {
		whole = append(whole, s.seconds[at[n]])
	}
	if len(whole) == 0 {
		j.inconclusive("no full second of phase %s", j.Phase)
		return
	}
	s.seconds = whole
	j.estimate(s, s.mean, rng)
}

// share of outcomes. Where none was seen, the interval's upper end is the rule of three (Hanley and Lippman-Hand 1983):
// with n tries and no event, 3/n.
func (j *Judged) share(f Facts, of history.Outcome, rng *rand.Rand) {
	whole, part := j.filter(latency.Every...), j.filter(of)
	j.N = f.Recording.Count(whole)
	if j.N == 0 {
		j.inconclusive("no %s was sent in phase %s", j.Op, j.Phase)
		return
	}
	if f.Recording.Count(part) == 0 {
		j.Value, j.Lo, j.Hi = 0, 0, min(1, 3/float64(j.N))
		j.decide()
		if j.Verdict == Inconclusive && j.Limit > 0 {
			j.wait(f.Recording.Span(j.Phase).Seconds() * (j.Hi/j.Limit - 1))
		}
		return
	}
	s := counts(f.Recording, whole, part)
	j.estimate(s, s.share, rng)
}

func (j *Judged) longest(f Facts) {
	h := f.Recording.Total(j.filter(), latency.Due)
	if j.N = h.Count(); j.N == 0 {
		j.inconclusive("no %s was answered in phase %s", j.Op, j.Phase)
		return
	}
	j.exactly(float64(h.Max()))
}
