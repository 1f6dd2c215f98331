package txn

import (
	"fmt"
	"strings"
)

// direct finds the anomalies that need no cycle.
func (c *check) direct() {
	for t := range c.txns {
		if c.txns[t].fate == committed {
			c.internal(int32(t))
			c.reads(int32(t))
		}
	}
	for v := range c.versions {
		if c.versions[v].seen {
			c.branches(int32(v))
			c.dirty(int32(v))
			c.duplicates(int32(v))
		}
	}
}

// internal: inside a transaction, a key keeps its value until the transaction itself writes it.
func (c *check) internal(t int32) {
	ms := c.of(t)
	if len(ms) == 1 {
		return
	}
	for i, m := range ms {
		x := &c.versions[m.version]
		for j := i - 1; j >= 0 && len(ms) <= 64; j-- {
			before := ms[j]
			if c.versions[before.version].key != x.key {
				continue
			}
			if bad := c.breaks(before, m); bad != "" {
				c.found(Anomaly{Name: "internal", Ops: c.ops(t), Why: fmt.Sprintf("one transaction %s %s and then %s %s", verb(before), c.show(before.version), verb(m), c.show(m.version))})
			}
			break
		}
		if m.write {
			continue
		}
		for _, later := range ms[i+1:] {
			if later.write && later.version == m.version && m.outside {
				c.found(Anomaly{Name: "future-read", Ops: c.ops(t), Why: fmt.Sprintf("a transaction read %s before it wrote it", c.show(m.version))})
			}
		}
	}
}

// breaks says why the second of two micro-operations on one key, with none between them, cannot follow the first.
func (c *check) breaks(a, b micro) string {
	x := &c.versions[b.version]
	switch {
	case !b.write && a.version != b.version:
		return "another value"
	case b.write && !b.blind && !a.write && c.keys[x.key].list && shorter(x.value) != c.versions[a.version].value && a.version != b.version:
		return "not an extension" // what it appended to is not what it had just read
	}
	return ""
}

func verb(m micro) string {
	if m.write {
		return "wrote"
	}
	return "read"
}

// reads judges what a committed transaction read from outside.
func (c *check) reads(t int32) {
	for _, m := range c.of(t) {
		x := &c.versions[m.version]
		if m.write || !m.outside || x.value == "" || x.many {
			continue
		}
		switch {
		case x.writer == none && x.ghost != none:
			c.found(Anomaly{Name: "G1a", Ops: c.ops(t, x.ghost), Why: fmt.Sprintf("a transaction read %s, written by a transaction that was aborted", c.show(m.version))})
		case x.writer == none && !c.explained(m.version):
			c.found(Anomaly{Name: "garbage-read", Ops: c.ops(t), Why: fmt.Sprintf("a transaction read %s, which nobody wrote", c.show(m.version))})
		case x.inner && x.writer != t:
			c.found(Anomaly{Name: "G1b", Ops: c.ops(t, x.writer), Why: fmt.Sprintf("a transaction read %s, which its writer replaced before it committed", c.show(m.version))})
		}
	}
}

// branches: a version is replaced once. Two transactions that both replaced it, each having seen nothing later, have
// lost one of the updates; if both branches were read, the readers do not agree on an order.
func (c *check) branches(v int32) {
	var all, read []int32
	for w := c.versions[v].child; w != none; w = c.versions[w].next {
		if !c.versions[w].loose {
			all = append(all, w)
		}
		if c.versions[w].below {
			read = append(read, w)
		}
	}
	switch list := c.keys[c.versions[v].key].list; {
	case list && len(read) > 1:
		a, b := read[1], read[0]
		c.found(Anomaly{Name: "incompatible-order", Ops: c.ops(c.readerBelow(a), c.readerBelow(b), c.writer(a), c.writer(b)),
			Why: fmt.Sprintf("%s was continued as %s and as %s, and both were read", c.show(v), c.show(a), c.show(b))})
	case len(all) > 1 && c.writer(all[0]) != c.writer(all[1]):
		a, b := all[1], all[0]
		c.found(Anomaly{Name: "lost-update", Ops: c.ops(c.writer(a), c.writer(b)),
			Why: fmt.Sprintf("two transactions replaced %s: one by %s, the other by %s", c.show(v), c.show(a), c.show(b))})
	}
}

// readerBelow is a transaction that read the version or one that descends from it.
func (c *check) readerBelow(v int32) int32 {
	for c.versions[v].reader == none {
		w := c.versions[v].child
		for w != none && !c.versions[w].below {
			w = c.versions[w].next
		}
		if w == none {
			return none
		}
		v = w
	}
	return c.versions[v].reader
}

// dirty: a committed list that continues one which only an aborted transaction wrote.
func (c *check) dirty(v int32) {
	x := &c.versions[v]
	if x.parent == none || c.writer(v) == none {
		return
	}
	if p := &c.versions[x.parent]; p.value != "" && p.writer == none && p.ghost != none && !p.many {
		c.found(Anomaly{Name: "dirty-update", Ops: c.ops(p.ghost, x.writer),
			Why: fmt.Sprintf("a committed transaction made %s of %s, which an aborted one had written", c.show(v), c.show(x.parent))})
	}
}

// duplicates: every element is appended once, so no list holds it twice. A version that continues another one can
// repeat only its last element.
func (c *check) duplicates(v int32) {
	x := &c.versions[v]
	if !c.keys[x.key].list || x.value == "" {
		return
	}
	twice := ""
	if past := shorter(x.value); x.parent != none && c.versions[x.parent].value == past {
		if last := strings.TrimPrefix(x.value[len(past):], " "); holds(past, last) {
			twice = last
		}
	} else {
		seen := map[string]bool{}
		for _, e := range strings.Split(x.value, " ") {
			if seen[e] {
				twice = e
			}
			seen[e] = true
		}
	}
	if twice == "" {
		return
	}
	ops := []int32{x.writer}
	if x.reader != none {
		ops = []int32{x.reader, x.writer}
	}
	c.found(Anomaly{Name: "duplicate-elements", Ops: c.ops(ops...), Why: fmt.Sprintf("%s holds %s twice", c.show(v), twice)})
}

// holds reports whether a list has an element.
func holds(list, element string) bool {
	for at := 0; at <= len(list); {
		i := strings.Index(list[at:], element)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(element)
		if (from == 0 || list[from-1] == ' ') && (to == len(list) || list[to] == ' ') {
			return true
		}
		at = from + 1
	}
	return false
}

// ops are the operations of transactions, each once.
func (c *check) ops(txns ...int32) []int {
	var ops []int
	for _, t := range txns {
		if t == none {
			continue
		}
		op, known := int(c.txns[t].op), false
		for _, o := range ops {
			known = known || o == op
		}
		if !known {
			ops = append(ops, op)
		}
	}
	return ops
}
