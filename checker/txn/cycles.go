package txn

import (
	"context"
	"fmt"
	"strings"
)

// classes are the cycles that are looked for in a component, from the gravest. Detection does not depend on them: a
// component with more than one transaction is a violation whatever its shape, and classes only give it its name.
var classes = []class{
	{name: "G0", edges: []kind{ww}, first: ww},
	{name: "G1c", edges: []kind{ww, wr}, first: wr},
	{name: "G-single", edges: []kind{ww, wr}, first: rw},
	{name: "G-nonadjacent", edges: []kind{ww, wr, rw}, first: rw, apart: true},
	{name: "G2-item", edges: []kind{ww, wr, rw}, first: rw},
}

// class is a shape of cycle: it begins with an edge of kind first and goes on with these edges.
type class struct {
	name  string
	edges []kind
	first kind
	apart bool // no two rw edges in a row
}

// extras are the orders that are added, one after the other, when values alone do not explain a component.
var extras = []struct {
	name  string
	edges []kind
}{{"", nil}, {"process", []kind{process}}, {"realtime", []kind{process, real, on}}}

// split takes a name such as "G-single-realtime" apart.
func split(name string) (base, extra string) {
	for _, e := range extras[1:] {
		if b, ok := strings.CutSuffix(name, "-"+e.name); ok {
			return b, e.name
		}
	}
	return name, ""
}

// plain is the kind without what it rests on.
func (k kind) plain() kind {
	switch k {
	case wwReal:
		return ww
	case rwReal:
		return rw
	}
	return k
}

// shownComponents bounds how many components are explained; work bounds the edges followed in looking for each class
// of cycle in a component, starts the edges that a search begins with.
const (
	shownComponents = 64
	work            = 4 << 20
	starts          = 256
)

// cycles finds the components of the whole graph and names what is wrong with each.
func (c *check) cycles(ctx context.Context, g *graph) {
	found := g.components()
	g.comp, g.spot = make([]int32, len(g.from)-1), make([]int32, len(g.from)-1)
	for i, members := range found {
		for j, m := range members {
			g.comp[m], g.spot[m] = int32(i)+1, int32(j)
		}
	}
	for i, members := range found {
		if i >= shownComponents || c.stopped(ctx) {
			c.limit(fmt.Sprintf("%d groups of contradictory transactions: %d of them were explained", len(found), i))
			c.report.Counts["cycle-realtime"] += len(found) - i
			return
		}
		s := &search{g: g, members: members, came: make([]int32, 2*len(members)), prev: make([]int32, 2*len(members)), round: make([]int32, 2*len(members))}
		name, path := s.name()
		if name == "cycle-realtime" {
			c.limit("a cycle was too large to be named: the level may be lower")
		}
		c.found(c.explain(g, name, path))
	}
}

// search looks for cycles inside one component.
type search struct {
	g       *graph
	members []int32
	allowed [kinds]bool
	apart   bool
	follow  int     // edges that may still be followed
	came    []int32 // the edge that reached a state
	prev    []int32 // the state before it
	round   []int32 // the search that reached it
	now     int32   // the search that is going on
}

// name is the gravest class that a cycle of the component belongs to, with the cycle: edges from a transaction back to
// itself.
func (s *search) name() (string, []int32) {
	for _, extra := range extras {
		for _, class := range classes {
			path := s.class(class, extra.edges, extra.name == "realtime")
			switch {
			case path == nil:
			case extra.name == "":
				return class.name, path
			default:
				return class.name + "-" + extra.name, path
			}
		}
	}
	s.allow([]kind{ww, wr, rw, process, real, on}, true)
	s.apart, s.follow = false, 1<<62
	for _, n := range s.members {
		for e := s.g.from[n]; n < s.g.txns && e < s.g.from[n+1]; e++ {
			if k := s.g.kind[e].plain(); k <= rw && s.inside(e) {
				return "cycle-realtime", s.back(e, n)
			}
		}
	}
	return "cycle-realtime", nil
}

func (s *search) allow(edges []kind, timed bool) {
	s.allowed = [kinds]bool{}
	for _, k := range edges {
		s.allowed[k] = true
	}
	s.allowed[wwReal], s.allowed[rwReal] = timed && s.allowed[ww], timed && s.allowed[rw]
}

// inside reports whether the edge stays in the component.
func (s *search) inside(e int32) bool {
	return s.g.comp[s.g.to[e]] == s.g.comp[s.members[0]]
}

// class is the shortest cycle of a class that was found within the budget; nil if none was.
func (s *search) class(c class, extra []kind, timed bool) []int32 {
	timed = timed && c.first == rw // an order that rests on real time names no cycle of writes
	s.allow(append(append([]kind{}, c.edges...), extra...), timed)
	s.apart, s.follow = c.apart, work
	var best []int32
	begun := 0
	for _, n := range s.members {
		if n >= s.g.txns {
			continue
		}
		for e := s.g.from[n]; e < s.g.from[n+1]; e++ {
			if k := s.g.kind[e]; k.plain() != c.first || k != c.first && !timed || !s.inside(e) {
				continue
			}
			if path := s.back(e, n); path != nil && (best == nil || s.hops(path) < s.hops(best)) {
				best = path
			}
			if begun++; begun >= starts || s.follow <= 0 || best != nil && s.hops(best) == 2 {
				return best
			}
		}
	}
	return best
}

// hops is the number of transactions on a path.
func (s *search) hops(path []int32) int {
	n := 0
	for _, e := range path {
		if s.g.kind[e] != on {
			n++
		}
	}
	return n
}

// back is a path that begins with edge first and ends at node home, over few transactions; nil if there is none within
// the budget. Edges along a chain cost nothing. Where rw edges have to stay apart, a node that was reached by one ("hot")
// is another state than the same node reached otherwise.
func (s *search) back(first, home int32) []int32 {
	s.now++
	size := int32(len(s.members))
	var near, far []int32 // states
	reach := func(e int32, hot bool, before int32) (int32, bool) {
		if !s.inside(e) {
			return 0, false
		}
		x := s.g.spot[s.g.to[e]]
		if hot {
			x += size
		}
		if s.round[x] == s.now {
			return 0, false
		}
		s.round[x], s.came[x], s.prev[x] = s.now, e, before
		return x, true
	}
	if x, ok := reach(first, s.apart, none); ok {
		near = append(near, x)
	}
	for len(near)+len(far) > 0 && s.follow > 0 {
		if len(near) == 0 {
			near, far = far, near
		}
		x := near[len(near)-1]
		near = near[:len(near)-1]
		n, hot := s.members[x%size], x >= size
		if n == home {
			return s.trace(x)
		}
		for e := s.g.from[n]; e < s.g.from[n+1]; e++ {
			s.follow--
			k := s.g.kind[e]
			heats := s.apart && (k.plain() == rw || k == on && hot) // the edge's end is hot
			switch {
			case !s.allowed[k], hot && k.plain() == rw, heats && s.g.to[e] == home: // home is left by rw
				continue
			}
			next, ok := reach(e, heats, x)
			switch {
			case !ok:
			case k == on:
				near = append(near, next)
			default:
				far = append(far, next)
			}
		}
	}
	return nil
}

// trace walks back from a state to where the search began.
func (s *search) trace(x int32) []int32 {
	var path []int32
	for ; x != none; x = s.prev[x] {
		path = append(path, s.came[x])
	}
	for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
		path[i], path[j] = path[j], path[i]
	}
	return path
}
