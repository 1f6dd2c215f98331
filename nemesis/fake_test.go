package nemesis_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// fake is a cluster of levers that only remember how they stand. The lowest node that runs is the leader.
type fake struct {
	mu       sync.Mutex
	states   map[history.NodeID]string
	cuts     map[[2]history.NodeID]bool
	slow     map[[2]history.NodeID]time.Duration
	log      []string // every lever moved, in order
	broken   map[string]error
	idle     bool // nothing runs into cuts
	dead     bool // levers say that they moved, and do not
	leads    history.NodeID
	term     uint64
	headless bool
	compact  int64
	revision int64 // of the store
}

func nodes(n int) (ids []history.NodeID) {
	for i := range n {
		ids = append(ids, history.NodeID(fmt.Sprintf("n%d", i+1)))
	}
	return ids
}

func newFake(n int) (*fake, *cluster.Cluster) {
	f := &fake{
		states: map[history.NodeID]string{}, cuts: map[[2]history.NodeID]bool{},
		slow: map[[2]history.NodeID]time.Duration{}, broken: map[string]error{}, leads: "n1", term: 2, revision: 500,
	}
	ids := nodes(n)
	for _, id := range ids {
		f.states[id] = "running"
	}
	return f, &cluster.Cluster{
		Nodes: ids, Process: fakeProcess{f}, Network: fakeNetwork{f}, Admin: fakeAdmin{f},
		Status: f.status,
		Dial:   func(_ context.Context, n history.NodeID) (cluster.Client, error) { return fakeClient{f, n}, nil },
	}
}

// move notes that a lever is moved, unless a test has broken it.
func (f *fake) move(what string, do func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.broken[what]; err != nil {
		return err
	}
	f.log = append(f.log, what)
	if f.dead {
		return nil
	}
	do()
	if f.states[f.leads] != "running" {
		for _, id := range slices.Sorted(maps.Keys(f.states)) {
			if f.states[id] == "running" {
				f.leads, f.term = id, f.term+1
				break
			}
		}
	}
	return nil
}

func (f *fake) moved() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// rest says how the levers stand that are not at rest.
func (f *fake) rest() (askew []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, s := range f.states {
		if s != "running" {
			askew = append(askew, fmt.Sprintf("%s %s", id, s))
		}
	}
	for l, cut := range f.cuts {
		if cut {
			askew = append(askew, fmt.Sprintf("%s-%s cut", l[0], l[1]))
		}
	}
	for l, d := range f.slow {
		if d > 0 {
			askew = append(askew, fmt.Sprintf("%s-%s slow", l[0], l[1]))
		}
	}
	slices.Sort(askew)
	return askew
}

func (f *fake) status(_ context.Context, n history.NodeID) history.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := history.Status{Node: n, Up: f.states[n] == "running", Term: f.term, Revision: f.revision}
	if !f.headless {
		s.Leader = f.leads
	}
	return s
}

type fakeProcess struct{ *fake }

func (f fakeProcess) set(what string, n history.NodeID, state string) error {
	return f.move(what+" "+string(n), func() { f.states[n] = state })
}

func (f fakeProcess) Kill(_ context.Context, n history.NodeID) error {
	return f.set("kill", n, "killed")
}
func (f fakeProcess) Stop(_ context.Context, n history.NodeID) error {
	return f.set("stop", n, "stopped")
}
func (f fakeProcess) Pause(_ context.Context, n history.NodeID) error {
	return f.set("pause", n, "paused")
}
func (f fakeProcess) Start(ctx context.Context, n history.NodeID) error {
	return errors.Join(ctx.Err(), f.set("start", n, "running"))
}
func (f fakeProcess) Resume(ctx context.Context, n history.NodeID) error {
	return errors.Join(ctx.Err(), f.set("resume", n, "running"))
}
func (f fakeProcess) State(n history.NodeID) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.states[n]
}

type fakeNetwork struct{ *fake }

func (f fakeNetwork) Cut(a, b history.NodeID) error {
	return f.move(fmt.Sprintf("cut %s-%s", a, b), func() { f.cuts[[2]history.NodeID{a, b}] = true })
}
func (f fakeNetwork) Mend(a, b history.NodeID) error {
	return f.move(fmt.Sprintf("mend %s-%s", a, b), func() { f.cuts[[2]history.NodeID{a, b}] = false })
}
func (f fakeNetwork) Delay(a, b history.NodeID, d, j time.Duration) error {
	return f.move(fmt.Sprintf("delay %s-%s %v±%v", a, b, d, j), func() { f.slow[[2]history.NodeID{a, b}] = d })
}
func (f fakeNetwork) MendAll() error {
	return f.move("mend all", func() { clear(f.cuts); clear(f.slow) })
}
func (f fakeNetwork) Traffic(a, b history.NodeID) cluster.Traffic {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := cluster.Traffic{Cut: f.cuts[[2]history.NodeID{a, b}]}
	if t.Cut && !f.idle {
		t.Held = 100
	}
	return t
}

type fakeAdmin struct{ *fake }

func (f fakeAdmin) Compact(_ context.Context, n history.NodeID, rev int64) error {
	return f.move(fmt.Sprintf("compact %s %d", n, rev), func() { f.compact = rev })
}
func (f fakeAdmin) Defragment(_ context.Context, n history.NodeID) error {
	return f.move("defragment "+string(n), func() {})
}
func (f fakeAdmin) MoveLeader(_ context.Context, from, to history.NodeID) error {
	return f.move(fmt.Sprintf("move leader %s-%s", from, to), func() { f.leads, f.term = to, f.term+1 })
}
func (f fakeAdmin) HashKV(context.Context, history.NodeID, int64) (history.HashKV, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return history.HashKV{Compact: f.compact}, nil
}

// fakeClient takes as long as the slowest link of its node, there and back.
type fakeClient struct {
	*fake
	node history.NodeID
}

func (f fakeClient) Do(context.Context, history.Request) history.Result {
	f.mu.Lock()
	var trip time.Duration
	for l, d := range f.slow {
		if l[0] == f.node {
			trip = max(trip, 2*d)
		}
	}
	f.mu.Unlock()
	time.Sleep(trip)
	return history.Result{Outcome: history.OK}
}
func (f fakeClient) Close() error { return nil }
