package nemesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// The shapes of a partition.
const (
	isolate          = "isolate"
	majorityMinority = "majority-minority"
	majoritiesRing   = "majorities-ring"
	bridge           = "bridge"
	oneWay           = "one-way"
	oneWayOut        = "one-way-out"
	oneWayIn         = "one-way-in"
)

var partition = Fault{
	Name: "partition",
	Doc: "Cut links between members. isolate: each target alone; majority-minority: the targets together against the rest; " +
		"majorities-ring: everyone hears a majority, no two the same; bridge: two halves that only the target hears both of; " +
		"one-way-out, one-way-in: the target's words, or its hearing (one-way: either, by chance).",
	Proof:  "every link of the cut is cut, and bytes are stuck in it",
	Limits: "connections stay open and heal within milliseconds, where real packet loss takes TCP seconds to get over; bytes that had reached a member before the cut have arrived",
	Levers: []Lever{Links}, Least: 2, Can: can(2, Links),
	Shapes: []string{isolate, majorityMinority, majoritiesRing, bridge, oneWay, oneWayOut, oneWayIn},
	Target: func(shape string) Target {
		switch shape {
		case majorityMinority:
			return "minority"
		case majoritiesRing:
			return "all"
		case bridge:
			return "follower" // followers have little to say to each other: a leader that bridges them cuts nothing
		}
		return "leader"
	},
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		links := cuts(hit)
		if len(links) == 0 {
			return nil, fmt.Errorf("%s of %s cuts nothing among %d nodes", hit.Shape, join(hit.Nodes), len(c.Nodes))
		}
		return cut(c.Network, links)
	},
	Verify: func(ctx context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		return stuck(c.Network, cuts(hit))
	},
}

var clients = Fault{
	Name:   "clients",
	Doc:    "Cut links between clients and members: both ways, requests only, or replies only. A request whose reply is lost was carried out, and its client does not know.",
	Proof:  "every link of the cut is cut, and bytes are stuck in it",
	Limits: "a reply held back by the cut arrives after healing, if its client still waits",
	Levers: []Lever{Edges}, Least: 1, Can: can(1, Edges), Target: at("leader"),
	Shapes: []string{"both", "requests", "replies"},
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		return cut(c.Network, edges(hit))
	},
	Verify: func(ctx context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		return stuck(c.Network, edges(hit))
	},
}

// link is one direction between two nodes.
type link struct{ from, to history.NodeID }

// edges are the links that a cut of clients cuts.
func edges(hit Hit) (links []link) {
	for _, n := range hit.Nodes {
		if hit.Shape != "replies" {
			links = append(links, link{history.Clients, n})
		}
		if hit.Shape != "requests" {
			links = append(links, link{n, history.Clients})
		}
	}
	return links
}

// cuts are the links that a partition cuts. The same hit gives the same cuts.
func cuts(hit Hit) []link {
	rng := rand.New(rand.NewPCG(hit.Seed, 0))
	nodes := append(slices.Clone(hit.Nodes), hit.Others...)
	slices.Sort(nodes)
	in := func(n history.NodeID) bool { return slices.Contains(hit.Nodes, n) }
	switch hit.Shape {
	case majorityMinority:
		return between(nodes, func(from, to history.NodeID) bool { return in(from) != in(to) })
	case majoritiesRing:
		return ring(nodes, rng)
	case bridge:
		rest := slices.DeleteFunc(slices.Clone(nodes), func(n history.NodeID) bool { return n == hit.Nodes[0] })
		rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		half := rest[:len(rest)/2]
		return between(rest, func(from, to history.NodeID) bool {
			return slices.Contains(half, from) != slices.Contains(half, to)
		})
	case oneWay:
		hit.Shape = []string{oneWayOut, oneWayIn}[rng.IntN(2)]
		return cuts(hit)
	case oneWayOut:
		return between(nodes, func(from, _ history.NodeID) bool { return in(from) })
	case oneWayIn:
		return between(nodes, func(_, to history.NodeID) bool { return in(to) })
	}
	return between(nodes, func(from, to history.NodeID) bool { return in(from) || in(to) })
}

// between lists the links among the nodes that are to be cut.
func between(nodes []history.NodeID, broken func(from, to history.NodeID) bool) (links []link) {
	nodes = slices.Sorted(slices.Values(nodes))
	for _, from := range nodes {
		for _, to := range nodes {
			if from != to && broken(from, to) {
				links = append(links, link{from, to})
			}
		}
	}
	return links
}

// ring sets the nodes in a circle in which each hears those nearest to it, enough to make a majority with itself, as
// Jepsen's majorities-ring does.
func ring(nodes []history.NodeID, rng *rand.Rand) []link {
	n := len(nodes)
	majority := n/2 + 1
	place := map[history.NodeID]int{}
	for i, p := range rng.Perm(n) {
		place[nodes[i]] = p
	}
	return between(nodes, func(from, to history.NodeID) bool {
		// The window of places that to hears begins half a majority before it.
		offset := (place[from] - place[to] + (majority-1)/2 + n) % n
		return offset >= majority
	})
}

func cut(network cluster.Network, links []link) (Heal, error) {
	mend := func(context.Context) error {
		var errs []error
		for _, l := range links {
			errs = append(errs, network.Mend(l.from, l.to))
		}
		return errors.Join(errs...)
	}
	for _, l := range links {
		if err := network.Cut(l.from, l.to); err != nil {
			return mend, fmt.Errorf("cut %s to %s: %w", l.from, l.to, err)
		}
	}
	return mend, nil
}

// stuck verifies that the links are cut and that bytes are held in at least one of them: a cut that nothing ran into
// proves nothing.
func stuck(network cluster.Network, links []link) (string, bool) {
	type held struct {
		link
		bytes int64
	}
	var full []held
	for _, l := range links {
		t := network.Traffic(l.from, l.to)
		if !t.Cut {
			return fmt.Sprintf("%s to %s is not cut", l.from, l.to), false
		}
		if t.Held > 0 {
			full = append(full, held{l, t.Held})
		}
	}
	if len(full) == 0 {
		return fmt.Sprintf("%d links cut, nothing held in them", len(links)), false
	}
	most := slices.MaxFunc(full, func(a, b held) int { return cmp.Compare(a.bytes, b.bytes) })
	return fmt.Sprintf("%d links cut, bytes held in %d of them; %s to %s holds %d", len(links), len(full), most.from, most.to, most.bytes), true
}
