package summary

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Fault is a fault as carried out, and what it took to recover from it. Times count from its start; a negative one was
// not reached before the load ended.
type Fault struct {
	history.Fault
	LeaderGap time.Duration // longest time without a leader, until the next fault
	FirstOK   time.Duration // until the first write sent after it was acknowledged
	Back      time.Duration // until the rate was back at 90 % of what it was; 0: it never fell
}

// Never marks a time that was not reached.
const Never = time.Duration(-1)

// Describe names a fault, whom it hit and in which role: "kill n1 (leader)".
func (s *Summary) Describe(f history.Fault) string {
	nodes := make([]string, 0, len(f.Nodes))
	for _, n := range sortedNodes(f.Nodes) {
		nodes = append(nodes, string(n))
	}
	text := strings.TrimSpace(f.Name + " " + strings.Join(nodes, " "))
	if f.Shape != "" {
		text += ", " + f.Shape
	}
	if f.LeaderBefore != "" && slices.Contains(f.Nodes, f.LeaderBefore) {
		text += " (leader)"
	}
	return text
}

func faults(h *history.History, r *latency.Recording, leaderless []Span) []Fault {
	out := make([]Fault, 0, len(h.Faults))
	end := r.Start + r.Length
	for i, f := range h.Faults {
		until := end
		if i+1 < len(h.Faults) {
			until = max(f.End, h.Faults[i+1].Start)
		}
		out = append(out, Fault{
			Fault: f, FirstOK: firstWrite(h, f), Back: backToRate(h, r, f),
			LeaderGap: longestBetween(leaderless, f.Start, until),
		})
	}
	return out
}

// active is when a fault began to bite.
func active(f history.Fault) time.Duration { return max(f.Start, f.Active) }

// firstWrite is the time from a fault's start to the first acknowledgement of a write that was sent while it was
// active or later; of any operation, where the load has no writes.
func firstWrite(h *history.History, f history.Fault) time.Duration {
	write, any := Never, Never
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Call < active(f) || op.Result.Outcome != history.OK || op.Stage != history.Load {
			continue
		}
		took := op.Return - f.Start
		if any < 0 || took < any {
			any = took
		}
		if !op.Request.ReadOnly() && (write < 0 || took < write) {
			write = took
		}
	}
	if write < 0 && !writes(h) {
		return any
	}
	return write
}

func writes(h *history.History) bool {
	return slices.ContainsFunc(h.Ops, func(op history.Op) bool { return op.Stage == history.Load && !op.Request.ReadOnly() })
}

// backToRate is the time until the first second-long window, moved by a tenth, in which as many operations were
// answered as 90 % of the rate before. A tenth counts for one and a half times its share at most: the burst in which a
// backlog is answered does not make up for the silence before it.
func backToRate(h *history.History, r *latency.Recording, f history.Fault) time.Duration {
	const tenth = 100 * time.Millisecond
	before := rateBefore(r, f)
	if before == 0 {
		return Never
	}
	end := r.Start + r.Length
	bins := make([]int, max(0, int((end-active(f))/tenth)))
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Stage == history.Load && op.Result.Outcome == history.OK && op.Return >= active(f) {
			if at := int((op.Return - active(f)) / tenth); at < len(bins) {
				bins[at]++
			}
		}
	}
	window, most := 0.0, 1.5*before/10
	for i, n := range bins {
		window += min(float64(n), most)
		if i >= 10 {
			window -= min(float64(bins[i-10]), most)
		}
		if i >= 9 && window >= .9*before {
			if i == 9 {
				return 0
			}
			return active(f) - f.Start + time.Duration(i-9)*tenth
		}
	}
	return Never
}

// rateBefore is the rate of answers in the last quiet seconds before a fault, five at most; in all quiet ones, where
// none came before it.
func rateBefore(r *latency.Recording, f history.Fault) float64 {
	quiet := r.Seconds(latency.Quiet, true)
	earlier := slices.DeleteFunc(slices.Clone(quiet), func(n int) bool {
		return r.Start+time.Duration(n+1)*time.Second > f.Start
	})
	if len(earlier) > 5 {
		earlier = earlier[len(earlier)-5:]
	}
	if len(earlier) == 0 {
		earlier = quiet
	}
	var sum int64
	for _, n := range earlier {
		sum += r.Ended[n].OK
	}
	if len(earlier) == 0 {
		return 0
	}
	return float64(sum) / float64(len(earlier))
}

func longestBetween(spans []Span, from, to time.Duration) (longest time.Duration) {
	for _, s := range spans {
		if s.To > from && s.From < to {
			longest = max(longest, s.Length())
		}
	}
	return longest
}

// story says in a sentence what the throughput did: what the chart shows, for those who cannot see it.
func story(h *history.History, s *Summary) string {
	rates := make([]int64, 0, len(s.Latency.Ended))
	for _, n := range s.Latency.Seconds(latency.Quiet, true) {
		rates = append(rates, s.Latency.Ended[n].OK)
	}
	if len(rates) == 0 {
		for _, e := range s.Latency.Ended {
			rates = append(rates, e.OK)
		}
	}
	if len(rates) == 0 {
		return "no operation was answered"
	}
	slices.Sort(rates)
	text := fmt.Sprintf("steady near %s operations/s", claims.Thousands(rates[len(rates)/2]))
	gaps, _ := silences(h, s.Latency)
	worst := slices.MaxFunc(gaps, func(a, b Span) int { return int(a.Length() - b.Length()) })
	if worst.Length() < 500*time.Millisecond {
		return text + ", never silent for as long as half a second"
	}
	text += fmt.Sprintf(", silent for %s from %s on", claims.ShowDuration(worst.Length()), claims.ShowDuration(s.Since(worst.From)))
	for i := len(s.Faults) - 1; i >= 0; i-- {
		f := s.Faults[i]
		if f.Start <= worst.From+500*time.Millisecond && f.End > worst.From-2*time.Second {
			return text + fmt.Sprintf(", after %s at %s", s.Describe(f.Fault), claims.ShowDuration(s.Since(f.Start)))
		}
	}
	return text
}
