package history

import (
	"cmp"
	"slices"
	"time"
)

// Phase is a span of the load in which the cluster was treated in one way.
type Phase struct {
	Name     string // "quiet", "faulty", "recovery"
	From, To time.Duration
}

// recoveryLimit bounds a recovery: what is slow for longer is not the fault's doing alone, and counts as quiet.
const recoveryLimit = 10 * time.Second

// second is the window in which a cluster shows that it has recovered, and step how finely its place is found.
const (
	second = time.Second
	step   = 100 * time.Millisecond
)

// Phases divides the load into consecutive spans. A fault's span lasts from its injection until its healing is done.
// Recovery follows, until the first second in which nothing is waiting from before, as many operations succeed as are
// due (within a tenth), and every member that is asked answers. The phase of an operation is that of the time it was due.
func Phases(h *History) []Phase {
	from, to := h.Meta.LoadStart, h.Meta.LoadEnd
	if to <= from {
		for _, op := range h.Ops {
			if op.Stage == Load {
				to = max(to, op.Due+1)
			}
		}
	}
	if to <= from {
		return nil
	}
	b := backlogOf(h, from, to)
	var phases []Phase
	spans, at := faultSpans(h, to), from
	for i, fault := range spans {
		start, end := max(fault.From, from), min(fault.To, to)
		if start >= end {
			continue
		}
		next := to
		if i+1 < len(spans) {
			next = min(next, spans[i+1].From)
		}
		phases = appendPhase(phases, "quiet", at, start)
		phases = appendPhase(phases, "faulty", start, end)
		at = min(b.recovered(end), max(next, end))
		phases = appendPhase(phases, "recovery", end, at)
	}
	return appendPhase(phases, "quiet", at, to)
}

func appendPhase(phases []Phase, name string, from, to time.Duration) []Phase {
	if from >= to {
		return phases
	}
	return append(phases, Phase{name, from, to})
}

// PhaseAt is the name of the phase at that time; "" outside the load.
func PhaseAt(phases []Phase, at time.Duration) string {
	i, found := slices.BinarySearchFunc(phases, at, func(p Phase, at time.Duration) int { return cmp.Compare(p.From, at) })
	if !found {
		i--
	}
	if i < 0 || at >= phases[i].To {
		return ""
	}
	return phases[i].Name
}

// faultSpans are the times of faults, in order, with those that overlap or touch made one. One that was never healed
// lasts until the end.
func faultSpans(h *History, end time.Duration) []Phase {
	var spans []Phase
	for _, f := range h.Faults {
		span := Phase{"faulty", f.Start, f.End}
		if f.Active == 0 && !f.TookEffect && f.Error != "" && f.End <= f.Start {
			continue // it could not be injected
		}
		if span.To < span.From || f.End == 0 {
			span.To = max(end, span.From)
		}
		spans = append(spans, span)
	}
	slices.SortStableFunc(spans, func(a, b Phase) int { return cmp.Compare(a.From, b.From) })
	merged := spans[:0]
	for _, span := range spans {
		if n := len(merged); n > 0 && span.From <= merged[n-1].To {
			merged[n-1].To = max(merged[n-1].To, span.To)
			continue
		}
		merged = append(merged, span)
	}
	return merged
}

// backlog counts operations by the step in which they were due, called or returned.
type backlog struct {
	from    time.Duration
	due, ok []int
	waiting []int               // operations that were due before the step and not returned a second after its start
	calls   map[NodeID][]answer // by member
}

type answer struct{ calls, ok int }

// longest is the longest load whose recoveries are measured; in one that is longer, each takes its limit.
const longest = 7 * 24 * time.Hour

func backlogOf(h *History, from, to time.Duration) *backlog {
	steps := int((min(to-from, longest)+recoveryLimit+second)/step) + 2
	b := &backlog{from, make([]int, steps), make([]int, steps), make([]int, steps+1), map[NodeID][]answer{}}
	for _, op := range h.Ops {
		if op.Stage != Load {
			continue
		}
		calls := b.calls[op.Node]
		if calls == nil {
			calls = make([]answer, steps)
			b.calls[op.Node] = calls
		}
		b.due[b.step(op.Due)]++
		calls[b.step(op.Call)].calls++
		if op.Result.Outcome == OK {
			b.ok[b.step(op.Return)]++
			calls[b.step(op.Call)].ok++
		}
		if op.Return-op.Due > second {
			b.waiting[b.step(op.Due)+1]++
			b.waiting[max(b.step(op.Return-second), b.step(op.Due))+1]--
		}
	}
	for i := 1; i < len(b.waiting); i++ {
		b.waiting[i] += b.waiting[i-1]
	}
	return b
}

// step is the number of the step that the time falls in; times outside count to the first or last.
func (b *backlog) step(at time.Duration) int {
	return min(max(int((at-b.from)/step), 0), len(b.due)-1)
}

// recovered is the time from which a healed cluster serves as before.
func (b *backlog) recovered(healed time.Duration) time.Duration {
	const window = int(second / step)
	for at := healed; at < healed+recoveryLimit; at += step {
		if first := b.step(at); first+window < len(b.due) && b.good(first, first+window) {
			return at
		}
	}
	return healed + recoveryLimit
}

func (b *backlog) good(first, end int) bool {
	due, ok := 0, 0
	for i := first; i < end; i++ {
		due, ok = due+b.due[i], ok+b.ok[i]
	}
	if b.waiting[first] > 0 || 10*ok < 9*due {
		return false
	}
	for _, calls := range b.calls {
		var sum answer
		for i := first; i < end; i++ {
			sum.calls, sum.ok = sum.calls+calls[i].calls, sum.ok+calls[i].ok
		}
		if sum.calls > 0 && sum.ok == 0 {
			return false
		}
	}
	return true
}
