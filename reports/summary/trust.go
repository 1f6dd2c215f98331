package summary

import (
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Trust is one answer to the question whether the numbers can be trusted.
type Trust struct {
	Name  string
	Value string
	Limit string
	OK    bool
	Gates bool // past the limit, claims about latency and rate are inconclusive
	Doc   string
}

// The limits past which a run's latencies are not to be trusted.
const (
	slipLimit   = 10 * time.Millisecond // at the 99th percentile
	pauseLimit  = 20 * time.Millisecond
	shareLimit  = .5  // of all cores, for the generator
	stealLimit  = .05 // of the machine's time
	fsyncLimit  = 50 * time.Millisecond
	achievedMin = .99 // of what was due, sent before the load ended
)

func trust(r *latency.Recording, f Fidelity) []Trust {
	mode := "closed loop: operations are due when they are sent"
	if r.Open {
		mode = "open loop: operations are due by the clock"
	}
	var answered int64
	for _, e := range r.Ended {
		answered += e.OK + e.Fail + e.Unknown
	}
	achieved := 1.0
	if all := r.Count(latency.Filter{Outcomes: latency.Every}); all > 0 {
		achieved = float64(answered) / float64(all) * (1 - r.LeftShare())
	}
	slip := r.Slips.Quantile(.99)
	out := []Trust{
		{"pace", fmt.Sprintf("%s/s due, %.1f %% ended within the load", claims.Thousands(int64(r.Offered+.5)), 100*achieved), "≥ 99 %", achieved >= achievedMin || !r.Open, false, mode},
		{"schedule slip", fmt.Sprintf("p50 %s, p99 %s", claims.ShowDuration(r.Slips.Quantile(.5)), claims.ShowDuration(slip)), "p99 ≤ " + claims.ShowDuration(slipLimit), slip <= slipLimit, true,
			"how late the generator sent what its client was free to send"},
		{"waited for a client", "p99 " + claims.ShowDuration(r.Queued.Quantile(.99)), "", true, false,
			"how long operations that were due waited for their client's last one; part of the latency from due time"},
		{"garbage collection", "longest pause " + claims.ShowDuration(f.GCPauseMax), "≤ " + claims.ShowDuration(pauseLimit), f.GCPauseMax <= pauseLimit, true,
			"pauses of the generator's own process"},
	}
	if f.Cores > 0 {
		share := f.GeneratorCPU / float64(f.Cores)
		out = append(out, Trust{"generator's CPU", fmt.Sprintf("%.2f of %d cores", f.GeneratorCPU, f.Cores), "≤ 50 %", share <= shareLimit, true,
			"more, and the generator is part of what it measures"})
	}
	out = append(out, Trust{"CPU steal", fmt.Sprintf("%.1f %%", 100*f.Steal), "≤ 5 %", f.Steal <= stealLimit, true,
		"time that the hypervisor gave to other machines"})
	if f.FsyncP99 > 0 {
		out = append(out, Trust{"fsync", fmt.Sprintf("p50 %s, p99 %s", claims.ShowDuration(f.FsyncP50), claims.ShowDuration(f.FsyncP99)), "p99 ≤ " + claims.ShowDuration(fsyncLimit), f.FsyncP99 <= fsyncLimit, false,
			"the disk alone, before the run: no write can be faster"})
	}
	return out
}

// untrusted says why claims about latency cannot be judged, or "".
func untrusted(all []Trust) string {
	for _, t := range all {
		if t.Gates && !t.OK {
			return t.Name + " " + t.Value + ", limit " + t.Limit
		}
	}
	return ""
}

// Untrusted says why this run's latencies cannot be trusted, or "".
func (s *Summary) Untrusted() string { return untrusted(s.Trust) }

// Omission says where timing from the sending would have hidden what the clients had to wait for (coordinated
// omission), or "".
func (s *Summary) Omission() string {
	for _, op := range s.Latency.Ops {
		f := latency.Filter{Op: op}
		due, send := s.Latency.Total(f, latency.Due).Quantile(.99), s.Latency.Total(f, latency.Send).Quantile(.99)
		if s.Latency.Open && due > 100*time.Millisecond && due > 2*send {
			return fmt.Sprintf("%s p99 of the whole load is %s from due time, but %s from send time: timing from the send hides the wait",
				op, claims.ShowDuration(due), claims.ShowDuration(send))
		}
	}
	return ""
}
