package etcd

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/clustertest"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
)

// Random programs: what etcd answers, or turns down and why, is what the in-memory store does, and what was turned down is
// seen to have had no effect. So whatever holds of that store in other tests holds of etcd as this driver reads it.
func TestTwin(t *testing.T) {
	seeds := uint64(3)
	if os.Getenv("WHITEWATER_SOAK") != "" {
		seeds = 100
	}
	for seed := range seeds {
		known := false
		for range 5 { // on a very busy machine etcd itself may give up
			if known = playTwins(t, seed); known || t.Failed() {
				break
			}
		}
		if !known {
			t.Fatalf("seed %d: a request was left unknown in each attempt", seed)
		}
	}
}

// playTwins asks both stores the same until they differ, or until an outcome is not known.
func playTwins(t *testing.T, seed uint64) (known bool) {
	theirs := launch(t, cluster.Spec{Nodes: 1, Direct: true, UnsafeNoFsync: true})
	ours, err := memkv.New(memkv.Options{Nodes: 1, Latency: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	a, b := dial(t, theirs, "n1"), dial(t, ours, "n1")
	failed := 0
	for i, r := range clustertest.Program(rand.New(rand.NewPCG(seed, 6)), 600) {
		got, want := a.Do(bounded(t), r), b.Do(bounded(t), r)
		if got.Outcome == history.Unknown {
			if want.Outcome != history.Fail || r.Kind != history.Txn || got.Error != want.Error {
				t.Logf("seed %d, request %d: %v: %s", seed, i, r, got.Error)
				return false
			}
			got.Outcome = history.Fail // the error table is careful; that it had no effect shows in what follows
		}
		if got, want := clustertest.Answer(r, got), clustertest.Answer(r, want); got != want {
			t.Fatalf("seed %d, request %d:\n%s\nand in memory\n%s", seed, i, got, want)
		}
		if got.Outcome == history.Fail {
			failed++
		}
	}
	if failed < 50 || failed > 300 {
		t.Errorf("seed %d: %d requests failed: too few, or too many, to mean something", seed, failed)
	}
	return true
}
