package component

import (
	"context"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/search"
)

// Placed is an operation in an order.
type Placed struct {
	Op    int  // its index in the part's Ops
	Other bool // it did what Op.Other says
}

// Order searches for an order of the part's operations, and returns it; of those of unknown outcome, the ones that it
// needs. It is Wing and Gong's search with Lowe's memory, as package search has it for registers: what only observes is
// placed as soon as it fits, an operation of unknown outcome is tried only while somebody still has to see what it may
// do, what is due first is tried first, and where the search has been is remembered by a hash of 128 bits. A collision
// can hide an order, so that Illegal wants confirming; a Legal order is its own proof.
func Order(ctx context.Context, p *Part) (search.Verdict, []Placed) {
	return order(ctx, p, deadEnds)
}

// order is Order that remembers so many dead ends at most.
func order(ctx context.Context, p *Part, limit int) (search.Verdict, []Placed) {
	s := newOrdering(p)
	s.most = limit
	switch {
	case s.from(ctx):
		return search.Legal, s.order
	case s.stopped:
		return search.Unknown, nil
	}
	return search.Illegal, nil
}

// ordering is one search under way.
type ordering struct {
	*step
	facts   []facts
	call    []time.Duration // narrowed
	ret     []time.Duration
	byCall  []int // those that have to be placed, by call
	byRet   []int // and by return
	idle    []int // those that need not, by call
	done    []bool
	left    int // of byCall
	wanted  map[cell]int
	wants   []int  // by key: all that is wanted of it
	opaque  []bool // by key: nobody can tell what its writes leave
	set     hash
	dead    map[hash]struct{}
	most    int // of them
	order   []Placed
	steps   int
	stopped bool
	first   int // of byCall and of byRet, all before these are done
	soonest int
}

func newOrdering(p *Part) *ordering {
	n := number(p)
	s := &ordering{step: &step{part: p, content: newContent(n)}, done: make([]bool, len(p.Ops)), wanted: map[cell]int{},
		wants: make([]int, len(p.Keys)), opaque: make([]bool, len(p.Keys)), dead: map[hash]struct{}{}}
	r := &reader{names: n, told: p.told}
	for i := range p.Ops {
		s.facts = append(s.facts, r.of(&p.Ops[i]))
		s.call, s.ret = append(s.call, p.Ops[i].Call), append(s.ret, p.Ops[i].Return)
		for _, c := range s.facts[i].makes {
			s.opaque[c.key] = s.opaque[c.key] || c.value == anything
		}
	}
	s.narrow()
	for i := range p.Ops {
		s.want(i, 1)
	}
	s.drop()
	for i := range p.Ops {
		switch {
		case s.done[i]:
		case p.Ops[i].Maybe && s.ret[i] == search.Forever:
			s.idle = append(s.idle, i)
		default:
			s.byCall, s.byRet = append(s.byCall, i), append(s.byRet, i)
			s.left++
		}
	}
	sort.SliceStable(s.byCall, func(i, j int) bool { return s.call[s.byCall[i]] < s.call[s.byCall[j]] })
	sort.SliceStable(s.byRet, func(i, j int) bool { return s.ret[s.byRet[i]] < s.ret[s.byRet[j]] })
	return s
}

// narrow uses that what alone can have made a value happened before the first to see it returned, and after nobody who
// saw it was over. That leaves the same orders.
func (s *ordering) narrow() {
	makers := map[cell]int{} // by cell: who makes it; -1: several
	for i := range s.facts {
		for _, c := range s.facts[i].makes {
			if at, ok := makers[c]; ok && at != i {
				makers[c] = -1
			} else {
				makers[c] = i
			}
		}
	}
	for i := range s.facts {
		if s.part.Ops[i].Maybe || s.part.Ops[i].Result == nil {
			continue
		}
		for _, c := range s.facts[i].needs {
			w, ok := makers[c]
			if !ok || w < 0 || w == i || c.value <= absent || s.opaque[c.key] {
				continue
			}
			s.ret[w] = min(s.ret[w], max(s.ret[i], s.call[w]))
			s.call[i] = max(s.call[i], min(s.call[w], s.ret[i]))
		}
	}
}

// drop leaves out what never can be of use: nobody needs what it may do.
func (s *ordering) drop() {
	for again := true; again; {
		again = false
		for i := range s.part.Ops {
			o := &s.part.Ops[i]
			if !s.done[i] && o.Maybe && o.Request != nil && s.ret[i] == search.Forever && !s.useful(i) {
				s.done[i], again = true, true
				s.want(i, -1)
			}
		}
	}
}

// want counts, by what is needed, those who still need it.
func (s *ordering) want(i, n int) {
	for _, c := range s.facts[i].needs {
		s.wanted[c] += n
		s.wants[c.key] += n
	}
}

// useful reports whether somebody still needs what the operation may do.
func (s *ordering) useful(i int) bool {
	o := &s.part.Ops[i]
	if o.Request == nil {
		return s.ends(o)
	}
	for _, c := range s.facts[i].makes {
		if s.opaque[c.key] && s.wants[c.key] > 0 || s.wanted[c] > 0 || s.wanted[cell{c.key, anything}] > 0 {
			return true
		}
	}
	return false
}

