package generate

import (
	"container/heap"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// what happens next.
type what uint8

const (
	call what = iota
	effect
	ret
	late   // an operation that its client has given up takes effect
	expire // a lease ends
)

type event struct {
	at     time.Duration
	seq    int // of equal times, the first planned is first
	what   what
	client int
	late   *history.Op
}

// events is a heap by time.
type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is for the heap.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop is for the heap.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (e *events) pop() event { return heap.Pop(e).(event) }

func (s *sim) at(at time.Duration, what what, client int, op *history.Op) {
	s.planned++
	heap.Push(&s.events, event{at, s.planned, what, client, op})
}

// leaseTTL is every lease's time to live, in seconds.
const leaseTTL = 1

func leaseID(i int) int64 { return int64(1000 + i) }

func (s *sim) lease() int64 { return leaseID(s.rng.IntN(s.Leases)) }

// grants has a client of its own ask for every lease, and plans their ends.
func (s *sim) grants() {
	for i := range s.Leases {
		op := history.Op{Process: s.fresh(), Node: s.nodes[0], Due: s.now, Call: s.now, Return: s.now + 1,
			Request: history.Request{Kind: history.Grant, TTL: leaseTTL, Lease: leaseID(i)},
			Result:  history.Result{Outcome: history.OK, Lease: leaseID(i), TTL: leaseTTL, Header: history.Header{Revision: 1}}}
		s.end(s.begin(&op), &op)
		s.logs(&op.Request)
		s.at(s.now+leaseTTL*time.Second+s.Latency*time.Duration(1+s.rng.IntN(1+s.Ops/s.Clients)), expire, i, nil)
	}
}

// expire deletes the keys of a lease, at one revision.
func (s *sim) expire(i int) {
	s.ended[leaseID(i)] = true
	var changes []model.Change
	s.store.Scan("", "\x00", func(kv history.KV) bool {
		if kv.Lease == leaseID(i) {
			changes = append(changes, model.Change{KV: history.KV{Key: kv.Key, Mod: s.store.Revision + 1}, Deleted: true})
		}
		return true
	})
	if len(changes) > 0 {
		s.change(&history.Request{Kind: history.Revoke, Lease: leaseID(i)}, changes)
	}
}

// finish adds what a run records beside its operations.
func (s *sim) finish(h *history.History) {
	h.Meta = history.Meta{Nodes: s.nodes, Clients: s.Clients, LoadStart: s.FirstCall, LoadEnd: s.now}
	if s.Final {
		h.Meta.FinalStart = s.now + s.Latency
		s.final(h)
		h.Meta.FinalEnd = s.now
	}
	if s.Watches {
		s.watches(h)
	}
	if s.Evidence {
		s.evidence(h)
	}
}

// final reads every key through every member.
func (s *sim) final(h *history.History) {
	process := s.fresh()
	s.now += s.Latency
	for i := range s.Keys {
		for _, node := range s.nodes {
			c := client{node: node, op: history.Op{ID: len(h.Ops), Process: process, Node: node, Stage: history.Final, Due: s.now, Call: s.now,
				Return: s.now + s.Latency/2, Request: history.Request{Kind: history.Get, Key: fmt.Sprintf("%s%d", s.Prefix, i)}}}
			c.op.Result = s.answer(&c)
			h.Ops = append(h.Ops, c.op)
			s.now += s.Latency
		}
	}
}

func (s *sim) watches(h *history.History) {
	for i, node := range s.nodes {
		for j, purpose := range []string{"observer", "replay"} {
			w := history.Watch{ID: 2*i + j, Node: node, Purpose: purpose, End: "\x00", Start: 1, PrevKV: true, Progress: true, Resumes: -1,
				Opened: s.FirstCall, Closed: s.now + 4*s.Latency}
			lag := time.Duration(s.rng.Int64N(int64(s.Latency)))
			if purpose == "replay" {
				w.Opened = s.now
			}
			for k, r := range s.log {
				at := max(r.at+lag, w.Opened)
				resp := history.WatchResponse{At: at, Header: history.Header{Revision: int64(k + 2)}}
				for n, c := range r.changes {
					resp.Events = append(resp.Events, history.Event{Delete: c.Deleted, KV: c.KV, Prev: r.prev[n]})
				}
				w.Responses = append(w.Responses, resp)
			}
			w.Responses = append(w.Responses, history.WatchResponse{At: s.now + 2*s.Latency, Progress: true,
				Header: history.Header{Revision: s.store.Revision}})
			h.Watches = append(h.Watches, w)
		}
	}
}

// evidence has the first member lead in term 2 all along.
func (s *sim) evidence(h *history.History) {
	for i, node := range s.nodes {
		e := history.Evidence{Node: node, Member: uint64(len(node)) + uint64(node[len(node)-1]),
			Hash: &history.HashKV{Revision: s.store.Revision, Hash: 77},
			WAL: &history.WAL{First: 1, Commit: uint64(len(s.entries)), Term: 2, Entries: append([]history.Entry(nil), s.entries...),
				States: []history.HardState{{Term: 2, Vote: 99}, {Term: 2, Vote: 99, Commit: uint64(len(s.entries))}}}}
		if i == 0 {
			e.Leads = []history.Lead{{At: 1, Term: 2}}
		}
		h.Evidence = append(h.Evidence, e)
		h.Statuses = append(h.Statuses, history.Status{At: s.now, Node: node, Up: true, State: "running", Member: e.Member,
			Leader: s.nodes[0], Term: 2, Revision: s.store.Revision})
	}
}
