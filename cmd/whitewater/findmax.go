package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/whitewater-kv/whitewater/internal/units"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// Bounds of the search: it ends when the highest rate that is met and the lowest that is not are this close, and never
// takes more steps.
const (
	closeEnough = 1.10
	maxSteps    = 16
)

// step is one rate that was tried.
type step struct {
	Rate     float64 `json:"rate"`
	Answered float64 `json:"answered"` // OK operations per second
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
	Met      bool    `json:"met"`
	Unclear  bool    `json:"inconclusive,omitempty"` // no claim is missed, and one is inconclusive
	Verdict  string  `json:"verdict"`
	Reason   string  `json:"reason"`
	Report   string  `json:"report"`
}

// knee is the latency-versus-rate curve, and where the claims stop being met.
type knee struct {
	Schema string `json:"schema"`
	// The highest rate at which every claim was met, and the lowest at which one was not: the knee is between them.
	Met      float64 `json:"met"`
	Missed   float64 `json:"missed,omitempty"`
	ExitCode int     `json:"exit_code"`
	Steps    []step  `json:"steps"`
}

// findMax searches the highest rate at which the claims are met: it doubles until one is not, then bisects.
func (a *app) findMax(parent context.Context, r *running, s *scenarios.Scenario) error {
	if s.Load.Rate == 0 {
		return usagef("--find-max searches a rate: a closed loop (--rate 0) has none to begin with")
	}
	ctx, i, stop := a.hearing(parent)
	defer stop()
	drawSeed(s)
	k := knee{Schema: "whitewater/knee/1"}
	for rate := float64(s.Load.Rate); len(k.Steps) < maxSteps && ctx.Err() == nil; rate = k.next() {
		again := *s
		again.Load.Rate = units.Rate(rate)
		// A rate that is not held is not met, whatever else is claimed.
		again.Claims = append(again.Claims[:len(again.Claims):len(again.Claims)], scenarios.Claim{Expr: fmt.Sprintf("all.rate >= %g/s", rate*.95)})
		sum, err := a.one(ctx, r, &again, i)
		if err != nil {
			return err
		}
		if sum.Exit == reports.ExitViolation || sum.Exit == reports.ExitEnvironment || sum.Exit == reports.ExitInternal {
			if err := a.present(r.out, sum); err != nil {
				return err
			}
			return exit(sum.Exit)
		}
		k.add(rate, sum)
		if k.done() {
			break
		}
	}
	switch {
	case k.unclear():
		k.ExitCode = reports.ExitUnknown
	case k.Met == 0:
		k.ExitCode = reports.ExitClaim
	}
	if i.signal() != 0 {
		k.ExitCode = i.signal()
	}
	if r.out.format.value == "json" {
		if err := writeJSON(a.out, k); err != nil {
			return err
		}
	} else {
		k.text(a.out)
	}
	return exit(k.ExitCode)
}

func (k *knee) add(rate float64, sum *reports.Summary) {
	all := sum.Latency.Total(latency.Filter{}, latency.Due)
	st := step{
		Rate: rate, P50: milliseconds(all.Quantile(.5)), P99: milliseconds(all.Quantile(.99)), Max: milliseconds(all.Quantile(1)),
		Met: true, Verdict: sum.Verdict, Reason: sum.Reason, Report: sum.Report,
	}
	if length := sum.Latency.Length.Seconds(); length > 0 {
		st.Answered = float64(all.Count()) / length
	}
	missed := false
	for _, c := range sum.Claims {
		st.Met = st.Met && c.Verdict == claims.Met
		missed = missed || c.Verdict == claims.Missed
	}
	st.Unclear = !st.Met && !missed
	k.Steps = append(k.Steps, st)
	if st.Met {
		k.Met = max(k.Met, rate)
	} else if k.Missed == 0 || rate < k.Missed {
		k.Missed = rate
	}
}

// next is the rate to try after those that were tried.
func (k *knee) next() float64 {
	switch {
	case k.Missed == 0:
		return k.Met * 2
	case k.Met == 0:
		return k.Missed / 2
	}
	return (k.Met + k.Missed) / 2
}

// unclear reports that the first rate already leaves a claim open: going down would bring fewer samples, not more.
func (k *knee) unclear() bool { return len(k.Steps) == 1 && k.Steps[0].Unclear }

func (k *knee) done() bool {
	return k.unclear() || k.Met > 0 && k.Missed > 0 && k.Missed <= k.Met*closeEnough || k.Met == 0 && k.Missed > 0 && k.Missed < 1
}

func (k *knee) text(w io.Writer) {
	rows := [][]string{{"", "rate", "answered", "p50", "p99", "max", ""}}
	for _, s := range k.Steps {
		rows = append(rows, []string{
			map[bool]string{true: "✓", false: "✗"}[s.Met], fmt.Sprintf("%.0f/s", s.Rate), fmt.Sprintf("%.0f/s", s.Answered),
			fmt.Sprintf("%.2f ms", s.P50), fmt.Sprintf("%.2f ms", s.P99), fmt.Sprintf("%.1f ms", s.Max), s.Reason,
		})
	}
	columns(w, rows)
	switch {
	case k.unclear():
		fmt.Fprintf(w, "\nthe runs are too short to judge the claims: a longer --duration, or a higher --rate to begin with\n")
	case k.Met == 0:
		fmt.Fprintf(w, "\nno rate met the claims, down to %.0f/s\n", k.Missed)
	case k.Missed == 0:
		fmt.Fprintf(w, "\nthe claims are met at %.0f/s and below; no higher rate was tried\n", k.Met)
	default:
		fmt.Fprintf(w, "\nthe claims are met up to %.0f/s, and no longer at %.0f/s\n", k.Met, k.Missed)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
