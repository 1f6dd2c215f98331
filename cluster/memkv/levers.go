package memkv

import (
	"context"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// message is what every message weighs on a link, in bytes.
const message = 100

// process starts, stops and freezes members.
type process sim

func (p *process) change(id history.NodeID, to func(s *sim, n *node) error) error {
	s := (*sim)(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node(id)
	if n == nil {
		return fmt.Errorf("member %s: there is none of that name", id)
	}
	defer s.wake()
	return to(s, n)
}

// end is the death of a member's process: its requests are never answered, its watches break, and it leads no more,
// even if it comes back at once.
func (s *sim) end(n *node, state string) error {
	if n.state == running || n.state == paused {
		n.state, n.leader = state, ""
		n.die()
	}
	if s.leader == n {
		s.leader = nil
	}
	return nil
}

func (p *process) Kill(_ context.Context, id history.NodeID) error {
	return p.change(id, func(s *sim, n *node) error { return s.end(n, killed) })
}

// Stop ends a member in good order: a leader hands its office over first. A paused one ends when it is resumed.
func (p *process) Stop(ctx context.Context, id history.NodeID) error {
	return p.change(id, func(s *sim, n *node) error {
		if err := s.until(ctx, func() bool { return n.state != paused }); err != nil {
			return fmt.Errorf("stop %s, which is paused: %w", id, err)
		}
		for _, heir := range s.nodes {
			if s.leader == n && heir != n && s.quorum(heir) {
				s.elect(heir)
			}
		}
		return s.end(n, stopped)
	})
}

func (p *process) Start(_ context.Context, id history.NodeID) error {
	return p.change(id, func(s *sim, n *node) error {
		if n.state == running || n.state == paused {
			return fmt.Errorf("start %s: it is %s", id, n.state)
		}
		n.state, n.heard = running, s.now()
		n.life, n.die = context.WithCancel(s.life)
		n.restarts++
		return nil
	})
}

func (p *process) Pause(_ context.Context, id history.NodeID) error {
	return p.change(id, func(_ *sim, n *node) error {
		if n.state != running {
			return fmt.Errorf("pause %s: it is %s", id, n.state)
		}
		n.state = paused
		return nil
	})
}

func (p *process) Resume(_ context.Context, id history.NodeID) error {
	return p.change(id, func(s *sim, n *node) error {
		if n.state == paused {
			n.state, n.heard = running, s.now()
		}
		return nil
	})
}

func (p *process) State(id history.NodeID) string {
	s := (*sim)(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.node(id); n != nil {
		return n.state
	}
	return ""
}

// link is one direction between two members, or between clients and a member.
type link struct {
	cut           bool
	delay, jitter time.Duration
	passed, held  int64
}

func (l *link) send(bytes int64) {
	if l.cut {
		l.held += bytes
	} else {
		l.passed += bytes
	}
}

func (l *link) mend() {
	l.cut, l.passed, l.held = false, l.passed+l.held, 0
}

func (s *sim) link(from, to history.NodeID) *link {
	key := [2]history.NodeID{from, to}
	if s.links[key] == nil {
		s.links[key] = &link{}
	}
	return s.links[key]
}

// network cuts and shapes links.
type network sim

func (w *network) change(from, to history.NodeID, do func(*link)) error {
	s := (*sim)(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range []history.NodeID{from, to} {
		if id != history.Clients && s.node(id) == nil {
			return fmt.Errorf("link %s-%s: there is no %s", from, to, id)
		}
	}
	if from == to {
		return fmt.Errorf("link %s-%s: a member has no link to itself", from, to)
	}
	do(s.link(from, to))
	s.wake()
	return nil
}

func (w *network) Cut(from, to history.NodeID) error {
	return w.change(from, to, func(l *link) { l.cut = true })
}

func (w *network) Mend(from, to history.NodeID) error {
	return w.change(from, to, (*link).mend)
}

func (w *network) Delay(from, to history.NodeID, delay, jitter time.Duration) error {
	return w.change(from, to, func(l *link) { l.delay, l.jitter = delay, jitter })
}

func (w *network) MendAll() error {
	s := (*sim)(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		l.mend()
		l.delay, l.jitter = 0, 0
	}
	s.wake()
	return nil
}

func (w *network) Traffic(from, to history.NodeID) cluster.Traffic {
	s := (*sim)(w)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.link(from, to)
	return cluster.Traffic{Passed: l.passed, Held: l.held, Cut: l.cut}
}
