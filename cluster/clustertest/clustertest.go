// Package clustertest is the conformance suite of drivers: what the harness relies on, whatever store is driven.
//
// Nothing in it depends on how fast the cluster is: what must come is waited for, and what must not come is looked for
// when something has come that would have come later.
package clustertest

import (
	"context"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

const (
	// patience is the longest wait for anything that must come.
	patience = time.Minute
	poll     = 10 * time.Millisecond
	// hasty is the deadline of a request that is not to be answered.
	hasty = 400 * time.Millisecond
)

// Run launches one cluster of three members and puts it through everything that its levers allow.
func Run(t *testing.T, driver cluster.Driver, spec cluster.Spec) {
	spec.Nodes = 3
	if spec.Dir == "" {
		spec.Dir = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*patience)
	defer cancel()
	c, err := driver.Launch(ctx, spec)
	if err != nil {
		t.Fatalf("launch: %v", err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	r := &rig{t: t, ctx: ctx, c: c, clients: make(map[history.NodeID]cluster.Client)}
	defer r.hangUp()
	for _, part := range parts {
		if part.lever != nil && !part.lever(c) {
			continue
		}
		ok := t.Run(part.name, func(t *testing.T) {
			r.t = t
			r.settle()
			part.test(r)
		})
		if !ok {
			return // what follows would fail for the same reason
		}
	}
}

// parts begin with what needs connections that have stood for a while: a member that was started a moment ago may have
// none to be cut one way.
var parts = []struct {
	name  string
	lever func(*cluster.Cluster) bool
	test  func(*rig)
}{
	{"requests", nil, requests},
	{"fail never applied", nil, failures},
	{"status", nil, statuses},
	{"watch", nil, watches},
	{"watch compacted", hasAdmin, compactedWatch},
	{"admin", hasAdmin, administration},
	{"cut one way", hasNetwork, cutOneWay},
	{"cut clients", hasNetwork, cutClients},
	{"isolate the leader", hasNetwork, isolateLeader},
	{"delay", hasNetwork, delay},
	{"pause", hasProcess, pause},
	{"kill and start", hasProcess, killAndStart},
	{"kill all", hasProcess, killAll},
	{"stop", hasProcess, stop},
	{"fail never applied in haste", hasProcess, haste},
	{"watch broken", hasProcess, brokenWatch},
	{"evidence", hasProcess, evidence},
}

func hasProcess(c *cluster.Cluster) bool { return c.Process != nil }
func hasNetwork(c *cluster.Cluster) bool { return c.Network != nil }
func hasAdmin(c *cluster.Cluster) bool   { return c.Admin != nil }

// rig is the cluster under test with a client for each member.
type rig struct {
	t       *testing.T
	ctx     context.Context
	c       *cluster.Cluster
	clients map[history.NodeID]cluster.Client
}

func (r *rig) hangUp() {
	for _, client := range r.clients {
		client.Close()
	}
}

// client is the connection to a member that all parts share: it outlives the member's deaths.
func (r *rig) client(id history.NodeID) cluster.Client {
	r.t.Helper()
	if client, ok := r.clients[id]; ok {
		return client
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	client, err := r.c.Dial(ctx, id)
	if err != nil {
		r.t.Fatalf("dial %s: %v", id, err)
	}
	r.clients[id] = client
	return client
}

// do sends a request, with all the time it needs.
func (r *rig) do(id history.NodeID, req history.Request) history.Result {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	return r.client(id).Do(ctx, req)
}

// ok sends a request until it is answered well: leaders come and go on a busy machine.
func (r *rig) ok(id history.NodeID, req history.Request) history.Result {
	r.t.Helper()
	var result history.Result
	r.until(req.String()+" via "+string(id), func() bool {
		result = r.hurry(id, req, 5*time.Second)
		return result.Outcome == history.OK
	})
	return result
}

// hurry sends a request with little time.
func (r *rig) hurry(id history.NodeID, req history.Request, within time.Duration) history.Result {
	r.t.Helper()
	client := r.client(id)
	ctx, cancel := context.WithTimeout(r.ctx, within)
	defer cancel()
	return client.Do(ctx, req)
}

func (r *rig) put(id history.NodeID, key, value string) history.Result {
	r.t.Helper()
	return r.ok(id, history.Request{Kind: history.Put, Key: key, Value: value})
}

// read is a key's value as a member tells it; "" = absent.
func (r *rig) read(id history.NodeID, key string) string {
	r.t.Helper()
	result := r.ok(id, history.Request{Kind: history.Get, Key: key})
	if len(result.KVs) == 0 {
		return ""
	}
	return result.KVs[0].Value
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// until waits for something that must come.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(poll) {
		if time.Now().After(end) {
			r.t.Fatalf("did not happen within %v: %s", patience, what)
		}
	}
}

// settle waits until all members are up, follow one leader and have applied the same.
func (r *rig) settle() {
	r.t.Helper()
	r.until("all members agree", func() bool { return r.agreed(r.c.Nodes) != "" })
}

// agreed is the leader that all these members name while they have applied the same; "" = they do not agree.
func (r *rig) agreed(ids []history.NodeID) history.NodeID {
	var leader history.NodeID
	var applied uint64
	for i, id := range ids {
		s := r.c.Status(r.ctx, id)
		if !s.Up || s.Leader == "" || i > 0 && (s.Leader != leader || s.Applied != applied) {
			return ""
		}
		leader, applied = s.Leader, s.Applied
	}
	return leader
}

// leader is the present leader, with the others.
func (r *rig) leader() (leader history.NodeID, others []history.NodeID) {
	r.t.Helper()
	r.until("a leader", func() bool { leader = r.agreed(r.c.Nodes); return leader != "" })
	for _, id := range r.c.Nodes {
		if id != leader {
			others = append(others, id)
		}
	}
	return leader, others
}
