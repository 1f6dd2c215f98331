package nemesis_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
)

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// How many nodes a target means, at the sizes where halves go wrong. -1: there are none, and an error says so.
func TestTargetSizes(t *testing.T) {
	for _, tt := range []struct {
		target        nemesis.Target
		of1, of2, of3 int
		of4, of5      int
	}{
		{"leader", 1, 1, 1, 1, 1},
		{"follower", -1, 1, 1, 1, 1},
		{"one", 1, 1, 1, 1, 1},
		{"minority", -1, -1, 1, 1, 2},
		{"majority", 1, 2, 2, 3, 3},
		{"all", 1, 2, 3, 4, 5},
		{"n1", 1, 1, 1, 1, 1},
		{"n3", -1, -1, 1, 1, 1},
	} {
		for i, want := range []int{tt.of1, tt.of2, tt.of3, tt.of4, tt.of5} {
			ids := nodes(i + 1)
			for seed := range uint64(20) {
				got, err := tt.target.Pick(rng(seed), ids, "n1", ids)
				if want < 0 {
					if err == nil {
						t.Errorf("%s of %d: %v; want an error", tt.target, i+1, got)
					}
					continue
				}
				if err != nil || len(got) != want || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != want {
					t.Errorf("%s of %d: %v, %v; want %d nodes", tt.target, i+1, got, err, want)
				}
			}
		}
	}
}

// Roles mean what they say, and nobody who is down is ever hit.
func TestTargetRoles(t *testing.T) {
	ids := nodes(5)
	up := []history.NodeID{"n1", "n2", "n4", "n5"}
	seen := map[history.NodeID]bool{}
	for seed := range uint64(200) {
		for _, target := range nemesis.Targets {
			got, err := target.Pick(rng(seed), ids, "n2", up)
			if err != nil {
				t.Fatalf("%s: %v", target, err)
			}
			if slices.Contains(got, "n3") {
				t.Fatalf("%s: %v, but n3 is down", target, got)
			}
			if target == "follower" {
				seen[got[0]] = true
			}
		}
	}
	if len(seen) != 3 || seen["n2"] {
		t.Errorf("followers: %v; want n1, n4, n5", seen)
	}
	a, _ := nemesis.Target("minority").Pick(rng(3), ids, "", ids)
	b, _ := nemesis.Target("minority").Pick(rng(3), ids, "", ids)
	if !slices.Equal(a, b) {
		t.Errorf("the same seed picked %v and %v", a, b)
	}
}

func TestTargetErrors(t *testing.T) {
	ids := nodes(3)
	for _, tt := range []struct {
		target nemesis.Target
		leader history.NodeID
		up     []history.NodeID
		of     int
		want   string
	}{
		{"leader", "", ids, 3, "nobody leads"},
		{"leader", "n1", ids[1:], 3, "nobody leads"},
		{"follower", "", ids, 3, "nobody leads"},
		{"minority", "n1", ids[:1], 1, "a cluster of 1 has no minority; the smallest that has one is 3"},
		{"majority", "n1", ids[:1], 3, "majority wants 2 nodes and 1 are up"},
		{"all", "n1", nil, 3, "all wants 1 nodes and 0 are up"},
		{"n2", "n1", ids[:1], 3, "n2 is not up"},
		{"n9", "n1", ids, 3, "there is no node n9; there are n1, n2, n3"},
		{"boss", "n1", ids, 3, `"boss" is not a target; there are leader, follower, one, minority, majority, all, and the nodes' names: n1, n2, …`},
	} {
		got, err := tt.target.Pick(rng(1), nodes(tt.of), tt.leader, tt.up)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, %v; want %q", tt.target, got, err, tt.want)
		}
		if errors.Is(err, nemesis.ErrNoLeader) != strings.HasPrefix(tt.want, "nobody") {
			t.Errorf("%s: is %q worth asking again?", tt.target, err)
		}
	}
}
