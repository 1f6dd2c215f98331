package memkv

import (
	"context"
	"errors"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// batch is the most revisions that one response tells of.
const batch = 16

// stream is one open watch.
type stream struct {
	history.Watch
	node *node
	next int64 // first revision not yet looked at
	kept []history.WatchResponse
}

// watch delivers the changes that the member has applied, until ctx ends or the member's process does.
func (s *sim) watch(ctx context.Context, w history.Watch, each func(history.WatchResponse)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(w.Node)
	if n == nil {
		return errors.New("watch " + string(w.Node) + ": no such member")
	}
	life, cancel := context.WithCancel(n.life)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := s.stream(life, &stream{Watch: w, node: n}, each)
	var gone *cluster.Compacted
	switch {
	case errors.As(err, &gone):
		return gone
	case ctx.Err() != nil:
		return nil
	}
	return errors.New(errLost)
}

func (s *sim) stream(ctx context.Context, w *stream, each func(history.WatchResponse)) error {
	if err := s.travel(ctx, history.Clients, w.node.id); err != nil {
		return err
	}
	w.next = w.Start
	if w.next == 0 {
		if s.reachable(w.node) { // "now" is not the past of a member that lags a little
			s.catchUp(w.node, len(s.log))
		}
		w.next = w.node.revision + 1
	}
	if s.bug.open != nil {
		s.bug.open(s, w)
	}
	if err := s.send(ctx, w, each, history.WatchResponse{Created: true, Header: s.header(w.node)}); err != nil {
		return err
	}
	for {
		if w.next < w.node.compact {
			return &cluster.Compacted{Revision: w.node.compact}
		}
		if w.next > w.node.revision {
			if err := s.idle(ctx, w, each); err != nil {
				return err
			}
			continue
		}
		for _, response := range s.collect(w) {
			if err := s.send(ctx, w, each, response); err != nil {
				return err
			}
		}
	}
}

// idle waits for something to tell, and tells now and then that there was nothing.
func (s *sim) idle(ctx context.Context, w *stream, each func(history.WatchResponse)) error {
	limit, cancel := ctx, context.CancelFunc(func() {})
	if w.Progress {
		limit, cancel = context.WithTimeout(ctx, s.opts.Progress)
	}
	err := s.until(limit, func() bool {
		return s.open(w.node.id, history.Clients) && (w.next <= w.node.revision || w.next < w.node.compact)
	})
	cancel()
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if w.next <= w.node.revision {
		return nil
	}
	return s.send(ctx, w, each, history.WatchResponse{Progress: true, Header: s.header(w.node)})
}

// collect is what there is to tell, in one response for each batch, or in fragments. A revision's changes are never
// in two responses unless fragments were asked for.
func (s *sim) collect(w *stream) []history.WatchResponse {
	upto := min(w.node.revision, w.next+batch-1)
	response := history.WatchResponse{Header: s.header(w.node)}
	for revision := w.next; revision <= upto; revision++ {
		for _, e := range s.store.changes[revision] {
			if !w.wants(e) && (s.bug.match == nil || !s.bug.match(s, w, e)) {
				continue
			}
			// One that was deleted and made anew in the same revision had nothing before it, as etcd has it.
			made := !e.Delete && e.KV.Create == revision
			if prev, ok := s.store.at(e.KV.Key, revision-1); ok && !made && w.PrevKV && revision-1 >= w.node.compact {
				e.Prev = &prev
			}
			response.Events = append(response.Events, e)
		}
	}
	w.next = upto + 1
	all := s.fragments(w, response)
	if s.bug.deliver != nil {
		all = s.bug.deliver(s, w, all)
	}
	return all
}

func (w *stream) wants(e history.Event) bool {
	return covers(w.Key, w.End, e.KV.Key) && !(w.NoPut && !e.Delete) && !(w.NoDelete && e.Delete)
}

func (s *sim) fragments(w *stream, response history.WatchResponse) (out []history.WatchResponse) {
	for w.Fragment && len(response.Events) > s.opts.Fragment {
		part := response
		part.Fragment = true
		part.Events, response.Events = part.Events[:s.opts.Fragment], part.Events[s.opts.Fragment:]
		out = append(out, part)
	}
	if len(response.Events) > 0 {
		out = append(out, response)
	}
	return out
}

// send delivers one response. The lock is let go meanwhile.
func (s *sim) send(ctx context.Context, w *stream, each func(history.WatchResponse), r history.WatchResponse) error {
	if err := s.travel(ctx, w.node.id, history.Clients); err != nil {
		return err
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	each(r)
	return nil
}
