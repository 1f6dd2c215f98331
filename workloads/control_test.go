package workloads_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/workloads"
)

// lost are the elements that were added to lists, and acknowledged, and are in none of the lists seen last.
func lost(r *ran) (lost []string) {
	newest, mod := map[string]string{}, map[string]int64{}
	see := func(kv history.KV) {
		if kv.Mod > mod[kv.Key] {
			newest[kv.Key], mod[kv.Key] = kv.Value, kv.Mod
		}
	}
	added := map[string]string{}
	for _, op := range r.ops {
		if op.Result.Outcome != history.OK {
			continue
		}
		wrote := []history.Request{op.Request}
		if op.Request.Kind == history.Txn && op.Result.Succeeded {
			wrote = op.Request.Then
		}
		for _, req := range wrote {
			if req.Kind == history.Put {
				see(history.KV{Key: req.Key, Value: req.Value, Mod: op.Result.Header.Revision})
				elements := strings.Fields(req.Value)
				added[elements[len(elements)-1]] = req.Key
			}
		}
		for _, kv := range op.Result.KVs {
			see(kv)
		}
	}
	for element, key := range added {
		if !strings.Contains(" "+newest[key]+" ", " "+element+" ") {
			lost = append(lost, key+": "+element)
		}
	}
	return lost
}

// pauses freeze one member after the other for longer than a lease lives.
func pauses(c *cluster.Cluster) {
	ctx := context.Background()
	for _, id := range append(c.Nodes, c.Nodes...) {
		time.Sleep(2 * time.Second)
		_ = c.Process.Pause(ctx, id)
		time.Sleep(6 * time.Second)
		_ = c.Process.Resume(ctx, id)
	}
}

// A lock without fencing loses additions when members are paused: that is what it is for. With fencing nothing is lost.
func TestLockSets(t *testing.T) {
	p := workloads.Params{Workers: 12, Hold: 200 * time.Millisecond}
	unsafe := together(t, workloads.LockSet, p, 2000, pauses)
	if n := lost(unsafe); len(n) == 0 {
		t.Errorf("lock-set lost nothing in %d operations", len(unsafe.ops))
	}
	fenced := together(t, workloads.LockEtcdSet, p, 2000, pauses)
	if n := lost(fenced); len(n) > 0 {
		t.Errorf("lock-etcd-set lost %v of %d operations", n, len(fenced.ops))
	}
	t.Logf("%d operations lost %v; fenced, %d operations lost nothing", len(unsafe.ops), lost(unsafe), len(fenced.ops))
}
