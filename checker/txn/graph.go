package txn

import (
	"cmp"
	"slices"
	"sort"
)

// kind is why one transaction comes before another.
type kind uint8

const (
	ww      kind = iota // the second replaced what the first wrote
	wr                  // the second read what the first wrote
	rw                  // the second replaced what the first read
	process             // one client ran them in this order
	real                // the first had returned before the second was called
	on                  // along a chain: no transaction between
	wwReal              // as ww, and that the versions are of this order rests on real time
	rwReal              // as rw, likewise
	kinds
)

// graph holds the edges from[i]:from[i+1] of node i. Nodes are the transactions, then the chains' places.
type graph struct {
	txns int32
	from []int32
	to   []int32
	kind []kind
	comp []int32 // a node's component, from 1; 0 = none of its own
	spot []int32 // a node's place in its component
	via  []int32 // the version that the edge speaks of: read (wr), or replacing (ww, rw); of a chain's edge, the version that entered
}

// build makes the graph. The edges are produced twice: once to count them, once to place them.
func (c *check) build() *graph {
	g := &graph{txns: int32(len(c.txns))}
	nodes := g.txns
	times := c.times()
	chain := nodes
	nodes += int32(len(times))
	for i := range c.orders {
		c.orders[i].node = nodes
		nodes += int32(len(c.orders[i].versions))
	}
	g.from = make([]int32, nodes+1)
	each := func(yield func(a, b int32, k kind, via int32)) {
		c.values(yield)
		c.chains(yield)
		c.sessions(yield)
		c.clock(chain, times, yield)
	}
	each(func(a, _ int32, _ kind, _ int32) { g.from[a+1]++ })
	for i := int32(0); i < nodes; i++ {
		g.from[i+1] += g.from[i]
	}
	n := g.from[nodes]
	g.to, g.kind, g.via = make([]int32, n), make([]kind, n), make([]int32, n)
	at := slices.Clone(g.from[:nodes])
	each(func(a, b int32, k kind, via int32) {
		i := at[a]
		at[a]++
		g.to[i], g.kind[i], g.via[i] = b, k, via
	})
	return g
}

// values are the edges that values alone tell.
func (c *check) values(yield func(a, b int32, k kind, via int32)) {
	for v := range c.versions {
		x := &c.versions[v]
		b := c.writer(int32(v))
		if !x.seen || b == none || x.parent == none {
			continue
		}
		if a := c.writer(x.parent); a != none && a != b {
			yield(a, b, ww, int32(v))
		}
	}
	for t := range c.txns {
		if c.txns[t].fate != committed {
			continue
		}
		for _, m := range c.of(int32(t)) {
			if !m.outside {
				continue
			}
			if a := c.writer(m.version); a != none && a != int32(t) {
				yield(a, int32(t), wr, m.version)
			}
			for w := c.versions[m.version].child; w != none; w = c.versions[w].next {
				if b := c.writer(w); b != int32(t) {
					yield(int32(t), b, rw, w)
				}
			}
		}
	}
}

// sessions joins the transactions of each process.
func (c *check) sessions(yield func(a, b int32, k kind, via int32)) {
	last := map[int]int32{}
	for t := range c.txns {
		if c.txns[t].fate != committed {
			continue
		}
		p := int(c.h.Ops[c.txns[t].op].Process)
		if a, ok := last[p]; ok && c.returned(a) <= c.h.Ops[c.txns[t].op].Call {
			yield(a, int32(t), process, none)
		}
		last[p] = int32(t)
	}
}

// times are the committed transactions that returned, in the order of returning.
func (c *check) times() []int32 {
	var done []int32
	for t := range c.txns {
		if c.txns[t].fate == committed && c.h.Ops[c.txns[t].op].Result.Outcome != 0 {
			done = append(done, int32(t))
		}
	}
	slices.SortFunc(done, func(a, b int32) int {
		return cmp.Compare(c.h.Ops[c.txns[a].op].Return, c.h.Ops[c.txns[b].op].Return)
	})
	return done
}