// ends reports whether somebody may need that the lease's end takes a key away.
func (s *ordering) ends(o *Op) bool {
	if s.content.ended[s.content.names.leaseAt[o.Ends]] {
		return false
	}
	for at := range s.content.cells {
		kv := &s.content.cells[at]
		if kv.Version == 0 || kv.Lease != o.Ends {
			continue
		}
		if at := int32(at); s.wanted[cell{at, absent}] > 0 || s.wanted[cell{at, anything}] > 0 || s.opaque[at] && s.wants[at] > 0 {
			return true
		}
	}
	return false
}

func (s *ordering) must(i int) bool { return !s.part.Ops[i].Maybe || s.ret[i] != search.Forever }

func (s *ordering) place(i int, other bool) {
	s.done[i] = true
	s.want(i, -1)
	s.set.flip(uint64(i)+1, 2, 3)
	s.order = append(s.order, Placed{i, other})
	if s.must(i) {
		s.left--
	}
}

func (s *ordering) unplace() {
	i := s.order[len(s.order)-1].Op
	s.order = s.order[:len(s.order)-1]
	s.done[i] = false
	s.want(i, 1)
	s.set.flip(uint64(i)+1, 2, 3)
	if s.must(i) {
		s.left++
	}
}

// from places what is left, and reports whether it could.
func (s *ordering) from(ctx context.Context) bool {
	first, soonest, placed, changed := s.first, s.soonest, len(s.order), len(s.content.history)
	defer func() { s.first, s.soonest = first, soonest }()
	s.observe()
	if s.left == 0 {
		return true
	}
	at := hash{s.set[0] ^ s.content.hash[0], s.set[1] ^ s.content.hash[1]}
	if _, known := s.dead[at]; !known && !s.limit(ctx) {
		for _, i := range s.candidates() {
			for _, other := range []bool{false, true} {
				if !s.takes(i, other) {
					continue
				}
				s.place(i, other)
				if s.from(ctx) {
					return true
				}
				s.unplace()
				s.content.back(changed)
			}
		}
		if len(s.dead) < s.most {
			s.dead[at] = struct{}{}
		}
	}
	for len(s.order) > placed {
		s.unplace()
	}
	return false
}

// takes carries the operation out, if it can be next, and doing so is of use.
func (s *ordering) takes(i int, other bool) bool {
	o := &s.part.Ops[i]
	if other && o.Other == nil || !s.fits(i) {
		return false
	}
	before := len(s.content.history)
	if !s.do(o, other) {
		return false
	}
	return s.must(i) || len(s.content.history) > before // without effect it may as well never happen
}

// fits reports whether the keys hold what the operation was shown: most that cannot be next are refused by that alone.
func (s *ordering) fits(i int) bool {
	if s.part.Ops[i].Result == nil {
		return true
	}
	for _, c := range s.facts[i].needs {
		kv := &s.content.cells[c.key]
		if c.value == absent && kv.Version != 0 || c.value > absent && (kv.Version == 0 || s.content.names.values[kv.Value] != c.value) {
			return false
		}
	}
	return true
}

func (s *ordering) limit(ctx context.Context) bool {
	s.steps++
	if s.steps&255 == 0 && ctx.Err() != nil || len(s.dead) >= s.most {
		s.stopped = true
	}
	return s.stopped
}

// deadline is the earliest return of what has to be placed: nothing called after it can be next.
func (s *ordering) deadline() time.Duration {
	for s.soonest < len(s.byRet) && s.done[s.byRet[s.soonest]] {
		s.soonest++
	}
	if s.soonest == len(s.byRet) {
		return search.Forever
	}
	return s.ret[s.byRet[s.soonest]]
}

// observe places all that changes nothing and fits: to place it now never forbids anything.
func (s *ordering) observe() {
	for again := true; again; {
		again = false
		s.open(s.deadline(), func(i int) {
			if s.facts[i].quiet && s.fits(i) && s.do(&s.part.Ops[i], false) {
				s.place(i, false)
				again = true
			}
		})
	}
}

// open calls each for all that has to be placed, is not, and was called by the limit.
func (s *ordering) open(limit time.Duration, each func(int)) {
	for s.first < len(s.byCall) && s.done[s.byCall[s.first]] {
		s.first++
	}
	for _, i := range s.byCall[s.first:] {
		if s.call[i] > limit {
			return
		}
		if !s.done[i] {
			each(i)
		}
	}
}

// candidates are what can be next: by the store's own word first, if it gave one, and those first that are due first.
func (s *ordering) candidates() []int {
	var list []int
	limit := s.deadline()
	s.open(limit, func(i int) { list = append(list, i) })
	ops := s.part.Ops
	sort.SliceStable(list, func(a, b int) bool {
		x, y := list[a], list[b]
		if ops[x].Revision != 0 && ops[y].Revision != 0 && ops[x].Revision != ops[y].Revision {
			return ops[x].Revision < ops[y].Revision
		}
		return s.ret[x] < s.ret[y]
	})
	for _, i := range s.idle {
		if s.call[i] > limit {
			break
		}
		if !s.done[i] && s.useful(i) {
			list = append(list, i)
		}
	}
	return list
}
