package checker

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// checkAvailability says how long the store was of no use around each fault. It is never a verdict on safety: it passes
// if there is something to say.
func checkAvailability(_ context.Context, h *history.History, _ Limits) Result {
	f := newFindings(h)
	a := availability(h)
	if len(h.Faults) == 0 || len(a.returns) == 0 {
		return f.done(0, "", "no fault, or no operation that succeeded")
	}
	worst := time.Duration(0)
	for i := range h.Faults {
		fault := &h.Faults[i]
		active := max(fault.Active, fault.Start)
		end := min(faultEnd(*fault), a.end)
		gap := a.longestGap(fault.Start, end)
		worst = max(worst, gap)
		line := fmt.Sprintf("%s %v at %s: longest time without success %s, first success %s after it began",
			fault.Name, fault.Nodes, h.When(fault.Start), certificate.Ago(gap), a.firstAfter(active))
		if fault.Heal > 0 {
			line += fmt.Sprintf(", %s after healing began", a.firstAfter(fault.Heal))
		}
		if write := a.writes.firstAfter(active); write != "" {
			line += fmt.Sprintf("; first write %s after it began", write)
		}
		f.note("%s", line)
	}
	return f.done(len(h.Faults), fmt.Sprintf("%s; the longest time around one without a successful operation was %s", count(len(h.Faults), "fault"), certificate.Ago(worst)), "")
}

// successes are the operations that succeeded: when each was called and returned.
type successes struct {
	calls   []time.Duration // sorted
	after   []time.Duration // after[i]: the earliest return of those called at calls[i] or later
	returns []time.Duration // sorted
	end     time.Duration   // of the last operation, whatever became of it
	writes  *successes
}

// availability collects the successes of the load, without waits that are long by design.
func availability(h *history.History) *successes {
	all, writes := &successes{}, &successes{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Stage != history.Final && op.Stage != history.Probe {
			all.end = max(all.end, op.Return)
		}
		switch {
		case op.Result.Outcome != history.OK, op.Stage == history.Final, op.Stage == history.Probe, op.Request.Serializable:
			continue // a member answers serializable reads alone
		case op.Request.Kind == history.Lock, op.Request.Kind == history.Campaign:
			continue // they wait for their turn
		}
		all.add(op)
		if !op.Request.ReadOnly() && op.Request.Kind != history.KeepAlive {
			writes.add(op)
		}
	}
	all.finish()
	writes.finish()
	all.writes = writes
	return all
}

func (s *successes) add(op *history.Op) {
	s.calls, s.after, s.returns = append(s.calls, op.Call), append(s.after, op.Return), append(s.returns, op.Return)
}

func (s *successes) finish() {
	for i := len(s.after) - 2; i >= 0; i-- {
		s.after[i] = min(s.after[i], s.after[i+1])
	}
	sort.Slice(s.returns, func(i, j int) bool { return s.returns[i] < s.returns[j] })
}

// firstAfter is how long after a moment the first operation succeeded that was called then or later.
func (s *successes) firstAfter(at time.Duration) string {
	i := sort.Search(len(s.calls), func(i int) bool { return s.calls[i] >= at })
	if i == len(s.calls) {
		if s.writes == nil {
			return ""
		}
		return "never"
	}
	return certificate.Ago(s.after[i] - at)
}

// longestGap is the longest time between two successes in a row, or between the last one and the end, of those that
// overlap a span.
func (s *successes) longestGap(from, to time.Duration) time.Duration {
	gap := time.Duration(0)
	for i := max(sort.Search(len(s.returns), func(i int) bool { return s.returns[i] > from }), 1); i <= len(s.returns) && s.returns[i-1] < to; i++ {
		next := s.end
		if i < len(s.returns) {
			next = s.returns[i]
		}
		gap = max(gap, next-s.returns[i-1])
	}
	return gap
}
