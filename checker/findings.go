package checker

import (
	"fmt"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// examplesPerKind and examples bound the counterexamples of one check: a broken store breaks the same promise a
// thousand times, and the reader needs to see each kind once.
const (
	examplesPerKind = 2
	examples        = 8
)

// findings gathers what one check found on its way to a Result.
type findings struct {
	h        *history.History
	result   Result
	byKind   map[string]int
	failures int
	doubts   []string     // why a Pass would claim too much
	unique   map[pair]int // puts that one operation alone asks for; made when a log's entry needs its writer
}

func newFindings(h *history.History) *findings {
	return &findings{h: h, byKind: map[string]int{}}
}

// fail files a violation. kind names the broken promise, why is a sentence, ops are the few operations that show it. It
// returns the counterexample, to be filled until the next is filed; nil if there are enough of the kind.
func (f *findings) fail(kind, why string, ops []history.Op, notes ...string) *Counterexample {
	return f.failFiles(kind, why, ops, nil, notes...)
}

func (f *findings) failFiles(kind, why string, ops []history.Op, files map[string][]byte, notes ...string) *Counterexample {
	f.failures++
	f.byKind[kind]++
	if n := f.byKind[kind]; n > examplesPerKind || len(f.result.Counterexample) >= examples {
		f.note("%s: %s", kind, why)
		return nil
	}
	name := kind
	if n := f.byKind[kind]; n > 1 {
		name = fmt.Sprintf("%s-%d", kind, n)
	}
	ops = inOrder(append([]history.Op(nil), ops...))
	f.result.Counterexample = append(f.result.Counterexample, Counterexample{
		Name: name, Why: kind + ": " + why, Ops: ops, Notes: notes, Context: around(f.h, ops), Of: len(f.h.Ops), Files: files,
	})
	return &f.result.Counterexample[len(f.result.Counterexample)-1]
}

// note files a finding that is no violation.
func (f *findings) note(format string, args ...any) {
	f.result.Details = append(f.result.Details, fmt.Sprintf(format, args...))
}

// doubt files a reason for which the check may not say Pass.
func (f *findings) doubt(format string, args ...any) {
	f.doubts = append(f.doubts, fmt.Sprintf(format, args...))
}

// done concludes: judged is how many records were judged, pass what was found if all of them are right, nothing what to
// say if there were none.
func (f *findings) done(judged int, pass, nothing string) Result {
	res := f.result
	res.Ops = judged
	switch {
	case f.failures > 0:
		res.Verdict, res.Why = Fail, firstOf(res.Counterexample[0].Why, f.failures)
	case len(f.doubts) > 0:
		res.Verdict, res.Why = Unknown, f.doubts[0]
		res.Details = append(res.Details, f.doubts[1:]...)
	case judged == 0:
		res.Verdict, res.Why = Skipped, nothing
	default:
		res.Verdict, res.Why = Pass, pass
	}
	return res
}

// around says what the cluster was doing during the operations: the faults that were open and who led.
func around(h *history.History, ops []history.Op) []string {
	if len(ops) == 0 {
		return nil
	}
	from, to := ops[0].Call, ops[0].Call
	for _, op := range ops {
		from, to = min(from, op.Call), max(to, op.Call)
		if op.Result.Outcome != history.Unknown {
			to = max(to, op.Return)
		}
	}
	return meanwhile(h, from, to)
}

// meanwhileLines bounds what meanwhile says.
const meanwhileLines = 12

// meanwhile is what happened to the cluster between two moments.
func meanwhile(h *history.History, from, to time.Duration) []string {
	var lines []string
	for _, fault := range h.Faults {
		if fault.Start > to || faultEnd(fault) < from {
			continue
		}
		lines = append(lines, faultLine(h, &fault))
	}
	var last history.Status
	for _, s := range h.Statuses {
		if s.At > to {
			break
		}
		if !s.Up || s.Leader == "" || s.Leader == last.Leader && s.Term == last.Term || s.Term < last.Term {
			continue
		}
		line := fmt.Sprintf("%s led in term %d, as %s said at %s", s.Leader, s.Term, s.Node, h.When(s.At))
		if s.At < from && last.Leader != "" && len(lines) > 0 && last.At < from {
			lines = lines[:len(lines)-1] // only the last leader before the beginning matters
		}
		lines, last = append(lines, line), s
	}
	if len(lines) > meanwhileLines {
		left := len(lines) - meanwhileLines + 1
		lines = append(lines[:meanwhileLines-1:meanwhileLines-1], fmt.Sprintf("… and %d more", left))
	}
	return lines
}

// faultLine is a fault in one line: what, whom, when.
func faultLine(h *history.History, fault *history.Fault) string {
	what := fault.Name
	if fault.Shape != "" {
		what += " (" + fault.Shape + ")"
	}
	end := "never healed"
	if fault.End > 0 {
		end = "healed at " + h.When(fault.End)
	}
	return fmt.Sprintf("fault %s on %s from %s, %s", what, nodeList(fault.Nodes), h.When(fault.Start), end)
}

// nodeList is members' names for a sentence.
func nodeList(nodes []history.NodeID) string {
	var names []string
	for _, n := range nodes {
		names = append(names, string(n))
	}
	if len(names) == 0 {
		return "no member"
	}
	return strings.Join(names, ", ")
}

// forever stands for a time that has not come.
const forever = time.Duration(1<<63 - 1)

// faultEnd is when the fault's effect was over; forever if nobody healed it.
func faultEnd(fault history.Fault) time.Duration {
	if fault.End == 0 && fault.Heal == 0 {
		return forever
	}
	return max(fault.End, fault.Heal, fault.Start)
}

// faultOn reports whether a fault hit the member at any time between two moments.
func faultOn(h *history.History, node history.NodeID, from, to time.Duration) bool {
	for _, fault := range h.Faults {
		if fault.Start > to || faultEnd(fault) < from {
			continue
		}
		for _, n := range fault.Nodes {
			if n == node {
				return true
			}
		}
	}
	return false
}
