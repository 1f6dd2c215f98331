package claims

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// The limits of a rate that is held: "2k+ reads/s" means that they came, and that they were answered.
const (
	heldShare    = .99  // of what was due in each full second, answered by its end
	errorShare   = .001 // of what was due in the phase: failed or unknown
	leastSeconds = 10   // fewer full seconds say too little
	// A pace is a setting, not a measurement: arrivals at random come to within half a percent of it.
	paceTolerance = .005
)

// sustained is the rate that was offered, if it was held: in every full second of the phase.
func (j *Judged) sustained(f Facts) {
	r := f.Recording
	seconds := r.Seconds(j.Phase, true)
	every := j.filter(latency.Every...)
	every.FullOnly = true
	j.N = int64(len(seconds))
	due, held, fine := map[int]float64{}, map[int]float64{}, int64(0)
	for i := range r.Slices {
		if s := &r.Slices[i]; every.Match(s) {
			due[s.Second] += float64(s.Count)
			held[s.Second] += float64(s.Held)
		}
	}
	okay := j.filter()
	okay.FullOnly = true
	fine = r.Count(okay)
	sent := float64(r.Count(every))
	all := sent
	for _, n := range seconds {
		left := r.Left(j.Op, n)
		due[n] += left
		all += left
	}
	switch {
	case !r.Open:
		j.inconclusive("a closed loop offers no rate")
		return
	case all == 0:
		j.inconclusive("no %s fell due in a full second of phase %s", j.Op, j.Phase)
		return
	case r.Slips.Quantile(.99) > latency.Grace:
		j.inconclusive("the generator did not keep the pace: slip p99 %s, limit %s", ShowDuration(r.Slips.Quantile(.99)), ShowDuration(latency.Grace))
		return
	}
	kept, worst, worstAt := 0, math.Inf(1), 0
	for _, n := range seconds {
		share := 1.0
		if due[n] > 0 {
			share = held[n] / due[n]
		}
		if share < worst {
			worst, worstAt = share, n
		}
		if share >= heldShare {
			kept++
		}
	}
	offered := all / float64(len(seconds))
	j.Value, j.Lo, j.Hi, j.Confidence = offered, offered, offered, 1
	j.Why = fmt.Sprintf("held in %d of %d s", kept, len(seconds))
	j.sustainedVerdict(offered, (sent-float64(fine))/max(sent, 1), kept, len(seconds))
	if kept < len(seconds) {
		j.Why += fmt.Sprintf("; in second %d only %.0f %% of what was due was answered", worstAt, 100*worst)
		j.Value, j.Lo, j.Hi = float64(fine)/float64(len(seconds)), math.NaN(), math.NaN()
	}
}

func (j *Judged) sustainedVerdict(offered, errors float64, kept, seconds int) {
	enough := j.Holds(offered * (1 + paceTolerance))
	lower := strings.HasPrefix(j.Sign, ">")
	switch {
	case !lower:
		j.inconclusive("sustained is a lower bound: the claim must be > or >=")
	case !enough:
		j.Verdict = Inconclusive
		j.Why += fmt.Sprintf("; only %.0f/s were offered", offered)
	case errors > errorShare:
		j.Verdict = Missed
		j.Why += fmt.Sprintf("; %.2g %% errors", 100*errors)
	case kept < seconds:
		j.Verdict = Missed
	case seconds < leastSeconds:
		j.Verdict = Inconclusive
		j.wait(float64(leastSeconds - seconds))
	default:
		j.Verdict = Met
	}
}

// ofRun judges what is not about an operation.
func (j *Judged) ofRun(f Facts) {
	switch j.Metric.Name {
	case "recovery.max":
		j.recovery(f.Recoveries)
	case "leader_gap.max":
		j.span(f.LeaderGap, "nobody watched the leaders")
		if j.Unit == Elections && !math.IsNaN(j.Value) {
			if f.ElectionTimeout <= 0 {
				j.Value, j.Lo, j.Hi = math.NaN(), math.NaN(), math.NaN()
				j.inconclusive("the target's election timeout is not known")
				return
			}
			j.exactly(j.Value / float64(f.ElectionTimeout))
		}
	case "unavailable.max":
		j.span(f.Unavailable, "no operation was sent")
	case "leader_changes":
		if f.LeaderChanges < 0 {
			j.inconclusive("nobody watched the leaders")
			return
		}
		j.N = int64(f.LeaderChanges)
		j.exactly(float64(f.LeaderChanges))
	case "watch.lag.p99":
		j.distribution(f.WatchLag, "no watched write")
	case "slip.p99":
		j.distribution(f.Recording.Slips, "no operation was sent")
	}
}

func (j *Judged) recovery(all []Recovery) {
	j.N = int64(len(all))
	if j.N == 0 {
		j.inconclusive("there was no fault to recover from")
		return
	}
	worst := all[0]
	for _, r := range all {
		if r.FirstOK < 0 || worst.FirstOK >= 0 && r.FirstOK > worst.FirstOK {
			worst = r
		}
	}
	if worst.FirstOK < 0 {
		j.Verdict, j.Why = Missed, "no write was acknowledged after "+worst.Fault
		return
	}
	j.exactly(float64(worst.FirstOK))
	j.Why = worst.Fault
}

func (j *Judged) span(longest func(string) (time.Duration, bool), nothing string) {
	if longest == nil {
		j.inconclusive("%s", nothing)
		return
	}
	d, ok := longest(j.Phase)
	if !ok {
		j.inconclusive("%s", nothing)
		return
	}
	j.exactly(float64(d))
}

func (j *Judged) distribution(h *latency.Histogram, nothing string) {
	if h == nil || h.Count() == 0 {
		j.inconclusive("%s", nothing)
		return
	}
	j.N = h.Count()
	j.exactly(float64(h.Quantile(j.Metric.Quantile)))
}

func (j *Judged) checks(results []checker.Result) {
	seen := 0
	for _, r := range results {
		if j.Op != "" && j.Op != r.Checker || j.Op == "" && r.Verdict == checker.Skipped {
			continue
		}
		seen++
		switch r.Verdict {
		case checker.Fail:
			j.Verdict, j.Why = Missed, r.Checker+": "+r.Why
			j.N = int64(seen)
			return
		case checker.Pass:
		default:
			if j.Why == "" {
				j.inconclusive("%s: %s", r.Checker, r.Why)
			}
		}
	}
	j.N = int64(seen)
	switch {
	case seen == 0:
		j.inconclusive("no such check was made")
	case j.Why == "":
		j.Verdict = Met
	}
}
