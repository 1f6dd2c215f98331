package memkv

import (
	"context"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// heartbeat is how often the leader speaks, followers catch up, and everybody looks at the clock.
const heartbeat = 10 * time.Millisecond

// tick is the passing of time: replication, elections, the end of leases.
func (s *sim) tick() {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.life.Done():
			return
		}
		s.mu.Lock()
		s.lead()
		s.haunt()
		s.replicate()
		s.expire()
		s.mu.Unlock()
	}
}

// quorum says whether n can speak with a majority, itself included, in both directions.
func (s *sim) quorum(n *node) bool {
	if n == nil || !n.running() {
		return false
	}
	votes := 0
	for _, m := range s.nodes {
		if s.open(n.id, m.id) && s.open(m.id, n.id) {
			votes++
		}
	}
	return votes > len(s.nodes)/2
}

// lead replaces a leader that had no majority for an election timeout. A leader that has one stays: members ask before
// they stand for election (pre-vote), so one that is cut off disturbs nobody.
func (s *sim) lead() {
	now := s.now()
	if s.quorum(s.leader) {
		s.lost = 0
		return
	}
	if s.lost == 0 {
		s.lost = now
		s.wait = s.opts.Election + time.Duration(s.rng.Int64N(int64(s.opts.Election)))
	}
	if now-s.lost < s.wait {
		return
	}
	var able []*node
	for _, n := range s.nodes {
		if s.quorum(n) {
			able = append(able, n)
		}
	}
	if len(able) > 0 {
		s.elect(able[s.rng.IntN(len(able))])
	}
}

// elect makes n the leader of a new term. It has every committed entry by construction. Leases begin anew, because the
// new leader does not know when the old one last heard of their owners.
func (s *sim) elect(n *node) {
	s.term++
	s.leader, s.lost = n, 0
	at := s.opts.Since()
	n.leads = append(n.leads, history.Lead{At: at, Term: s.term})
	s.log = append(s.log, entry{term: s.term, revision: s.store.revision(), at: s.now()})
	for _, l := range s.store.leases {
		l.expires = s.now() + time.Duration(l.ttl)*time.Second
	}
	s.follow(n)
	s.catchUp(n, len(s.log))
	s.wake()
}

// follow lets n take the newest leader for its own.
func (s *sim) follow(n *node) {
	n.heard, n.leader = s.now(), s.leader.id
	if n.term != s.term {
		n.term = s.term
		n.states = append(n.states, history.HardState{Term: s.term, Vote: s.leader.member, Commit: uint64(n.applied)})
	}
}

// replicate brings the log to the members that the leader can reach, each after a delay of its own, and lets those that
// cannot hear a leader forget the one they had.
func (s *sim) replicate() {
	advanced := false
	for _, n := range s.nodes {
		if s.leader != nil && s.leader != n {
			s.link(s.leader.id, n.id).send(message)
			s.link(n.id, s.leader.id).send(message)
		}
		if !n.running() {
			continue
		}
		if s.leader == nil || !s.open(s.leader.id, n.id) || s.leader == n && s.lost > 0 {
			if s.now()-n.heard > s.opts.Election {
				n.leader = ""
			}
			continue
		}
		s.follow(n)
		if n.applied < len(s.log) && s.rng.IntN(3) > 0 {
			s.catchUp(n, n.applied+1+s.rng.IntN(len(s.log)-n.applied))
			advanced = true
		}
	}
	if advanced {
		s.wake()
	}
}

// catchUp lets n apply the log up to an index.
func (s *sim) catchUp(n *node, index int) {
	for ; n.applied < index; n.applied++ {
		e := s.log[n.applied]
		n.revision = e.revision
		if s.bug.skips != nil && s.bug.skips(s, n, e) {
			if n.skips == nil {
				n.skips = map[int64]bool{}
			}
			n.skips[e.revision] = true
		}
		if e.request != nil && e.request.Kind == history.Compact && e.request.Revision > n.compact {
			n.compact = e.request.Revision
		}
	}
}

// reachable says whether n can have a request carried out by a leader with a majority.
func (s *sim) reachable(n *node) bool {
	return s.leader != nil && s.open(n.id, s.leader.id) && s.quorum(s.leader)
}

// contact goes from n to the leader and waits until it has its majority's word. When it returns without error, a
// majority takes s.leader for the leader at this very moment.
func (s *sim) contact(ctx context.Context, n *node) error {
	for {
		if err := s.until(ctx, func() bool { return s.reachable(n) }); err != nil {
			return err
		}
		leader := s.leader
		if err := s.travel(ctx, n.id, leader.id); err != nil {
			return err
		}
		if err := s.sleep(ctx, s.opts.Latency); err != nil {
			return err
		}
		if leader == s.leader && s.reachable(n) {
			return nil
		}
	}
}

// propose has a request committed and applied, and returns what n's client is told. The entry may be applied although
// an error is returned: n may never learn of it.
func (s *sim) propose(ctx context.Context, n *node, req history.Request) (history.Result, error) {
	if err := s.contact(ctx, n); err != nil {
		return history.Result{}, err
	}
	leader := s.leader
	res := s.commit(n, req)
	index := len(s.log)
	s.catchUp(leader, index)
	s.wake()
	if err := s.travel(ctx, leader.id, n.id); err != nil {
		return history.Result{}, err
	}
	s.catchUp(n, index)
	s.wake()
	return res, nil
}

// commit applies a request and, if it was accepted, appends it to the log. The lock is held throughout.
func (s *sim) commit(n *node, req history.Request) history.Result {
	res := s.apply(req)
	if res.Outcome != history.OK {
		return res
	}
	s.log = append(s.log, entry{term: s.term, request: &req, revision: s.store.revision(), at: s.now()})
	revision := res.Header.Revision
	res.Header = s.header(n)
	res.Header.Revision = revision
	return res
}

// readIndex makes sure that n has applied everything that was committed when it returns.
func (s *sim) readIndex(ctx context.Context, n *node) error {
	if err := s.contact(ctx, n); err != nil {
		return err
	}
	index := len(s.log)
	if err := s.travel(ctx, s.leader.id, n.id); err != nil {
		return err
	}
	s.catchUp(n, index)
	s.wake()
	return nil
}

func (s *sim) header(n *node) history.Header {
	return history.Header{Cluster: 0xc0ffee, Member: n.member, Revision: n.revision, Term: n.term}
}
