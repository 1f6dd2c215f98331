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
// due (within a tenth), and every member that is asked answers; and in that second until nothing has been waiting for
// longer than a tenth of it, or its end. PhaseOf says to which of them an operation belongs.
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
		at = min(recovered(h.Ops, end), max(next, end))
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

// PhaseOf is the name of the operation's phase: "faulty" if a fault was active at any time from when it was due until it
// returned, otherwise the phase in which it was due. An operation that waited while a fault began is of the fault's
// doing, however quiet the moment in which it fell due.
func PhaseOf(phases []Phase, op *Op) string {
	i, found := slices.BinarySearchFunc(phases, op.Due, func(p Phase, at time.Duration) int { return cmp.Compare(p.From, at) })
	if !found {
		i = max(0, i-1)
	}
	for ; i < len(phases) && phases[i].From <= op.Return; i++ {
		if phases[i].Name == "faulty" && op.Due < phases[i].To {
			return "faulty"
		}
	}
	return PhaseAt(phases, op.Due)
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

// recovered is the time from which a healed cluster serves as before.
func recovered(ops []Op, healed time.Duration) time.Duration {
	b := backlogAfter(ops, healed)
	for i := range int(recoveryLimit / step) {
		if end := i + int(second/step); b.good(i, end) {
			for i < end && b.queued[i] > 0 {
				i++
			}
			return healed + time.Duration(i)*step
		}
	}
	return healed + recoveryLimit
}

// backlog counts, for every step after a healing, the operations that were due, called or returned in it.
type backlog struct {
	due, ok [steps]int
	waiting [steps + 1]int // operations that were due before the step and not returned a second after its start
	queued  [steps + 1]int // operations that were due more than a step before the step and not returned at its start
	calls   map[NodeID]*[steps]answers
}

const steps = int((recoveryLimit + second) / step)

type answers struct{ calls, ok int }

func backlogAfter(ops []Op, healed time.Duration) *backlog {
	b := &backlog{calls: map[NodeID]*[steps]answers{}}
	// place is the step in which the time falls; -1 for before, steps for after.
	place := func(at time.Duration) int { return int(min(max(at-healed+step, 0)/step-1, time.Duration(steps))) }
	within := func(i int) bool { return i >= 0 && i < steps }
	for i := range ops {
		op := &ops[i]
		if op.Stage != Load || op.Return < healed {
			continue
		}
		due, call, end := place(op.Due), place(op.Call), place(op.Return)
		if within(due) {
			b.due[due]++
		}
		if within(end) && op.Result.Outcome == OK {
			b.ok[end]++
		}
		if within(call) {
			if b.calls[op.Node] == nil {
				b.calls[op.Node] = &[steps]answers{}
			}
			count := &b.calls[op.Node][call]
			if count.calls++; op.Result.Outcome == OK {
				count.ok++
			}
		}
		if last := place(op.Return - second); due < last {
			b.waiting[min(due+1, steps)]++
			b.waiting[min(last+1, steps)]--
		}
		if first, last := max(0, place(op.Due+step)+1), place(op.Return-1); first <= last {
			b.queued[min(first, steps)]++
			b.queued[min(last+1, steps)]--
		}
	}
	for i := 1; i < len(b.waiting); i++ {
		b.waiting[i] += b.waiting[i-1]
		b.queued[i] += b.queued[i-1]
	}
	return b
}

// good reports whether the steps from first up to end show a cluster that serves.
func (b *backlog) good(first, end int) bool {
	due, ok := 0, 0
	for i := first; i < end; i++ {
		due, ok = due+b.due[i], ok+b.ok[i]
	}
	if b.waiting[first] > 0 || 10*ok < 9*due {
		return false
	}
	for _, calls := range b.calls {
		var sum answers
		for i := first; i < end; i++ {
			sum.calls, sum.ok = sum.calls+calls[i].calls, sum.ok+calls[i].ok
		}
		if sum.calls > 0 && sum.ok == 0 {
			return false
		}
	}
	return true
}
