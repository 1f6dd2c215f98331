package register

import (
	"context"
	"slices"
	"sort"
	"time"
)

// Reason is the way in which a register cannot be as it was seen.
type Reason uint8

// The reasons that Check finds.
const (
	Phantom Reason = iota // a value was read that nobody wrote
	Lost                  // two operations both replaced the same value
	Order                 // an operation finished before one that it builds on began
	Crossed               // two values each had to be overwritten by the other
)

// Conflict is a proof that a register is not linearizable.
type Conflict struct {
	Reason Reason
	Ops    []int32 // indices in Key.Ops: enough of them to prove it
	A, B   int32   // the values in conflict
	Blind  bool    // it holds even if what writes saw is ignored
}

// values is what Check gathers of each value: its writer, the write that replaced it knowingly, and of its readers the
// first to return and the last to be called.
type values struct {
	next  []int32 // by value: index of the op that read it and wrote another
	first []int32 // index of the reader with the least Return; None
	last  []int32 // index of the reader with the greatest Call; None
}

// zone is a block of values chained by compare-and-swap: f is the least return in it and s the greatest call. Whatever
// returned before something else was called precedes it, so block A precedes block B exactly if f(A) < s(B).
type zone struct {
	f, s       time.Duration
	fOp, sOp   int32 // the ops that have them; None for the beginning of time
	root, fVal int32
	sVal       int32
}

// Check decides a key whose values are Unique and returns nil if it is linearizable, or a conflict. Blind leaves out
// what writes saw of the values that they replaced: it finds less, but its conflicts are shorter. Observations that
// are Not values are not used.
func (k *Key) Check(ctx context.Context, blind bool) (*Conflict, error) {
	c, _, _ := k.check(blind)
	return c, ctx.Err()
}

// Proof returns the operations of a conflict as a history of their own that is wrong if the key's is: without what
// writes saw of values whose writers are not among them, or, of a blind conflict, of any.
func (k *Key) Proof(c *Conflict) []Op {
	among := map[int32]bool{}
	for _, i := range c.Ops {
		among[i] = true
	}
	out := make([]Op, 0, len(c.Ops))
	for _, i := range c.Ops {
		o := k.Ops[i]
		known := o.Read <= Missing || k.writer[o.Read] == None || among[k.writer[o.Read]]
		if o.Write != None && (c.Blind || !known) {
			o.Read, o.Not = None, false
		}
		out = append(out, o)
	}
	return out
}

// Linearize is Check, and returns an order of the operations if there is no conflict. It returns neither if the order
// that it finds has no place for some observation of what the value was not.
func (k *Key) Linearize(ctx context.Context) (order []int32, c *Conflict, err error) {
	c, v, zones := k.check(false)
	if err := ctx.Err(); err != nil || c != nil {
		return nil, c, err
	}
	order, ok := k.linearize(v, zones)
	if !ok {
		order = nil
	}
	return order, nil, ctx.Err()
}

func (k *Key) check(blind bool) (c *Conflict, v *values, zones []zone) {
	v, c = k.gather(blind)
	if c == nil {
		if zones, c = k.zones(v, blind); c == nil {
			c = k.crossed(zones, v)
		}
	}
	if c != nil {
		c.Blind = blind
		if !blind {
			k.support(v, c)
		}
	}
	return c, v, zones
}

func (k *Key) gather(blind bool) (*values, *Conflict) {
	n := len(k.Values)
	v := &values{next: fill(n), first: fill(n), last: fill(n)}
	for i := range k.Ops {
		o := &k.Ops[i]
		if o.Read == None || o.Not {
			continue
		}
		if o.Write != None {
			// An operation of unknown outcome read what it demanded only if its own value shows that it happened.
			if blind || o.Maybe {
				continue
			}
			if c := k.chain(v, int32(i)); c != nil {
				return v, c
			}
			continue
		}
		if o.Read != Missing && k.writer[o.Read] == None {
			return v, &Conflict{Reason: Phantom, Ops: []int32{int32(i)}, A: o.Read, B: None}
		}
		if f := v.first[o.Read]; f == None || o.Return < k.Ops[f].Return {
			v.first[o.Read] = int32(i)
		}
		if l := v.last[o.Read]; l == None || o.Call > k.Ops[l].Call {
			v.last[o.Read] = int32(i)
		}
	}
	if !blind {
		return v, k.resolve(v)
	}
	return v, nil
}

