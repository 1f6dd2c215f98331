package clustertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// failures sends requests that must be turned down, and looks for their effect: a Fail never happened.
func failures(r *rig) {
	id := r.c.Nodes[0]
	r.put(id, "kept", "0")
	put := history.Request{Kind: history.Put, Key: "kept", Value: "1"}
	for _, request := range []history.Request{
		{Kind: history.Put, Value: "1"},
		{Kind: history.Put, Key: "kept", Value: "1", Lease: 987654321},
		{Kind: history.Txn, Then: []history.Request{put, put}},
	} {
		result := r.do(id, request)
		if result.Outcome != history.Fail || result.Error == "" {
			r.t.Errorf("%+v: %v %q, want fail with a reason", request, result.Outcome, result.Error)
		}
	}
	for _, id := range r.c.Nodes {
		if value := r.read(id, "kept"); value != "0" {
			r.t.Errorf("%s has %q: a request that failed was applied", id, value)
		}
	}
}

// haste sends writes with hardly any time to each, while their member dies in the middle of them: what failed is not there
// afterwards, and what was acknowledged is, once. Of the rest nothing is known.
func haste(r *rig) {
	const rounds, workers, each = 3, 4, 60
	victim := r.c.Nodes[1]
	client := r.client(victim)
	outcomes := map[string]history.Result{}
	for round := range rounds {
		var mu sync.Mutex
		var wg sync.WaitGroup
		amid := make(chan bool)
		for worker := range workers {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(round), uint64(worker)))
				for i := range each {
					if worker == 0 && i == each/2 {
						close(amid)
					}
					ctx, cancel := context.WithTimeout(r.ctx, time.Duration(rng.Int64N(int64(40*time.Millisecond))))
					request := history.Request{Kind: history.Put, Key: fmt.Sprintf("haste/%d/%d/%d", round, worker, i), Value: "1"}
					key := request.Key
					if i%3 == 1 { // one that only holds if it is the first of its kind
						request = history.Request{Kind: history.Txn, If: []history.Compare{{Key: key, Target: "create", Op: "="}},
							Then: []history.Request{request}}
					}
					result := client.Do(ctx, request)
					cancel()
					mu.Lock()
					outcomes[key] = result
					mu.Unlock()
				}
			})
		}
		<-amid
		r.must(r.c.Process.Kill(r.ctx, victim))
		r.must(r.c.Process.Start(r.ctx, victim))
		wg.Wait()
		r.settle()
	}
	r.account(outcomes)
}

// account looks for what became of writes to keys that nobody else writes.
func (r *rig) account(outcomes map[string]history.Result) {
	found := map[string]history.KV{}
	for _, kv := range r.ok(r.c.Nodes[0], history.Request{Kind: history.Range, Key: "haste/", End: "haste0"}).KVs {
		found[kv.Key] = kv
	}
	count := map[history.Outcome]int{}
	for key, result := range outcomes {
		count[result.Outcome]++
		kv, there := found[key]
		switch {
		case result.Outcome == history.Fail && there:
			r.t.Errorf("a write that failed (%s) is there: %+v", result.Error, kv)
		case result.Outcome == history.OK && (kv.Version != 1 || kv.Mod != result.Header.Revision):
			r.t.Errorf("a write that was acknowledged at revision %d: %+v", result.Header.Revision, kv)
		}
	}
	r.t.Logf("%v", count)
}

// statuses compares what members say of themselves with what they answer to clients.
func statuses(r *rig) {
	leader, _ := r.leader()
	members := make(map[uint64]history.NodeID)
	for _, id := range r.c.Nodes {
		revision := r.put(id, "status", string(id)).Header.Revision
		s := r.c.Status(r.ctx, id)
		answer := r.ok(id, history.Request{Kind: history.Get, Key: "status"}).Header
		if !s.Up || s.Node != id || s.Term == 0 || s.Index == 0 || s.Applied == 0 || s.Revision < revision {
			r.t.Errorf("status of %s: %+v", id, s)
		}
		if s.Member != answer.Member {
			r.t.Errorf("%s says it is member %x, and answers as %x", id, s.Member, answer.Member)
		}
		if other, taken := members[s.Member]; taken {
			r.t.Errorf("%s and %s are both member %x", id, other, s.Member)
		}
		members[s.Member] = id
	}
	if leader == "" || len(members) != len(r.c.Nodes) {
		r.t.Errorf("leader %q, members %v", leader, members)
	}
	if s := r.c.Status(r.ctx, "n99"); s.Up {
		r.t.Errorf("a member that does not exist is up: %+v", s)
	}
}
