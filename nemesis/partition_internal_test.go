package nemesis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

func ids(names string) (out []history.NodeID) {
	for _, n := range strings.Fields(names) {
		out = append(out, history.NodeID(n))
	}
	return out
}

// hears says of every node whom it still hears: "n1: n2 n3; n2: …".
func hears(hit Hit) string {
	nodes := slices.Sorted(slices.Values(append(slices.Clone(hit.Nodes), hit.Others...)))
	broken := cuts(hit)
	var text []string
	for _, to := range nodes {
		line := string(to) + ":"
		for _, from := range nodes {
			if from != to && !slices.Contains(broken, link{from, to}) {
				line += " " + string(from)
			}
		}
		text = append(text, line)
	}
	return strings.Join(text, "; ")
}

// Who still hears whom, for every shape.
func TestCuts(t *testing.T) {
	for _, tt := range []struct{ shape, nodes, others, want string }{
		{isolate, "n1", "n2", "n1:; n2:"},
		{isolate, "n2", "n1 n3", "n1: n3; n2:; n3: n1"},
		{isolate, "n2 n3", "n1 n4 n5", "n1: n4 n5; n2:; n3:; n4: n1 n5; n5: n1 n4"},
		{majorityMinority, "n1", "n2 n3", "n1:; n2: n3; n3: n2"},
		{majorityMinority, "n2 n3", "n1 n4 n5", "n1: n4 n5; n2: n3; n3: n2; n4: n1 n5; n5: n1 n4"},
		{oneWayOut, "n1", "n2 n3", "n1: n2 n3; n2: n3; n3: n2"},
		{oneWayIn, "n1", "n2 n3", "n1:; n2: n1 n3; n3: n1 n2"},
		{bridge, "n2", "n1 n3", "n1: n2; n2: n1 n3; n3: n2"},
		{bridge, "n1", "n2", "n1: n2; n2: n1"},
		{majoritiesRing, "n1 n2 n3", "", "n1: n2; n2: n3; n3: n1"},
		{majoritiesRing, "n1 n2", "", "n1: n2; n2: n1"},
	} {
		if got := hears(Hit{Nodes: ids(tt.nodes), Others: ids(tt.others), Shape: tt.shape, Seed: 1}); got != tt.want {
			t.Errorf("%s of %s:\n got %s\nwant %s", tt.shape, tt.nodes, got, tt.want)
		}
	}
}

// One-way is one of the two, by the seed, and every seed repeats itself.
func TestOneWayByChance(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(50) {
		hit := Hit{Nodes: ids("n1"), Others: ids("n2 n3"), Shape: oneWay, Seed: seed}
		seen[hears(hit)] = true
		if once, again := hears(hit), hears(hit); once != again {
			t.Fatalf("seed %d: two answers", seed)
		}
	}
	if len(seen) != 2 || !seen["n1: n2 n3; n2: n3; n3: n2"] || !seen["n1:; n2: n1 n3; n3: n1 n2"] {
		t.Errorf("%v", seen)
	}
}

// A ring leaves everyone exactly a majority, and no two the same; a bridge leaves the halves only the bridge in common.
func TestRingAndBridge(t *testing.T) {
	for n := 3; n <= 9; n++ {
		var all []history.NodeID
		for i := range n {
			all = append(all, history.NodeID(fmt.Sprintf("n%d", i+1)))
		}
		for seed := range uint64(20) {
			groups := map[string]bool{}
			for _, line := range strings.Split(hears(Hit{Nodes: all, Shape: majoritiesRing, Seed: seed}), "; ") {
				group := strings.Fields(strings.Replace(line, ":", "", 1))
				slices.Sort(group)
				if len(group) != n/2+1 {
					t.Fatalf("%d nodes, seed %d: %v is not a majority of the least size", n, seed, group)
				}
				groups[strings.Join(group, " ")] = true
			}
			if len(groups) != n {
				t.Errorf("%d nodes, seed %d: %d different majorities", n, seed, len(groups))
			}
			hit := Hit{Nodes: all[1:2], Others: slices.Concat(all[:1], all[2:]), Shape: bridge, Seed: seed}
			for _, l := range cuts(hit) {
				if l.from == all[1] || l.to == all[1] {
					t.Errorf("%d nodes: the bridge lost %v", n, l)
				}
			}
			left, right := (n-1)/2, n-1-(n-1)/2
			if got := len(cuts(hit)); got != 2*left*right {
				t.Errorf("%d nodes: %d links cut by a bridge; want %d", n, got, 2*left*right)
			}
		}
	}
}

// Clients are cut off in the direction that the shape says.
func TestEdges(t *testing.T) {
	for shape, want := range map[string]string{
		"both": "[{clients n1} {n1 clients}]", "requests": "[{clients n1}]", "replies": "[{n1 clients}]",
	} {
		if got := fmt.Sprint(edges(Hit{Nodes: ids("n1"), Shape: shape})); got != want {
			t.Errorf("%s: %s; want %s", shape, got, want)
		}
	}
}

// A grey leader's course: every direction of its links, late and then held, in order of time; all held when it freezes; every one released.
func TestFade(t *testing.T) {
	for seed := range uint64(50) {
		f := fade(Hit{Nodes: ids("n2"), Others: ids("n1 n3"), Seed: seed}, 1e6)
		if len(f.holds) != 4 || len(f.releases) != 4 || len(f.gaps) != 4 {
			t.Fatalf("seed %d: %+v", seed, f)
		}
		for i, h := range f.holds {
			if i > 0 && h.at < f.holds[i-1].at || !slices.Contains(f.releases, h.link) || h.at < greySlow*1e6 || h.at > (greySlow+greyWindow)*1e6 || h.delay > greyDelay*1e6 {
				t.Errorf("seed %d: %+v", seed, f)
			}
		}
		if f.freeze < (greySlow+greyFreeze)*1e6 || f.freeze > (greySlow+greyFreeze+greyWiden)*1e6 {
			t.Errorf("seed %d: freezes at %v", seed, f.freeze)
		}
	}
}
