// Package memkv is an in-memory replicated store: right, or wrong on demand.
//
// It behaves as a leader-based replicated log seen from outside: revisions, transactions, leases, watches, locks and
// elections as etcd has them; members that fall behind, lose their leader, freeze, die and come back. Inside there is one
// authoritative log under one mutex, and every member has applied a prefix of it, so a right store is right by
// construction: an operation takes effect at one moment between its call and its answer, or its client is never answered.
// A Bug makes one thing wrong now and then; the checkers are tested against these.
//
// All waiting is done on channels and timers, and every goroutine ends at Close, so the store runs in the fake time of
// testing/synctest.
package memkv

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// Options say which cluster to make. Zero fields mean the default.
type Options struct {
	Nodes    int           // members; 3
	Seed     uint64        // of latencies, election timeouts and bugs
	Latency  time.Duration // mean time of one hop; 500 µs
	Election time.Duration // 1 s
	Timeout  time.Duration // how long a member works on a request that it cannot complete; 5 s
	Progress time.Duration // between two bookmarks of a quiet watch; 500 ms
	Fragment int           // most events in one response of a fragmented watch; 2
	// Bug names the planted bug; "" = a right store.
	Bug string
	// Every is the mean number of chances that a bug lets pass before it strikes; 0 = the bug's own.
	Every int
	// Since tells the time since the run's epoch; nil = since New.
	Since func() time.Duration
}

// New starts a cluster. It fails when the options name a bug that does not exist.
func New(o Options) (*cluster.Cluster, error) {
	s, err := start(o)
	if err != nil {
		return nil, err
	}
	c := &cluster.Cluster{
		Driver: "memkv", Version: "memkv", ElectionTimeout: s.opts.Election,
		Dial: s.dial, Status: s.status, Watch: s.watch, Collect: s.evidence, Close: s.close,
		Process: (*process)(s), Network: (*network)(s), Admin: (*admin)(s),
	}
	if o.Bug != "" {
		c.Version = "memkv with " + o.Bug
	}
	for _, n := range s.nodes {
		c.Nodes = append(c.Nodes, n.id)
	}
	return c, nil
}

// Driver launches right stores, or wrong ones: the spec's Binary is the name of the bug, its Args are "seed=7".
var Driver = cluster.Driver{
	Name: "memkv",
	Doc:  "an in-memory store for tests: right, or wrong on demand",
	Launch: func(_ context.Context, spec cluster.Spec) (*cluster.Cluster, error) {
		o := Options{Nodes: spec.Nodes, Election: spec.Election, Bug: spec.Binary, Since: spec.Since}
		for _, arg := range spec.Args {
			if _, err := fmt.Sscanf(arg, "seed=%d", &o.Seed); err != nil {
				return nil, fmt.Errorf("launch memkv: argument %q: want seed=N", arg)
			}
		}
		c, err := New(o)
		if err != nil {
			return nil, fmt.Errorf("launch memkv: %w", err)
		}
		return c, nil
	},
}

func start(o Options) (*sim, error) {
	s := &sim{opts: o, begun: time.Now(), store: newStore(), changed: make(chan struct{})}
	if err := s.defaults(); err != nil {
		return nil, err
	}
	s.rng = rand.New(rand.NewPCG(s.opts.Seed, 0x6d656d6b76))
	s.life, s.die = context.WithCancel(context.Background())
	for i := range s.opts.Nodes {
		n := &node{id: history.NodeID(fmt.Sprintf("n%d", i+1)), member: uint64(0xa0 + i + 1), state: running}
		n.life, n.die = context.WithCancel(s.life)
		s.nodes = append(s.nodes, n)
	}
	s.links = map[[2]history.NodeID]*link{}
	s.dirty, s.late = map[string]*dirtyValue{}, map[string]history.Request{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elect(s.nodes[s.rng.IntN(len(s.nodes))])
	for _, n := range s.nodes {
		s.follow(n)
	}
	s.work.Go(s.tick)
	return s, nil
}

func (s *sim) defaults() error {
	o := &s.opts
	set(&o.Nodes, 3)
	set(&o.Latency, 500*time.Microsecond)
	set(&o.Election, time.Second)
	set(&o.Timeout, 5*time.Second)
	set(&o.Progress, 500*time.Millisecond)
	set(&o.Fragment, 2)
	if o.Nodes < 1 || o.Nodes > 9 {
		return fmt.Errorf("%d nodes: 1 to 9 are possible", o.Nodes)
	}
	if o.Since == nil {
		o.Since = s.now
	}
	if o.Bug == "" {
		return nil
	}
	for _, b := range Bugs {
		if b.Name == o.Bug {
			s.bug = b
			set(&o.Every, b.every)
			set(&o.Every, 20)
			return nil
		}
	}
	return fmt.Errorf("bug %q: there is none of that name", o.Bug)
}

func set[T comparable](at *T, value T) {
	var zero T
	if *at == zero {
		*at = value
	}
}
