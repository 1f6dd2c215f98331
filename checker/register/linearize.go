package register

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// linearize puts the operations of a key that has no conflict in order (indices in Ops; those of unknown outcome only
// where somebody saw their value): the blocks by where their zones begin, a backward one first where they begin
// together, and each block along its chain. Observations that are Not values go wherever they fit; ok is false if this
// order has no place for one, which another order may have.
func (k *Key) linearize(v *values, zones []zone) (order []int32, ok bool) {
	readers, from := k.readers()
	slices.SortFunc(zones, func(a, b zone) int {
		if c := cmp.Compare(min(a.f, a.s), min(b.f, b.s)); c != 0 {
			return c
		}
		return cmp.Compare(a.s, b.s)
	})
	order = make([]int32, 0, len(k.Ops))
	for i := range zones {
		for val := zones[i].root; ; {
			if w := k.writer[val]; val != Missing && (!k.Ops[w].Maybe || v.observed(val)) {
				order = append(order, w)
			}
			order = append(order, readers[from[val]:from[val+1]]...)
			n := v.next[val]
			if n == None {
				break
			}
			val = k.Ops[n].Write
		}
	}
	if k.Nots == 0 {
		return order, true
	}
	return k.insertNots(order)
}

// readers lists the pure readers of each value, in order of their calls: those of val are readers[from[val]:from[val+1]].
func (k *Key) readers() (readers, from []int32) {
	pure := func(o *Op) bool { return o.Read != None && o.Write == None && !o.Not }
	from = make([]int32, len(k.Values)+1)
	for i := range k.Ops {
		if o := &k.Ops[i]; pure(o) {
			from[o.Read+1]++
		}
	}
	for val := range k.Values {
		from[val+1] += from[val]
	}
	readers = make([]int32, from[len(k.Values)])
	next := slices.Clone(from)
	for i := range k.Ops {
		if o := &k.Ops[i]; pure(o) {
			readers[next[o.Read]] = int32(i)
			next[o.Read]++
		}
	}
	return readers, from
}

// insertNots puts every observation of what the value was not into the first gap of the order that real time and the
// value there allow, in order of their returns.
func (k *Key) insertNots(order []int32) ([]int32, bool) {
	latest := make([]time.Duration, len(order)+1) // by gap: the greatest call before it
	latest[0] = math.MinInt64
	state := make([]int32, len(order)+1) // by gap: the value there
	for i, at := range order {
		o := &k.Ops[at]
		latest[i+1] = max(latest[i], o.Call)
		if state[i+1] = state[i]; o.Write != None {
			state[i+1] = o.Write
		}
	}
	soonest := make([]time.Duration, len(order)+1) // by gap: the least return after it
	soonest[len(order)] = Forever
	for i := len(order) - 1; i >= 0; i-- {
		soonest[i] = min(soonest[i+1], k.Ops[order[i]].Return)
	}
	var nots []int32
	for i := range k.Ops {
		if o := &k.Ops[i]; o.Not && !o.Maybe && o.Write == None {
			nots = append(nots, int32(i))
		}
	}
	sort.SliceStable(nots, func(i, j int) bool { return k.Ops[nots[i]].Return < k.Ops[nots[j]].Return })
	into := make(map[int][]int32, len(nots))
	furthest := make([]int, len(nots)) // the last gap used so far
	for n, at := range nots {
		o := &k.Ops[at]
		// The first gap after all that had returned when it was called.
		gap := sort.Search(len(soonest), func(g int) bool { return soonest[g] >= o.Call })
		if before := sort.Search(n, func(m int) bool { return k.Ops[nots[m]].Return >= o.Call }); before > 0 {
			gap = max(gap, furthest[before-1])
		}
		for gap < len(state) && state[gap] == o.Read {
			gap++
		}
		if gap == len(state) || latest[gap] > o.Return {
			return nil, false
		}
		if furthest[n] = gap; n > 0 {
			furthest[n] = max(gap, furthest[n-1])
		}
		into[gap] = append(into[gap], at)
	}
	out := make([]int32, 0, len(order)+len(nots))
	for gap := range len(order) + 1 {
		out = append(out, into[gap]...)
		if gap < len(order) {
			out = append(out, order[gap])
		}
	}
	return out, true
}

// Verify checks an order of the key's operations by itself: every one that answered stands in it once, one of unknown
// outcome at most once; nothing stands before what had returned when it was called; and each sees what the last write
// before it left.
func (k *Key) Verify(order []int32) error {
	stands := make([]bool, len(k.Ops))
	state := Missing
	for _, i := range order {
		o := &k.Ops[i]
		if stands[i] {
			return fmt.Errorf("key %s: operation %d stands twice", k.Name, o.ID)
		}
		stands[i] = true
		if o.Read != None && (o.Read == state) == o.Not {
			return fmt.Errorf("key %s: operation %d does not see what was there", k.Name, o.ID)
		}
		if o.Write != None {
			state = o.Write
		}
	}
	soonest := Forever
	for n := len(order) - 1; n >= 0; n-- {
		o := &k.Ops[order[n]]
		if o.Call > soonest {
			return fmt.Errorf("key %s: operation %d stands before one that had returned when it was called", k.Name, o.ID)
		}
		soonest = min(soonest, o.Return)
	}
	for i := range k.Ops {
		if !stands[i] && !k.Ops[i].Maybe {
			return fmt.Errorf("key %s: operation %d has no place", k.Name, k.Ops[i].ID)
		}
	}
	return nil
}
