package clustertest

import (
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// passed is what went along a link so far.
func (r *rig) passed(from, to history.NodeID) int64 { return r.c.Network.Traffic(from, to).Passed }

// healed looks whether anything is left of a cut.
func (r *rig) healed() {
	r.t.Helper()
	r.must(r.c.Network.MendAll())
	r.settle()
	parties := append([]history.NodeID{history.Clients}, r.c.Nodes...)
	for _, from := range parties {
		for _, to := range parties {
			if from == to {
				continue
			}
			r.until("nothing is held from "+string(from)+" to "+string(to), func() bool {
				traffic := r.c.Network.Traffic(from, to)
				return !traffic.Cut && traffic.Held == 0
			})
		}
	}
	for _, id := range r.c.Nodes {
		r.put(id, "healed", string(id))
	}
}

// cutOneWay cuts the leader's messages to a follower, and nothing else.
func cutOneWay(r *rig) {
	leader, others := r.leader()
	victim, witness := others[0], others[1]
	r.must(r.c.Network.Cut(leader, victim))
	back, beside := r.passed(victim, leader), r.passed(leader, witness)
	r.until("something is held on the link that is cut", func() bool {
		r.hurry(witness, history.Request{Kind: history.Put, Key: "one way", Value: "1"}, time.Second)
		traffic := r.c.Network.Traffic(leader, victim)
		return traffic.Cut && traffic.Held > 0
	})
	cut := r.passed(leader, victim) // what was on its way when the link was cut has passed by now
	r.until("the way back is open", func() bool { return r.passed(victim, leader) > back })
	r.until("the other link is open", func() bool {
		r.hurry(witness, history.Request{Kind: history.Put, Key: "one way", Value: "2"}, time.Second)
		return r.passed(leader, witness) > beside
	})
	if now := r.passed(leader, victim); now != cut {
		r.t.Errorf("%d bytes passed a link that is cut", now-cut)
	}
	// A new connection from the victim to the leader may wait: it needs both ways.
	if r.c.Network.Traffic(victim, leader).Cut {
		r.t.Errorf("%s to %s is cut, and only the other way was to be", victim, leader)
	}
	for _, link := range [][2]history.NodeID{{leader, witness}, {witness, leader}, {history.Clients, victim}} {
		r.until("nothing stays on a link that is open", func() bool {
			traffic := r.c.Network.Traffic(link[0], link[1])
			return !traffic.Cut && traffic.Held == 0
		})
	}
	r.healed()
	for _, bad := range [][2]history.NodeID{{leader, "n99"}, {leader, leader}} {
		if err := r.c.Network.Cut(bad[0], bad[1]); err == nil {
			r.t.Errorf("cut %s to %s", bad[0], bad[1])
		}
	}
}

// cutClients cuts a client from its member, each direction apart: a request that is lost has no effect before the
// heal, one whose answer is lost has.
func cutClients(r *rig) {
	_, others := r.leader()
	victim, witness := others[0], others[1]
	r.put(victim, "cut", "0")

	r.must(r.c.Network.Cut(history.Clients, victim))
	if result := r.hurry(victim, history.Request{Kind: history.Put, Key: "cut", Value: "1"}, hasty); result.Outcome == history.OK {
		r.t.Errorf("a put on a cut link was answered: %+v", result)
	}
	if value := r.read(witness, "cut"); value != "0" {
		r.t.Errorf("a put on a cut link was applied: %q", value)
	}
	if s := r.c.Status(r.ctx, victim); !s.Up {
		r.t.Error("a member that is cut off from clients cannot be observed")
	}
	r.healed()

	r.put(victim, "cut", "2")
	r.must(r.c.Network.Cut(victim, history.Clients))
	if result := r.hurry(victim, history.Request{Kind: history.Put, Key: "cut", Value: "3"}, hasty); result.Outcome != history.Unknown {
		r.t.Errorf("a put whose answer is lost: %v %s", result.Outcome, result.Error)
	}
	r.until("the put whose answer is lost is applied", func() bool { return r.read(witness, "cut") == "3" })
	r.healed()
}

// isolateLeader cuts the leader from its peers, both ways: others must elect another, and it must not know of it.
func isolateLeader(r *rig) {
	leader, others := r.leader()
	r.put(leader, "isolated", "old")
	r.settle()
	for _, id := range others {
		r.must(r.c.Network.Cut(leader, id))
		r.must(r.c.Network.Cut(id, leader))
	}
	r.until("the others elect a leader", func() bool { now := r.agreed(others); return now != "" && now != leader })
	before := make(map[[2]history.NodeID]int64) // what was on its way when the links were cut has passed by now
	for _, id := range others {
		before[[2]history.NodeID{leader, id}] = r.passed(leader, id)
		before[[2]history.NodeID{id, leader}] = r.passed(id, leader)
	}
	r.put(others[0], "isolated", "new")
	if result := r.hurry(leader, history.Request{Kind: history.Put, Key: "isolated", Value: "lost"}, hasty); result.Outcome == history.OK {
		r.t.Errorf("an isolated leader acknowledged a put: %+v", result)
	}
	if result := r.hurry(leader, history.Request{Kind: history.Get, Key: "isolated"}, hasty); result.Outcome == history.OK {
		r.t.Errorf("an isolated leader answered a linearizable read: %+v", result)
	}
	stale := r.ok(leader, history.Request{Kind: history.Get, Key: "isolated", Serializable: true})
	if len(stale.KVs) != 1 || stale.KVs[0].Value != "old" {
		r.t.Errorf("a serializable read at the isolated leader: %+v, want the old value", stale.KVs)
	}
	for link, passed := range before {
		if now := r.passed(link[0], link[1]); now != passed {
			r.t.Errorf("%d bytes went from %s to %s, which is cut", now-passed, link[0], link[1])
		}
	}
	r.healed()
	for _, id := range r.c.Nodes {
		// The put that was left unknown may still have happened since; the old value must not be there.
		if value := r.read(id, "isolated"); value != "new" && value != "lost" {
			r.t.Errorf("%s has %q after the heal, want new", id, value)
		}
	}
}

// delay slows a client's link: a request and its answer take no less than both ways.
func delay(r *rig) {
	id := r.c.Nodes[0]
	r.put(id, "late", "0")
	const each = 150 * time.Millisecond
	r.must(r.c.Network.Delay(history.Clients, id, each, 0))
	r.must(r.c.Network.Delay(id, history.Clients, each, 0))
	sent := time.Now()
	r.do(id, history.Request{Kind: history.Get, Key: "late"})
	if took := time.Since(sent); took < 2*each {
		r.t.Errorf("a request took %v on a link that is late by %v each way", took, each)
	}
	r.healed()
}