// clock is real time as a chain: one place for each return, in order. A transaction leads to its own place, and the
// last place before its call leads to it, so that n transactions need 3n edges and not n².
func (c *check) clock(node int32, done []int32, yield func(a, b int32, k kind, via int32)) {
	for i, t := range done {
		yield(t, node+int32(i), real, none)
		if i > 0 {
			yield(node+int32(i)-1, node+int32(i), on, none)
		}
	}
	// Operations are in the order of their calls, so that the last place only moves forward.
	place := 0
	for t := range c.txns {
		if c.txns[t].fate != committed {
			continue
		}
		call := c.h.Ops[c.txns[t].op].Call
		for place < len(done) && c.h.Ops[c.txns[done[place]].op].Return < call {
			place++
		}
		if place > 0 {
			yield(node+int32(place)-1, int32(t), on, none)
		}
	}
}

// chains are the edges of the registers' orders.
func (c *check) chains(yield func(a, b int32, k kind, via int32)) {
	if len(c.orders) == 0 {
		return
	}
	place := make([]int32, len(c.versions)) // of a version in its order, plus one
	at := make([]int32, len(c.keys))        // of a key's order, plus one
	for i := range c.orders {
		o := &c.orders[i]
		at[o.key] = int32(i) + 1
		for j, v := range o.versions {
			place[v] = int32(j) + 1
			if j > 0 {
				yield(o.node+int32(j)-1, o.node+int32(j), on, none)
				yield(o.node+o.links[j], c.writer(v), on, v)
				yield(c.writer(v), o.node+int32(j), wwReal, v)
			}
		}
	}
	readers := c.readersOfPairs()
	for i := range c.orders {
		for _, p := range c.orders[i].more {
			c.pair(p, readers[p[0]], yield)
		}
	}
	for t := range c.txns {
		if c.txns[t].fate != committed {
			continue
		}
		for _, m := range c.of(int32(t)) {
			if i := at[c.versions[m.version].key]; m.outside && i > 0 && place[m.version] > 0 {
				c.enter(int32(t), m.version, &c.orders[i-1], place, yield)
			}
		}
	}
}

// enter joins a reader of a version to those who wrote a newer one. A reader that wrote the register itself must not
// come to itself: it is joined one by one to the writers that the chain reaches before it, and then enters behind itself.
func (c *check) enter(t, v int32, o *order, place []int32, yield func(a, b int32, k kind, via int32)) {
	own := none
	for _, m := range c.of(t) {
		if m.write && c.versions[m.version].key == o.key && place[m.version] > 0 && c.writer(m.version) == t {
			own = place[m.version] - 1
		}
	}
	from := place[v] - 1
	if own == none || o.links[own] < from {
		yield(t, o.node+from, rwReal, v)
		return
	}
	i := sort.Search(len(o.byLink), func(i int) bool { return o.links[o.byLink[i]] >= from })
	for n := 0; i < len(o.byLink) && o.links[o.byLink[i]] <= o.links[own] && n < successors; i, n = i+1, n+1 {
		if b := c.writer(o.versions[o.byLink[i]]); b != t {
			yield(t, b, rwReal, o.versions[o.byLink[i]])
		}
	}
	if behind := o.links[own] + 1; behind < int32(len(o.versions)) {
		yield(t, o.node+behind, rwReal, v)
	}
}

// readersOfPairs are the readers of the versions that are older than another one by a pair of their own.
func (c *check) readersOfPairs() map[int32][]int32 {
	readers := map[int32][]int32{}
	for i := range c.orders {
		for _, p := range c.orders[i].more {
			readers[p[0]] = nil
		}
	}
	if len(readers) == 0 {
		return readers
	}
	for t := range c.txns {
		if c.txns[t].fate != committed {
			continue
		}
		for _, m := range c.of(int32(t)) {
			if known, ok := readers[m.version]; ok && m.outside && len(known) < successors {
				readers[m.version] = append(known, int32(t))
			}
		}
	}
	return readers
}

func (c *check) pair(p [2]int32, readers []int32, yield func(a, b int32, k kind, via int32)) {
	b := c.writer(p[1])
	if b == none {
		return
	}
	if a := c.writer(p[0]); a != none && a != b {
		yield(a, b, wwReal, p[1])
	}
	for _, t := range readers {
		if t != b {
			yield(t, b, rwReal, p[1])
		}
	}
}
