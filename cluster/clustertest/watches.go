package clustertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// stream is a watch that runs beside the test.
type stream struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid once done is closed

	mu        sync.Mutex
	responses []history.WatchResponse
}

func (r *rig) watch(w history.Watch) *stream {
	ctx, cancel := context.WithCancel(r.ctx)
	s := &stream{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = r.c.Watch(ctx, w, func(response history.WatchResponse) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.responses = append(s.responses, response)
		})
	}()
	r.t.Cleanup(func() { cancel(); <-s.done })
	return s
}

func (s *stream) seen() []history.WatchResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]history.WatchResponse(nil), s.responses...)
}

func (s *stream) created() bool { seen := s.seen(); return len(seen) > 0 && seen[0].Created }

// events is the text of all events, their revisions counted from base.
func (s *stream) events(base int64) string {
	var words []string
	for _, response := range s.seen() {
		for _, e := range response.Events {
			word := fmt.Sprintf("%s=%s@%d", e.KV.Key, e.KV.Value, e.KV.Mod-base)
			if e.Delete {
				word = fmt.Sprintf("-%s@%d", e.KV.Key, e.KV.Mod-base)
			}
			if e.Prev != nil {
				word += "(" + e.Prev.Value + ")"
			}
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// watches puts, changes and deletes keys under watches of every kind, on every member.
func watches(r *rig) {
	base := r.put(r.c.Nodes[0], "w0", "0").Header.Revision
	cases := []struct {
		watch history.Watch
		want  string
	}{
		{history.Watch{Key: "w", End: "x", PrevKV: true}, "w1=a@1 w1=b@2(a) w2=c@3 -w1@4(b) w1=d@5 w2=e@5(c)"},
		{history.Watch{Key: "w1"}, "w1=a@1 w1=b@2 -w1@4 w1=d@5"},
		{history.Watch{Key: "w1", NoPut: true}, "-w1@4"},
		{history.Watch{Key: "w", End: "x", NoDelete: true, Fragment: true}, "w1=a@1 w1=b@2 w2=c@3 w1=d@5 w2=e@5"},
		{history.Watch{End: "\x00", Start: base + 3}, "w2=c@3 -w1@4 w1=d@5 w2=e@5"},
	}
	streams := make(map[history.NodeID][]*stream)
	for _, id := range r.c.Nodes {
		for _, test := range cases {
			test.watch.Node = id
			streams[id] = append(streams[id], r.watch(test.watch))
		}
		progress := r.watch(history.Watch{Node: id, Key: "nosuch", Progress: true})
		streams[id] = append(streams[id], progress)
		for i, s := range streams[id] {
			r.until(fmt.Sprintf("watch %d on %s is created", i, id), s.created)
		}
	}
	r.put(r.c.Nodes[1], "w1", "a")
	r.put(r.c.Nodes[2], "w1", "b")
	r.put(r.c.Nodes[0], "w2", "c")
	r.ok(r.c.Nodes[1], history.Request{Kind: history.Delete, Key: "w1"})
	last := r.ok(r.c.Nodes[2], history.Request{Kind: history.Txn, Then: []history.Request{
		{Kind: history.Put, Key: "w1", Value: "d"}, {Kind: history.Put, Key: "w2", Value: "e"}}}).Header.Revision
	if last != base+5 {
		r.t.Skipf("a request was repeated or lost: revision %d instead of %d", last, base+5)
	}
	for _, id := range r.c.Nodes {
		for i, test := range cases {
			s := streams[id][i]
			r.until(fmt.Sprintf("%s: watch %+v sees %s", id, test.watch, test.want), func() bool { return s.events(base) == test.want })
			r.check(id, s)
		}
		r.until("a bookmark at the last revision", func() bool { return bookmark(streams[id][len(cases)]) >= last })
		streams[id][0].cancel()
		<-streams[id][0].done
		if err := streams[id][0].err; err != nil {
			r.t.Errorf("%s: a watch that we ended ends with %v", id, err)
		}
	}
}

// check looks at what every stream must have, whatever it watches.
func (r *rig) check(id history.NodeID, s *stream) {
	member := r.c.Status(r.ctx, id).Member
	for i, response := range s.seen() {
		if response.Created != (i == 0) || response.Header.Member != member && member != 0 {
			r.t.Errorf("%s: response %d: created %v, from member %x of %x", id, i, response.Created, response.Header.Member, member)
		}
		for _, e := range response.Events {
			if e.KV.Mod > response.Header.Revision {
				r.t.Errorf("%s: an event of revision %d in a response at %d", id, e.KV.Mod, response.Header.Revision)
			}
		}
	}
}

func bookmark(s *stream) int64 {
	var last int64
	for _, response := range s.seen() {
		if response.Progress {
			last = response.Header.Revision
		}
	}
	return last
}

// compactedWatch asks for revisions that are gone.
func compactedWatch(r *rig) {
	first := r.put(r.c.Nodes[0], "gone", "1").Header.Revision
	now := r.put(r.c.Nodes[0], "gone", "2").Header.Revision
	r.until("compacted", func() bool { return r.c.Admin.Compact(r.ctx, r.c.Nodes[0], now) == nil })
	r.settle()
	for _, id := range r.c.Nodes {
		s := r.watch(history.Watch{Node: id, Key: "gone", Start: first})
		<-s.done
		var compacted *cluster.Compacted
		if !errors.As(s.err, &compacted) || compacted.Revision != now {
			r.t.Errorf("%s: %v, want compacted at %d", id, s.err, now)
		}
	}
}

// brokenWatch kills the member under a watch: it must end, and not go on elsewhere or later.
func brokenWatch(r *rig) {
	_, others := r.leader()
	victim := others[0]
	s := r.watch(history.Watch{Node: victim, Key: "broken"})
	r.until("created", s.created)
	r.must(r.c.Process.Kill(r.ctx, victim))
	<-s.done
	if s.err == nil {
		r.t.Error("the watch on a killed member ended without an error")
	}
	seen := len(s.seen())
	r.must(r.c.Process.Start(r.ctx, victim))
	r.settle()
	r.put(victim, "broken", "1")
	if len(s.seen()) != seen {
		r.t.Error("the watch went on after its end")
	}
}

// administration asks for what an operator can.
func administration(r *rig) {
	leader, others := r.leader()
	r.until("moved the leader", func() bool {
		leader, others = r.leader()
		return r.c.Admin.MoveLeader(r.ctx, leader, others[0]) == nil
	})
	r.until("another leader", func() bool { now := r.agreed(r.c.Nodes); return now != "" && now != leader })
	revision := r.put(leader, "hashed", "1").Header.Revision
	r.settle()
	var hashes []history.HashKV
	for _, id := range r.c.Nodes {
		if err := r.c.Admin.Defragment(r.ctx, id); err != nil {
			r.t.Errorf("%v", err)
		}
		hash, err := r.c.Admin.HashKV(r.ctx, id, revision)
		if err != nil {
			r.t.Fatal(err)
		}
		hashes = append(hashes, hash)
	}
	for _, hash := range hashes {
		if hash != hashes[0] || hash.Revision != revision || hash.Hash == 0 {
			r.t.Errorf("hashes differ at revision %d: %+v", revision, hashes)
		}
	}
}
