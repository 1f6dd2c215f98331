package clustertest

import (
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
