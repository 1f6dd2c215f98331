package search

import (
	"context"
	"sort"
	"time"
)

// orderEntries bounds the dead ends that Order remembers, 32 bytes each.
const orderEntries = 8 << 20

// Order searches for an order, and returns it (indices in ops; of those of unknown outcome only the ones that it
// needs). It is Wing and Gong's search with Lowe's memory, and three things more that Porcupine cannot do: what only
// observes is placed as soon as it fits, without branching, because to place it then never forbids anything; an
// operation of unknown outcome is tried only while somebody still has to see its value; and a set of placed operations
// is remembered by a hash of 128 bits, so that a step costs the same at any length. A collision can hide an order, so
// that Illegal wants confirming; a Legal order is its own proof.
func Order(ctx context.Context, ops []Op) (Verdict, []int) {
	s := newOrdering(ops)
	switch {
	case s.from(ctx, State{}):
		return Legal, s.order
	case s.stopped:
		return Unknown, nil
	}
	return Illegal, nil
}

type key128 [2]uint64

type deadEnd struct {
	set   key128
	state State
}

type ordering struct {
	ops     []Op
	byCall  []int // indices by Call
	byRet   []int // definite ones, by Return
	done    []bool
	left    int // definite ones to place
	wanted  map[cell]int
	blocked bool // somebody only tells what a value was not: any write may be wanted
	set     key128
	dead    map[deadEnd]struct{}
	order   []int
	steps   int
	stopped bool
	first   int // of byCall and of byRet, all before these are done
	soonest int
}

func newOrdering(ops []Op) *ordering {
	s := &ordering{ops: ops, done: make([]bool, len(ops)), wanted: map[cell]int{}, dead: map[deadEnd]struct{}{}}
	for i := range ops {
		s.byCall = append(s.byCall, i)
		if !ops[i].Maybe || ops[i].Return != Forever {
			s.byRet = append(s.byRet, i)
			s.left++
		}
		s.want(i, 1)
	}
	sort.SliceStable(s.byCall, func(i, j int) bool { return ops[s.byCall[i]].Call < ops[s.byCall[j]].Call })
	sort.SliceStable(s.byRet, func(i, j int) bool { return ops[s.byRet[i]].Return < ops[s.byRet[j]].Return })
	return s
}

// want counts, by value, those who have still to see it.
func (s *ordering) want(i, n int) {
	for k, v := range s.ops[i].Read {
		if v != None {
			s.wanted[cell{k, v}] += n
			s.blocked = s.blocked || s.ops[i].Not[k]
		}
	}
}

func (s *ordering) place(i int) {
	s.done[i] = true
	s.want(i, -1)
	s.flip(i)
	s.order = append(s.order, i)
	if !s.ops[i].Maybe || s.ops[i].Return != Forever {
		s.left--
	}
}

func (s *ordering) unplace() {
	i := s.order[len(s.order)-1]
	s.order = s.order[:len(s.order)-1]
	s.done[i] = false
	s.want(i, 1)
	s.flip(i)
	if !s.ops[i].Maybe || s.ops[i].Return != Forever {
		s.left++
	}
}

// flip adds the operation to the hash of the set, or takes it away.
func (s *ordering) flip(i int) {
	s.set[0] ^= mix(uint64(i)*2 + 1)
	s.set[1] ^= mix(uint64(i)*2 + 0x5851F42D4C957F2D)
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// from places what is left, and reports whether it could.
func (s *ordering) from(ctx context.Context, state State) bool {
	first, soonest, placed := s.first, s.soonest, len(s.order)
	defer func() { s.first, s.soonest = first, soonest }()
	state = s.observe(state)
	if s.left == 0 {
		return true
	}
	at := deadEnd{s.set, state}
	if _, known := s.dead[at]; !known && !s.limit(ctx) {
		for _, i := range s.candidates() {
			ok, next := Step(state, &s.ops[i])
			if !ok || next == state && s.ops[i].Maybe && s.ops[i].Return == Forever {
				continue // without effect it may as well never happen
			}
			s.place(i)
			if s.from(ctx, next) {
				return true
			}
			s.unplace()
		}
		if len(s.dead) < orderEntries {
			s.dead[at] = struct{}{}
		}
	}
	for len(s.order) > placed {
		s.unplace()
	}
	return false
}

func (s *ordering) limit(ctx context.Context) bool {
	s.steps++
	if s.steps&255 == 0 && ctx.Err() != nil || len(s.dead) >= orderEntries {
		s.stopped = true
	}
	return s.stopped
}

// deadline is the earliest return of what is not placed: nothing called after it can be next.
func (s *ordering) deadline() time.Duration {
	for s.soonest < len(s.byRet) && s.done[s.byRet[s.soonest]] {
		s.soonest++
	}
	if s.soonest == len(s.byRet) {
		return Forever
	}
	return s.ops[s.byRet[s.soonest]].Return
}

// observe places all observers that fit the state. A revision that only an observer tells changes the state, so that
// such are placed like writes.
func (s *ordering) observe(state State) State {
	for again := true; again; {
		again = false
		limit := s.deadline()
		s.open(limit, func(i int) {
			o := &s.ops[i]
			if o.writes() || o.Maybe {
				return
			}
			if ok, next := Step(state, o); ok && next == state {
				s.place(i)
				again = true
			}
		})
	}
	return state
}

// open calls each for all that is not placed and was called by the limit.
func (s *ordering) open(limit time.Duration, each func(int)) {
	for s.first < len(s.byCall) && s.done[s.byCall[s.first]] {
		s.first++
	}
	for _, i := range s.byCall[s.first:] {
		if s.ops[i].Call > limit {
			return
		}
		if !s.done[i] {
			each(i)
		}
	}
}

// candidates are what can be next, those that are due first, first.
func (s *ordering) candidates() []int {
	var list []int
	s.open(s.deadline(), func(i int) {
		o := &s.ops[i]
		if o.Maybe && o.Return == Forever && !s.blocked && !s.useful(o) {
			return
		}
		list = append(list, i)
	})
	sort.SliceStable(list, func(a, b int) bool { return s.ops[list[a]].Return < s.ops[list[b]].Return })
	return list
}

// useful reports whether somebody has still to see what the operation would write.
func (s *ordering) useful(o *Op) bool {
	for k, w := range o.Write {
		if w != None && s.wanted[cell{k, w}] > 0 {
			return true
		}
	}
	return false
}
