package clustertest

import (
	"fmt"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

func (r *rig) state(id history.NodeID, want string) {
	r.t.Helper()
	if got := r.c.Process.State(id); got != want {
		r.t.Errorf("%s is %s, want %s", id, got, want)
	}
}

// pause freezes a follower: it neither answers nor dies, and what waited for it is answered when it goes on.
func pause(r *rig) {
	_, others := r.leader()
	victim := others[0]
	r.put(victim, "paused", "before")
	r.must(r.c.Process.Pause(r.ctx, victim))
	r.state(victim, "paused")
	if s := r.c.Status(r.ctx, victim); s.Up {
		r.t.Errorf("a paused member answers: %+v", s)
	}
	if result := r.hurry(victim, history.Request{Kind: history.Put, Key: "paused", Value: "hasty"}, hasty); result.Outcome != history.Unknown {
		r.t.Errorf("a put at a paused member: %v %s, want unknown", result.Outcome, result.Error)
	}
	var waited history.Result
	var wg sync.WaitGroup
	wg.Go(func() { waited = r.do(victim, history.Request{Kind: history.Get, Key: "paused"}) })
	r.put(others[1], "paused", "meanwhile")
	r.must(r.c.Process.Resume(r.ctx, victim))
	r.state(victim, "running")
	wg.Wait()
	// An election on a busy machine may cost the read its answer; it must not be answered wrongly.
	if waited.Outcome == history.OK && len(waited.KVs) == 1 && waited.KVs[0].Value == "before" {
		r.t.Errorf("a read that ended after a newer put was acknowledged: %+v", waited)
	}
	r.settle()
	r.put(victim, "paused", "after")
}

// killAndStart kills the leader: what was acknowledged is there afterwards, on all members.
func killAndStart(r *rig) {
	leader, others := r.leader()
	for i := range 20 {
		r.put(leader, fmt.Sprintf("acknowledged%d", i), "1")
	}
	r.must(r.c.Process.Kill(r.ctx, leader))
	r.state(leader, "killed")
	if s := r.c.Status(r.ctx, leader); s.Up || s.State != "killed" {
		r.t.Errorf("a killed member: %+v", s)
	}
	// Its clients see that nothing is there any more, and then know that nothing was sent.
	var result history.Result
	r.until("a put at a killed member is known not to be sent", func() bool {
		result = r.hurry(leader, history.Request{Kind: history.Put, Key: "dead", Value: "1"}, time.Second)
		return result.Outcome == history.Fail
	})
	r.until("another leader", func() bool { now := r.agreed(others); return now != "" && now != leader })
	r.put(others[0], "without", "1")
	r.must(r.c.Process.Start(r.ctx, leader))
	r.settle()
	r.state(leader, "running")
	for _, id := range r.c.Nodes {
		for i := range 20 {
			if key := fmt.Sprintf("acknowledged%d", i); r.read(id, key) != "1" {
				r.t.Errorf("%s lost %s", id, key)
			}
		}
		if r.read(id, "without") != "1" {
			r.t.Errorf("%s lost what was acknowledged without %s", id, leader)
		}
		if value := r.read(id, "dead"); value != "" {
			r.t.Errorf("%s has %q, which was never sent", id, value)
		}
	}
}

// killAll kills every member at once.
func killAll(r *rig) {
	for i, id := range r.c.Nodes {
		r.put(id, fmt.Sprintf("all%d", i), "1")
	}
	for _, id := range r.c.Nodes {
		r.must(r.c.Process.Kill(r.ctx, id))
	}
	for _, id := range r.c.Nodes {
		r.state(id, "killed")
		r.must(r.c.Process.Start(r.ctx, id))
	}
	r.settle()
	for _, id := range r.c.Nodes {
		for i := range r.c.Nodes {
			if key := fmt.Sprintf("all%d", i); r.read(id, key) != "1" {
				r.t.Errorf("%s lost %s", id, key)
			}
		}
	}
}

// stop ends a member in order.
func stop(r *rig) {
	leader, others := r.leader()
	r.must(r.c.Process.Stop(r.ctx, leader))
	r.state(leader, "stopped")
	r.until("another leader", func() bool { now := r.agreed(others); return now != "" && now != leader })
	r.must(r.c.Process.Start(r.ctx, leader))
	r.settle()
	if err := r.c.Process.Start(r.ctx, leader); err == nil {
		r.t.Error("started a member that runs")
	}
	if err := r.c.Process.Kill(r.ctx, "n99"); err == nil {
		r.t.Error("killed a member that does not exist")
	}
}

// evidence reads what the members left of all that happened before.
func evidence(r *rig) {
	r.put(r.c.Nodes[0], "last", "of all")
	r.settle()
	all, err := r.c.Collect(r.ctx)
	r.must(err)
	if len(all) != len(r.c.Nodes) {
		r.t.Fatalf("evidence of %d members", len(all))
	}
	leads := make(map[uint64]history.NodeID)
	restarts := 0
	for i, e := range all {
		if e.Node != r.c.Nodes[i] || e.Member == 0 || len(e.Crashes) > 0 || len(e.Exits) > 0 {
			r.t.Errorf("evidence of %s: member %x, crashes %+v, exits %+v", e.Node, e.Member, e.Crashes, e.Exits)
		}
		restarts += e.Restarts
		for _, lead := range e.Leads {
			if other, taken := leads[lead.Term]; taken && other != e.Node {
				r.t.Errorf("%s and %s both led in term %d", other, e.Node, lead.Term)
			}
			leads[lead.Term] = e.Node
		}
		if e.Hash == nil || *e.Hash != *all[0].Hash {
			r.t.Errorf("hash of %s: %+v, of %s: %+v", e.Node, e.Hash, all[0].Node, all[0].Hash)
		}
		r.lastEntry(e)
	}
	if restarts < 5 || len(leads) == 0 {
		r.t.Errorf("%d restarts, want at least 5; leaders by term %v", restarts, leads)
	}
}

// lastEntry looks for the last put in a member's log, which must be whole and in order.
func (r *rig) lastEntry(e history.Evidence) {
	if e.WAL == nil {
		r.t.Errorf("%s: no write-ahead log: %q", e.Node, e.Notes)
		return
	}
	found := false
	for i, entry := range e.WAL.Entries {
		if i > 0 && entry.Index != e.WAL.Entries[i-1].Index+1 {
			r.t.Errorf("%s: entry %d follows %d", e.Node, entry.Index, e.WAL.Entries[i-1].Index)
		}
		if q := entry.Request; q != nil && q.Kind == history.Put && q.Key == "last" && q.Value == "of all" {
			found = true
		}
	}
	if !found || e.WAL.Commit == 0 || e.WAL.Term == 0 || len(e.WAL.States) == 0 {
		r.t.Errorf("%s: last put found: %v, commit %d, term %d, %d states", e.Node, found, e.WAL.Commit, e.WAL.Term, len(e.WAL.States))
	}
}
