package etcd

import (
	"cmp"
	"context"
	"fmt"
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
	failed, compacted := 0, int64(0)
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
		switch {
		case got.Outcome == history.Fail:
			failed++
		case r.Kind == history.Compact:
			compacted = r.Revision
		}
	}
	compareWatches(t, theirs, ours, compacted)
	if failed < 50 || failed > 300 {
		t.Errorf("seed %d: %d requests failed: too few, or too many, to mean something", seed, failed)
	}
	return true
}

// compareWatches tells both stores' past since it was compacted, by watches of several shapes, up to one more change.
func compareWatches(t *testing.T, theirs, ours *cluster.Cluster, compacted int64) {
	for i, w := range []history.Watch{
		{End: "\x00", PrevKV: true}, {Key: "b", End: "d", PrevKV: true, Fragment: true}, {Key: "c", NoPut: true},
		{Key: "a", End: "c\x00", NoDelete: true, PrevKV: true}, {Key: "e", End: "\x00"},
	} {
		w.Node, w.Start = "n1", compacted+1
		last := fmt.Sprintf("%s%d", cmp.Or(w.Key, "a"), i)
		if w.End == "" {
			last = w.Key
		}
		for _, c := range []*cluster.Cluster{theirs, ours} {
			for _, r := range []history.Request{{Kind: history.Put, Key: last, Value: "last"}, {Kind: history.Delete, Key: last}} {
				if result := dial(t, c, "n1").Do(bounded(t), r); result.Outcome != history.OK {
					t.Skipf("%v: %s", r, result.Error)
				}
			}
		}
		got, want := told(t, theirs, w, last), told(t, ours, w, last)
		if got != want || got == "" {
			t.Errorf("watch %+v:\n%s\nand in memory\n%s", w, got, want)
		}
	}
}

// told is the events of a watch up to the last change of a key.
func told(t *testing.T, c *cluster.Cluster, w history.Watch, last string) string {
	ctx, cancel := context.WithCancel(bounded(t))
	defer cancel()
	final := dial(t, c, "n1").Do(ctx, history.Request{Kind: history.Get, Key: last}).Header.Revision
	if w.NoDelete {
		final-- // the put before
	}
	text := ""
	err := c.Watch(ctx, w, func(response history.WatchResponse) {
		for _, e := range response.Events {
			prev := e.Prev
			e.Prev = nil
			text += fmt.Sprintln(e)
			if prev != nil {
				text += fmt.Sprintln("  was", *prev)
			}
			if e.KV.Mod >= final {
				cancel()
			}
		}
	})
	if err != nil {
		t.Errorf("watch %+v: %v", w, err)
	}
	return text
}