// resolve chains the operations of unknown outcome that are seen to have happened, and then those that these saw.
func (k *Key) resolve(v *values) *Conflict {
	for i := range k.Ops {
		for at := int32(i); ; {
			o := &k.Ops[at]
			if !o.Maybe || o.Read == None || o.Write == None || o.Not || v.next[o.Read] == at || !v.observed(o.Write) {
				break
			}
			if c := k.chain(v, at); c != nil {
				return c
			}
			if at = k.writer[o.Read]; at == None {
				break
			}
		}
	}
	return nil
}

func (v *values) observed(val int32) bool { return v.first[val] != None || v.next[val] != None }

// support adds to a conflict those who show that its operations of unknown outcome happened, where it depends on what
// these saw.
func (k *Key) support(v *values, c *Conflict) {
	in := map[int32]bool{}
	for _, i := range c.Ops {
		in[i] = true
	}
	for at := 0; at < len(c.Ops); at++ {
		o := &k.Ops[c.Ops[at]]
		if !o.Maybe || o.Read == None || o.Write == None {
			continue
		}
		by := v.first[o.Write]
		if by == None {
			by = v.next[o.Write]
		}
		if by != None && !in[by] {
			in[by] = true
			c.Ops = append(c.Ops, by)
		}
	}
}

// chain notes that op i replaced the value that it read.
func (k *Key) chain(v *values, i int32) *Conflict {
	o := &k.Ops[i]
	if o.Read != Missing && k.writer[o.Read] == None {
		return &Conflict{Reason: Phantom, Ops: []int32{i}, A: o.Read, B: None}
	}
	if other := v.next[o.Read]; other != None {
		c := &Conflict{Reason: Lost, Ops: []int32{other, i}, A: o.Read, B: o.Write}
		if o.Read != Missing {
			c.Ops = append(c.Ops, k.writer[o.Read])
		}
		return c
	}
	v.next[o.Read] = i
	return nil
}

// zones walks every block along its chain. In a block everything is ordered: each value's writer, then its readers,
// then the write that replaced it.
func (k *Key) zones(v *values, blind bool) ([]zone, *Conflict) {
	zones := make([]zone, 0, len(k.Values))
	for root := range k.Values {
		root := int32(root)
		w := k.writer[root]
		if root != Missing {
			if w == None {
				continue // only ever a Not or an expectation
			}
			if o := &k.Ops[w]; !blind && o.Read != None && !o.Not && v.next[o.Read] == w {
				continue // inside another block
			}
		}
		z, c := k.walk(v, root)
		if c != nil {
			return nil, c
		}
		zones = append(zones, z)
	}
	return zones, k.loops(v, blind, zones)
}

func (k *Key) walk(v *values, root int32) (zone, *Conflict) {
	z := zone{f: Forever, s: -1 << 63, fOp: None, sOp: None, root: root}
	if root == Missing {
		z.f = -1 << 63
	}
	take := func(i, val int32) *Conflict {
		o := &k.Ops[i]
		if o.Return < z.s {
			return &Conflict{Reason: Order, Ops: k.closure(v, root, []int32{z.sOp, i}), A: z.sVal, B: val}
		}
		if o.Return < z.f {
			z.f, z.fOp, z.fVal = o.Return, i, val
		}
		return nil
	}
	late := func(i, val int32) {
		if o := &k.Ops[i]; o.Call > z.s {
			z.s, z.sOp, z.sVal = o.Call, i, val
		}
	}
	for val := root; ; {
		if w := k.writer[val]; val != Missing {
			if c := take(w, val); c != nil {
				return z, c
			}
			late(w, val)
		}
		if f := v.first[val]; f != None {
			if c := take(f, val); c != nil {
				return z, c
			}
			late(v.last[val], val)
		}
		n := v.next[val]
		if n == None {
			return z, nil
		}
		val = k.Ops[n].Write
		if val == root {
			return z, nil // a loop: two operations each read what the other wrote
		}
	}
}

