package memkv

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// The states of a member's process.
const (
	running = "running"
	paused  = "paused"
	killed  = "killed"
	stopped = "stopped"
)

// sim is the whole cluster behind one mutex. Whatever changes wakes everybody who waits.
type sim struct {
	opts  Options
	bug   Bug
	begun time.Time
	life  context.Context // ends at Close
	die   context.CancelFunc
	work  sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, at every change
	rng     *rand.Rand
	nodes   []*node
	links   map[[2]history.NodeID]*link
	store   *store
	log     []entry // the authoritative log; entry i has index i+1

	term   uint64
	leader *node         // of the newest term; nil before its election
	lost   time.Duration // since when the leader has no majority; 0 = it has one
	wait   time.Duration // this time's election timeout
	planted
}

// entry is one committed entry of the log. An entry without a request is a new leader's first.
type entry struct {
	term     uint64
	request  *history.Request
	revision int64 // of the store, once applied
	at       time.Duration
}

// node is one member.
type node struct {
	id       history.NodeID
	member   uint64
	state    string
	life     context.Context // ends when the process does
	die      context.CancelFunc
	applied  int // entries of the log
	revision int64
	compact  int64 // compacted revision, as far as applied
	term     uint64
	leader   history.NodeID // whom it takes for the leader
	heard    time.Duration  // when it last heard from a leader
	restarts int
	leads    []history.Lead
	states   []history.HardState
	skips    map[int64]bool // revisions that this member lost: a planted divergence
}

func (n *node) running() bool { return n.state == running }

func (s *sim) now() time.Duration { return time.Since(s.begun) }

// wake tells everybody who waits to look again. The lock is held.
func (s *sim) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits, with the lock held before and after, until the condition holds. It fails when ctx ends.
func (s *sim) until(ctx context.Context, holds func() bool) error {
	for ctx.Err() == nil {
		if holds() {
			return nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
	}
	return ctx.Err()
}

// sleep lets the lock go for a while.
func (s *sim) sleep(ctx context.Context, d time.Duration) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// travel takes a message over a link: it needs its latency, and then waits until the link is whole and its members run.
func (s *sim) travel(ctx context.Context, from, to history.NodeID) error {
	l := s.link(from, to)
	d := time.Duration((0.5 + s.rng.ExpFloat64()/2) * float64(s.opts.Latency))
	d += l.delay
	if l.jitter > 0 {
		d += time.Duration(s.rng.Int64N(int64(l.jitter)))
	}
	l.send(message)
	if err := s.sleep(ctx, d); err != nil {
		return err
	}
	return s.until(ctx, func() bool { return s.open(from, to) })
}

// open says whether a message would now pass from one to the other.
func (s *sim) open(from, to history.NodeID) bool {
	if from == to {
		return s.up(from)
	}
	return s.up(from) && s.up(to) && !s.link(from, to).cut
}

func (s *sim) up(id history.NodeID) bool { return id == history.Clients || s.node(id).running() }

// node is nil for a name that no member has.
func (s *sim) node(id history.NodeID) *node {
	for _, n := range s.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// close ends everything and waits for it.
func (s *sim) close() error {
	s.mu.Lock() // a request that is being accepted is either waited for or refused
	s.die()
	s.mu.Unlock()
	s.work.Wait()
	return nil
}
