package txn

// components are the strongly connected components of more than one node, by Tarjan's algorithm (1972) with a stack of
// its own: a history has more transactions than a goroutine's stack has room for.
func (g *graph) components() [][]int32 {
	nodes := int32(len(g.from) - 1)
	t := &tarjan{g: g, index: make([]int32, nodes), low: make([]int32, nodes), next: make([]int32, nodes)}
	for n := range nodes {
		if t.index[n] == 0 {
			t.visit(n)
		}
	}
	return t.found
}

type tarjan struct {
	g          *graph
	index, low []int32 // from 1; 0 is not visited; an index below 0 is done
	next       []int32 // the next edge to follow
	count      int32
	open, path []int32
	found      [][]int32
}

func (t *tarjan) enter(n int32) {
	t.count++
	t.index[n], t.low[n], t.next[n] = t.count, t.count, t.g.from[n]
	t.open, t.path = append(t.open, n), append(t.path, n)
}

func (t *tarjan) visit(root int32) {
	t.enter(root)
	for len(t.path) > 0 {
		n := t.path[len(t.path)-1]
		if i := t.next[n]; i < t.g.from[n+1] {
			t.next[n]++
			switch m := t.g.to[i]; {
			case t.index[m] == 0:
				t.enter(m)
			case t.index[m] > 0:
				t.low[n] = min(t.low[n], t.index[m])
			}
			continue
		}
		t.path = t.path[:len(t.path)-1]
		if len(t.path) > 0 {
			up := t.path[len(t.path)-1]
			t.low[up] = min(t.low[up], t.low[n])
		}
		if t.low[n] == t.index[n] {
			t.close(n)
		}
	}
}

// close takes a whole component off the stack.
func (t *tarjan) close(root int32) {
	at := len(t.open) - 1
	for t.open[at] != root {
		at--
	}
	members := t.open[at:]
	for _, m := range members {
		t.index[m] = -1
	}
	if len(members) > 1 {
		t.found = append(t.found, append([]int32(nil), members...))
	}
	t.open = t.open[:at]
}