// loops finds values that are reached by no block's root: operations that each build on the other.
func (k *Key) loops(v *values, blind bool, zones []zone) *Conflict {
	if blind {
		return nil
	}
	reached := make([]bool, len(k.Values))
	for _, z := range zones {
		for val := z.root; ; {
			reached[val] = true
			n := v.next[val]
			if n == None {
				break
			}
			val = k.Ops[n].Write
		}
	}
	for val := range k.Values {
		if val == 0 || reached[val] || k.writer[val] == None {
			continue
		}
		c := &Conflict{Reason: Order, A: int32(val), B: k.Ops[k.writer[val]].Read}
		for at := int32(val); !reached[at]; at = k.Ops[k.writer[at]].Read {
			reached[at] = true
			c.Ops = append(c.Ops, k.writer[at])
		}
		return c
	}
	return nil
}

// crossed looks for two blocks that must each precede the other: forward zones (f < s) that overlap, or a backward zone
// (s ≤ f) inside a forward one. The precedence is a Ferrers relation, so that every cycle contains such a pair.
func (k *Key) crossed(zones []zone, v *values) *Conflict {
	var forward, backward []int32
	for i := range zones {
		if z := &zones[i]; z.f < z.s {
			forward = append(forward, int32(i))
		} else {
			backward = append(backward, int32(i))
		}
	}
	sort.Slice(forward, func(i, j int) bool { return zones[forward[i]].f < zones[forward[j]].f })
	for i := 1; i < len(forward); i++ {
		if a, b := &zones[forward[i-1]], &zones[forward[i]]; b.f < a.s && a.f < b.s {
			return k.pair(v, a, b)
		}
	}
	for _, j := range backward {
		b := &zones[j]
		i := sort.Search(len(forward), func(i int) bool { return zones[forward[i]].f >= b.s }) - 1
		if i >= 0 && b.f < zones[forward[i]].s {
			return k.pair(v, &zones[forward[i]], b)
		}
	}
	return nil
}

func (k *Key) pair(v *values, a, b *zone) *Conflict {
	c := &Conflict{Reason: Crossed, A: a.root, B: b.root}
	for _, z := range []*zone{a, b} {
		c.Ops = append(c.Ops, k.closure(v, z.root, []int32{z.fOp, z.sOp})...)
	}
	return c
}

// closure returns the ops with the writes that they depend on: those of the values from the earliest to the latest of
// them in their block.
func (k *Key) closure(v *values, root int32, ops []int32) []int32 {
	in := map[int32]bool{}
	vals := map[int32]bool{}
	var out []int32
	for _, i := range ops {
		if i == None || in[i] {
			continue
		}
		in[i] = true
		out = append(out, i)
		if o := &k.Ops[i]; o.Write != None {
			vals[o.Write] = true
		} else {
			vals[o.Read] = true
		}
	}
	// The beginning of time has no operation: what follows it is followed from there.
	for val, begun := root, slices.Contains(ops, None) && root == Missing; len(vals) > 0; {
		begun = begun || vals[val]
		delete(vals, val)
		if w := k.writer[val]; begun && val != Missing && !in[w] {
			in[w] = true
			out = append(out, w)
		}
		n := v.next[val]
		if n == None {
			break
		}
		val = k.Ops[n].Write
	}
	return out
}

func fill(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = None
	}
	return s
}
