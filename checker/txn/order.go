package txn

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"
)

// order is what is known of the order of one register's versions from real time. A version that some operation saw and
// that operation returned before another version was last asked for is the older one of the two: were it not, an
// operation would have seen a version that was already replaced. over is when the version's first operation returned,
// from is when its last one was called: a is older than b if over(a) < from(b).
//
// The relation has as many pairs as the square of the versions, so it is kept as a chain: versions sorted by over, each
// joined to the next. A version enters the chain at its own place and is left to by the place before its link.
type order struct {
	key      int32
	versions []int32 // by over; the root is first
	node     int32   // number of the chain's first node in the graph
	links    []int32 // links[i]: the last place of the chain that is older than versions[i]
	byLink   []int32 // places, sorted by their link, from place 1 on
	more     [][2]int32
}

// zone is when a version was first over with and last asked for, and by whom.
type zone struct {
	over, from     time.Duration
	overBy, fromBy int32
}

// successors and pairs bound the edges that are named one by one; more of them add nothing but explanations.
const (
	successors = 32
	pairs      = 64
)

// orderRegisters infers the order of every register's versions.
func (c *check) orderRegisters() {
	byKey := make([][]int32, len(c.keys))
	for v := range c.versions {
		x := &c.versions[v]
		if !c.keys[x.key].list && (x.value == "" || x.seen && !x.inner && c.writer(int32(v)) != none) {
			byKey[x.key] = append(byKey[x.key], int32(v))
		}
	}
	c.zones = c.seenWhen()
	for k, versions := range byKey {
		if len(versions) > 1 {
			c.orders = append(c.orders, c.order(int32(k), versions))
		}
	}
}

// seenWhen are the versions' zones; nil if there are no registers.
func (c *check) seenWhen() []zone {
	registers := false
	for k := range c.keys {
		registers = registers || !c.keys[k].list
	}
	if !registers {
		return nil
	}
	zones := make([]zone, len(c.versions))
	for v := range zones {
		zones[v] = zone{over: math.MaxInt64, from: -1, overBy: none, fromBy: none}
	}
	for t := range c.txns {
		if c.txns[t].fate != committed {
			continue
		}
		op := &c.h.Ops[c.txns[t].op]
		for _, m := range c.of(int32(t)) {
			if !m.write && !m.outside {
				continue
			}
			z := &zones[m.version]
			if back := c.returned(int32(t)); back < z.over {
				z.over, z.overBy = back, int32(t)
			}
			if op.Call > z.from {
				z.from, z.fromBy = op.Call, int32(t)
			}
		}
	}
	return zones
}

// returned is when the transaction was over for certain: never, if no answer came.
func (c *check) returned(t int32) time.Duration {
	op := &c.h.Ops[c.txns[t].op]
	if op.Result.Outcome == 0 {
		return math.MaxInt64
	}
	return op.Return
}

func (c *check) order(key int32, versions []int32) order {
	root := c.keys[key].versions[""]
	over := func(v int32) time.Duration {
		if v == root {
			return -1
		}
		return c.zones[v].over
	}
	slices.SortStableFunc(versions, func(a, b int32) int {
		return cmp.Compare(over(a), over(b))
	})
	o := order{key: key, versions: versions, links: make([]int32, len(versions))}
	last := func(at time.Duration) int32 { // the last place that is over before a time
		return int32(sort.Search(len(versions), func(i int) bool { return over(versions[i]) >= at })) - 1
	}
	for i, v := range versions {
		if v == root {
			o.links[i] = none
			continue
		}
		z := c.zones[v]
		o.links[i] = max(last(min(z.over, z.from)), 0)
		o.byLink = append(o.byLink, int32(i))
		// Versions that were over while this one was still asked for are older as well.
		for j := int32(i) + 1; j < int32(len(versions)) && over(versions[j]) < z.from; j++ {
			if len(o.more) >= pairs*len(versions) || j > int32(i)+pairs {
				c.limit("some versions of one register overlap with too many others")
				break
			}
			o.more = append(o.more, [2]int32{versions[j], v})
		}
	}
	slices.SortStableFunc(o.byLink, func(a, b int32) int { return cmp.Compare(o.links[a], o.links[b]) })
	return o
}
