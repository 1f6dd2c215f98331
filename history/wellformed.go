package history

import (
	"fmt"
	"time"
)

// Complaints bounds the list that Wellformed gives; what is left out is counted in the last line.
const Complaints = 50

// complaints is a bounded list of sentences.
type complaints struct {
	lines []string
	more  int
}

func (c *complaints) add(format string, args ...any) {
	if len(c.lines) == Complaints {
		c.more++
		return
	}
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *complaints) list() []string {
	if c.more > 0 {
		return append(c.lines, fmt.Sprintf("and %d more", c.more))
	}
	return c.lines
}

// Wellformed says what makes the history not a history, a sentence for each: no checker can judge one with such a fault.
func Wellformed(h *History) []string {
	var c complaints
	wellformedOps(&c, h.Ops)
	wellformedWatches(&c, h.Watches)
	wellformedFaults(&c, h.Faults)
	return c.list()
}

func wellformedOps(c *complaints, ops []Op) {
	ids := make(map[int]int, len(ops))
	last := map[Process]int{}
	for i, op := range ops {
		if first, used := ids[op.ID]; used {
			c.add("operation %d appears twice: %v; %v", op.ID, ops[first], op)
		}
		ids[op.ID] = i
		if op.Return < op.Call {
			c.add("operation %d returns before its call: %v", op.ID, op)
		}
		if op.Call < 0 {
			c.add("operation %d is called before the run's epoch: %v", op.ID, op)
		}
		if i > 0 && op.Call < ops[i-1].Call {
			c.add("operation %d is out of order: called before operation %d, which is listed before it: %v", op.ID, ops[i-1].ID, op)
		}
		if op.Request.Kind >= kinds || op.Request.Kind == Pause {
			c.add("operation %d asks for nothing (kind %d)", op.ID, op.Request.Kind)
		}
		if op.Result.Outcome > Fail {
			c.add("operation %d has an outcome that does not exist (%d)", op.ID, op.Result.Outcome)
		}
		if before, used := last[op.Process]; used {
			switch prev := ops[before]; {
			case prev.Result.Outcome == Unknown:
				c.add("operation %d is by process %d, which ended with the unknown outcome of operation %d", op.ID, op.Process, prev.ID)
			case op.Call < prev.Return:
				c.add("operation %d overlaps operation %d of the same process %d: called at %v, before the other returned at %v", op.ID, prev.ID, op.Process, op.Call, prev.Return)
			}
		}
		last[op.Process] = i
	}
}

func wellformedWatches(c *complaints, watches []Watch) {
	ids := map[int]bool{}
	for _, w := range watches {
		if ids[w.ID] {
			c.add("watch %d appears twice", w.ID)
		}
		ids[w.ID] = true
		if w.Closed < w.Opened {
			c.add("watch %d closes at %v, before it opens at %v", w.ID, w.Closed, w.Opened)
		}
		at := w.Opened
		for i, r := range w.Responses {
			if r.At < at {
				c.add("watch %d: response %d at %v comes before what is listed before it, at %v", w.ID, i, r.At, at)
			}
			at = r.At
		}
		if w.Resumes >= w.ID {
			c.add("watch %d resumes watch %d, which does not come before it", w.ID, w.Resumes)
		}
	}
}

func wellformedFaults(c *complaints, faults []Fault) {
	ids := map[int]bool{}
	for i, f := range faults {
		if ids[f.ID] {
			c.add("fault %d appears twice", f.ID)
		}
		ids[f.ID] = true
		if i > 0 && f.Start < faults[i-1].Start {
			c.add("fault %d is out of order: starts at %v, before fault %d, which is listed before it", f.ID, f.Start, faults[i-1].ID)
		}
		at := f.Start
		for _, mark := range []struct {
			name string
			at   time.Duration
		}{{"active", f.Active}, {"heal", f.Heal}, {"end", f.End}} {
			if mark.at == 0 {
				continue // not reached
			}
			if mark.at < at {
				c.add("fault %d (%s %s): %s at %v comes before %v", f.ID, f.Name, f.Target, mark.name, mark.at, at)
			}
			at = mark.at
		}
	}
}
