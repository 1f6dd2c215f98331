package txn

import "fmt"

// resolve finds every version's writer, which transactions of unknown fate are known to have committed because somebody
// saw what they wrote, and which version replaced which, as far as values tell.
func (c *check) resolve() {
	for t := range c.txns {
		c.writers(int32(t))
	}
	var work []int32 // transactions that have just become committed
	for t := range c.txns {
		if c.txns[t].fate == committed {
			work = append(work, int32(t))
		}
	}
	for len(work) > 0 {
		t := work[len(work)-1]
		work = work[:len(work)-1]
		for _, m := range c.of(t) {
			work = c.see(m.version, work)
		}
	}
	for t := range c.txns {
		if c.txns[t].fate == committed {
			c.readers(int32(t))
		}
	}
	c.link()
}

// of is the transaction's micro-operations.
func (c *check) of(t int32) []micro { return c.micros[c.txns[t].first:c.txns[t].last] }

func (c *check) writers(t int32) {
	for i, m := range c.of(t) {
		if !m.write {
			continue
		}
		v := &c.versions[m.version]
		switch {
		case c.txns[t].fate == aborted:
			v.ghost = t
		case v.writer == none:
			v.writer = t
		default:
			v.many = true
			c.limit("more than one transaction may have written " + c.show(m.version))
		}
		for _, later := range c.of(t)[i+1:] {
			if later.write && c.versions[later.version].key == v.key {
				v.inner = true
			}
		}
	}
}

// see marks a version and its past as seen, and commits the transactions that wrote them.
func (c *check) see(v int32, work []int32) []int32 {
	for !c.versions[v].seen {
		x := &c.versions[v]
		x.seen = true
		if t := x.writer; t != none && c.txns[t].fate == open {
			c.txns[t].fate = committed
			work = append(work, t)
		}
		if x.loose {
			if past := c.behind(v); past != none {
				x.parent, v = past, past
			}
		} else if k := &c.keys[x.key]; k.list && x.value != "" {
			for past := shorter(x.value); ; past = shorter(past) {
				if id, ok := k.versions[past]; ok {
					x.parent, v = id, id
					break
				}
			}
		}
	}
	return work
}

// readers notes who read what, and which reads are of what others wrote. A register's version that was written by a
// transaction which had read another one replaced that one.
func (c *check) readers(t int32) {
	ms := c.of(t)
	var own []int // places of the transaction's writes so far
	for i := range ms {
		m := &ms[i]
		v := &c.versions[m.version]
		if m.write {
			own = append(own, i)
			if before := c.readBefore(ms[:i], v.key); !c.keys[v.key].list && v.parent == none && before != m.version {
				v.parent = before
			}
			continue
		}
		m.outside = true
		for _, w := range own {
			m.outside = m.outside && c.versions[ms[w].version].key != v.key
		}
		if m.outside {
			v.reader = t
		}
	}
}

// readBefore is the version of the key that these micro-operations read first, from outside.
func (c *check) readBefore(ms []micro, key int32) int32 {
	for _, m := range ms {
		if c.versions[m.version].key != key {
			continue
		}
		if m.write {
			return none
		}
		return m.version
	}
	return none
}

// link makes the lists of children, and marks what is below a read.
func (c *check) link() {
	for v := range c.versions {
		x := &c.versions[v]
		if p := x.parent; x.seen && p != none && c.writer(int32(v)) != none {
			x.next, c.versions[p].child = c.versions[p].child, int32(v)
		}
		if x.reader == none {
			continue
		}
		for up := int32(v); up != none && !c.versions[up].below; up = c.versions[up].parent {
			c.versions[up].below = true
		}
	}
}

// writer is the committed transaction that installed the version; none if there is none, or more than one.
func (c *check) writer(v int32) int32 {
	x := &c.versions[v]
	if x.many || x.writer == none || c.txns[x.writer].fate != committed {
		return none
	}
	return x.writer
}

// show is a version for a sentence.
func (c *check) show(v int32) string {
	x := &c.versions[v]
	k := &c.keys[x.key]
	switch {
	case x.value == "":
		return k.name + " absent"
	case k.list:
		return fmt.Sprintf("%s = [%s]", k.name, x.value)
	}
	return fmt.Sprintf("%s = %s", k.name, x.value)
}
