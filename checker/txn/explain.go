package txn

import (
	"fmt"
	"strings"
)

// step is one edge between two transactions of a cycle.
type step struct {
	from, to int // places among the cycle's transactions
	kind     kind
	old, new int32 // the versions: read or replaced, and replacing
}

// explain turns a path of edges into transactions and steps between them.
func (c *check) explain(g *graph, name string, path []int32) Anomaly {
	txns, steps := c.steps(g, path)
	a := Anomaly{Name: name, Txns: len(txns)}
	for _, t := range txns {
		a.Ops = append(a.Ops, int(c.txns[t].op))
	}
	for i, s := range steps {
		because := c.because(txns, s)
		lead := ""
		if i == len(steps)-1 {
			lead = "yet "
		}
		a.Steps = append(a.Steps, fmt.Sprintf("%d. %sT%d < T%d, because %s", i+1, lead, s.from+1, s.to+1, because))
		if z := c.inferred(s); z != nil {
			a.Ops = append(a.Ops, int(c.txns[z[0]].op), int(c.txns[z[1]].op))
		}
	}
	if len(steps) == 0 {
		a.Why = "transactions contradict each other"
		return a
	}
	a.Steps[len(a.Steps)-1] += ": a contradiction"
	last := steps[len(steps)-1]
	a.Why = fmt.Sprintf("no order of %s is possible: %s, yet %s", names(len(txns)), c.because(txns, steps[0]), c.because(txns, last))
	a.SVG = draw(name, c.boxes(txns), steps)
	return a
}

func names(n int) string {
	if n > 3 {
		return fmt.Sprintf("T1 to T%d", n)
	}
	all := []string{"T1", "T2", "T3"}[:n]
	return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
}

// steps leaves out the chains' places: a run along a chain is one step, of the kind that entered it.
func (c *check) steps(g *graph, path []int32) (txns []int32, steps []step) {
	if len(path) == 0 {
		return nil, nil
	}
	from := g.to[path[len(path)-1]] // a cycle ends where it begins
	txns = []int32{from}
	var s step
	for _, e := range path {
		if g.kind[e] != on {
			s = step{from: len(txns) - 1, kind: g.kind[e], old: none, new: g.via[e]}
		}
		if g.to[e] >= g.txns {
			continue
		}
		if s.kind == wwReal || s.kind == rwReal {
			if g.kind[e] == on {
				s.new = g.via[e]
			}
		}
		s.old = c.old(txns[s.from], s)
		s.to = len(txns)
		if g.to[e] == from {
			s.to = 0
		} else {
			txns = append(txns, g.to[e])
		}
		steps = append(steps, s)
	}
	return txns, steps
}

// old is the version that the step's first transaction read or wrote.
func (c *check) old(t int32, s step) int32 {
	if s.new == none {
		return none
	}
	key := c.versions[s.new].key
	for _, m := range c.of(t) {
		if c.versions[m.version].key == key && (m.write == (s.kind.plain() != rw)) {
			return m.version
		}
	}
	return none
}

// because is the reason for a step, as half a sentence.
func (c *check) because(txns []int32, s step) string {
	a, b := fmt.Sprintf("T%d", s.from+1), fmt.Sprintf("T%d", s.to+1)
	x, y := &c.h.Ops[c.txns[txns[s.from]].op], &c.h.Ops[c.txns[txns[s.to]].op]
	switch s.kind {
	case wr:
		return fmt.Sprintf("%s wrote %s, which %s read", a, c.show(s.new), b)
	case ww:
		return fmt.Sprintf("%s wrote %s, which %s replaced by %s", a, c.show(s.old), b, c.show(s.new))
	case rw:
		return fmt.Sprintf("%s read %s, which %s replaced by %s", a, c.show(s.old), b, c.show(s.new))
	case wwReal, rwReal:
		did := "wrote"
		if s.kind == rwReal {
			did = "read"
		}
		return fmt.Sprintf("%s %s %s, which is older than %s that %s wrote%s", a, did, c.show(s.old), c.show(s.new), b, c.older(s))
	case process:
		return fmt.Sprintf("process %d ran %s before %s", x.Process, a, b)
	}
	return fmt.Sprintf("%s returned at %s, before %s was called at %s", a, c.h.When(x.Return), b, c.h.When(y.Call))
}

// older says why one version of a register is older than another.
func (c *check) older(s step) string {
	z := c.inferred(s)
	if z == nil {
		return ""
	}
	return fmt.Sprintf(" (op %d saw the one and returned at %s, op %d was called at %s and saw the other)",
		c.h.Ops[c.txns[z[0]].op].ID, c.h.When(c.zones[s.old].over), c.h.Ops[c.txns[z[1]].op].ID, c.h.When(c.zones[s.new].from))
}

// inferred are the two transactions whose times tell the order of the step's versions; nil if it rests on values.
func (c *check) inferred(s step) []int32 {
	if s.kind != wwReal && s.kind != rwReal || s.old == none || c.versions[s.old].value == "" {
		return nil
	}
	x, y := c.zones[s.old], c.zones[s.new]
	if x.overBy == none || y.fromBy == none || x.over >= y.from {
		return nil
	}
	return []int32{x.overBy, y.fromBy}
}

// boxes are the transactions' texts for a drawing.
func (c *check) boxes(txns []int32) []box {
	boxes := make([]box, len(txns))
	for i, t := range txns {
		op := &c.h.Ops[c.txns[t].op]
		boxes[i].title = fmt.Sprintf("T%d: op %d, client %d on %s, %s to %s", i+1, op.ID, op.Process, op.Node, c.h.When(op.Call), c.h.When(op.Return))
		for _, m := range c.of(t) {
			boxes[i].lines = append(boxes[i].lines, verb(m)+" "+c.show(m.version))
		}
	}
	return boxes
}
