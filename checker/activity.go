package checker

import (
	"context"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// What a run has to show before its other verdicts mean something.
const (
	enoughOps     = 50           // operations that succeeded during the load
	enoughOfKind  = 10           // of each kind that was asked so often, or a tenth of what was asked
	enoughInPhase = 10           // in each kind of phase that lasted
	lasting       = time.Second  // long enough for a phase to be held to it
	electing      = 10 * lasting // how long nobody may be served after a majority was lost
)

// checkActivity is the gate against empty verdicts: a run in which little happened, or in which the planned faults did
// nothing, passes every other check without meaning it. It never says Fail.
func checkActivity(_ context.Context, h *history.History, _ Limits) Result {
	f := newFindings(h)
	if h.Meta.LoadEnd == 0 && len(h.Faults) == 0 && h.Meta.Planned == 0 {
		return f.done(0, "", "this is no run of a planned load")
	}
	ok, all := map[history.Kind]int{}, map[history.Kind]int{}
	total := 0
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Stage != history.Load {
			continue
		}
		all[op.Request.Kind]++
		if op.Result.Outcome == history.OK {
			ok[op.Request.Kind]++
			total++
		}
	}
	if total < enoughOps {
		f.doubt("only %d operations succeeded, and %d are needed for the verdicts to mean something", total, enoughOps)
	}
	for kind := range history.Pause {
		if n := all[kind]; n >= enoughOfKind && ok[kind] < min(enoughOfKind, n/10) {
			f.doubt("only %d of %d %s operations succeeded", ok[kind], n, kind)
		}
	}
	lost := f.phases()
	f.faults()
	summary := fmt.Sprintf("%d operations succeeded during the load, and %d faults took effect under it", total, len(h.Faults))
	if lost > 0 {
		summary += fmt.Sprintf("; for %s they left no majority, and nothing is asked of that time", certificate.Ago(lost))
	}
	return f.done(len(h.Ops), summary, "")
}

// phases: a cluster that answers nothing while it is broken, or after, has shown nothing there; unless it was so broken
// that it could not. That time is left out, and what of it was faulty is returned.
func (f *findings) phases() (lost time.Duration) {
	phases := history.Phases(f.h)
	excused := f.excused(phases)
	spans, lasted, ok := map[string][]period{}, map[string]time.Duration{}, map[string]int{}
	for _, p := range phases {
		spans[p.Name] = append(spans[p.Name], period{p.From, p.To})
		without := overlap(excused, p.From, p.To)
		lasted[p.Name] += p.To - p.From - without
		if p.Name == "faulty" {
			lost += without
		}
	}
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		if op.Stage != history.Load || op.Result.Outcome != history.OK {
			continue
		}
		name, end := history.PhaseOf(phases, op), op.Return+1
		if overlap(spans[name], op.Due, end) > overlap(excused, op.Due, end) { // otherwise it shows nothing of what is asked for
			ok[name]++
		}
	}
	for _, name := range []string{"quiet", "faulty", "recovery"} {
		if lasted[name] >= lasting && ok[name] < enoughInPhase {
			f.doubt("only %d operations succeeded in the %s phase of %s", ok[name], name, certificate.Ago(lasted[name]))
		}
	}
	return lost
}

// excused are the times without a majority, each with what it took afterwards until the first operation succeeded: the
// members must elect a leader first. If none succeeds before the next fault, or within the limit, that is not excused.
func (f *findings) excused(phases []history.Phase) []period {
	all := withoutMajority(f.h)
	for i := range all {
		healed, until := all[i].to, all[i].to
		for _, p := range phases {
			if p.From == until && p.Name != "faulty" {
				until = min(p.To, healed+electing)
			}
		}
		for j := range f.h.Ops {
			if op := &f.h.Ops[j]; op.Stage == history.Load && op.Result.Outcome == history.OK && op.Return >= healed && op.Return < until {
				all[i].to, until = op.Return, op.Return
			}
		}
	}
	return all
}

// faults: every planned fault was carried out, saw its own effect, and met operations.
func (f *findings) faults() {
	if n := f.h.Meta.Planned - len(f.h.Faults); n > 0 && !f.h.Meta.Interrupted {
		f.doubt("%d of %d planned faults never ran", n, f.h.Meta.Planned)
	}
	for i := range f.h.Faults {
		fault := &f.h.Faults[i]
		switch {
		case fault.Error != "":
			f.doubt("fault %s on %v: %s", fault.Name, fault.Nodes, fault.Error)
		case !fault.TookEffect:
			f.doubt("fault %s on %v at %s took no effect", fault.Name, fault.Nodes, f.h.When(fault.Start))
		case !f.met(fault):
			f.doubt("no operation was under way during fault %s on %v at %s", fault.Name, fault.Nodes, f.h.When(fault.Start))
		}
	}
}

// met reports whether an operation was under way while the fault was.
func (f *findings) met(fault *history.Fault) bool {
	from, to := max(fault.Active, fault.Start), fault.Heal
	if to == 0 {
		to = faultEnd(*fault)
	}
	for i := range f.h.Ops {
		if op := &f.h.Ops[i]; op.Call <= to && op.Return >= from {
			return true
		}
	}
	return false
}
