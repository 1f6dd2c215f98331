package nemesis

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// Target names the nodes that a step hits: "leader", "follower", "one", "minority", "majority", "all", or "n2". It is
// resolved when the step runs, among the nodes that are up then.
type Target string

// Targets lists the targets that are not a node's name.
var Targets = []Target{"leader", "follower", "one", "minority", "majority", "all"}

var nodeName = regexp.MustCompile(`^n[1-9][0-9]*$`)

// ErrNoLeader: the target depends on who leads, and nobody does. It may help to ask again.
var ErrNoLeader = errors.New("nobody leads")

func (t Target) check() error {
	if slices.Contains(Targets, t) || nodeName.MatchString(string(t)) {
		return nil
	}
	return fmt.Errorf("%q is not a target; there are %s, and the nodes' names: n1, n2, …", t, join(Targets))
}

// Pick chooses the nodes. Sizes are of the whole cluster: a minority of 3 is 1, of 5 is 2, of 1 there is none. Nodes
// that are not up are never hit, so that no fault is put upon another.
func (t Target) Pick(rng *rand.Rand, nodes []history.NodeID, leader history.NodeID, up []history.NodeID) ([]history.NodeID, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	majority := len(nodes)/2 + 1
	switch t {
	case "leader", "follower":
		if leader == "" || !slices.Contains(up, leader) {
			return nil, ErrNoLeader
		}
		if t == "leader" {
			return []history.NodeID{leader}, nil
		}
		followers := slices.DeleteFunc(slices.Clone(up), func(n history.NodeID) bool { return n == leader })
		return choose(rng, followers, 1, t)
	case "one":
		return choose(rng, up, 1, t)
	case "minority":
		if len(nodes) <= 2 {
			return nil, fmt.Errorf("a cluster of %d has no minority; the smallest that has one is 3", len(nodes))
		}
		return choose(rng, up, len(nodes)-majority, t)
	case "majority":
		return choose(rng, up, majority, t)
	case "all":
		return choose(rng, up, max(len(up), 1), t)
	}
	switch n := history.NodeID(t); {
	case !slices.Contains(nodes, n):
		return nil, fmt.Errorf("there is no node %s; there are %s", n, join(nodes))
	case !slices.Contains(up, n):
		return nil, fmt.Errorf("%s is not up", n)
	default:
		return []history.NodeID{n}, nil
	}
}

// choose takes k of the nodes at random, in the nodes' order.
func choose(rng *rand.Rand, from []history.NodeID, k int, t Target) ([]history.NodeID, error) {
	if k > len(from) {
		return nil, fmt.Errorf("%s wants %d nodes and %d are up", t, k, len(from))
	}
	var picked []history.NodeID
	places := rng.Perm(len(from))[:k]
	slices.Sort(places)
	for _, i := range places {
		picked = append(picked, from[i])
	}
	return picked, nil
}
