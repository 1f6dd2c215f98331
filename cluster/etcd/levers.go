package etcd

import (
	"context"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/procs"
)

// processes is the cluster.Process lever.
type processes struct{ s *system }

func (p processes) of(id history.NodeID) (*procs.Process, error) {
	n, ok := p.s.nodes[id]
	if !ok {
		return nil, fmt.Errorf("%s: no such member", id)
	}
	return n.process()
}

func (p processes) do(id history.NodeID, f func(*procs.Process) error) error {
	proc, err := p.of(id)
	if err != nil {
		return err
	}
	return f(proc)
}

func (p processes) Kill(ctx context.Context, id history.NodeID) error {
	return p.do(id, func(proc *procs.Process) error { return proc.Kill(ctx) })
}

func (p processes) Stop(ctx context.Context, id history.NodeID) error {
	return p.do(id, func(proc *procs.Process) error { return proc.Stop(ctx) })
}

func (p processes) Pause(ctx context.Context, id history.NodeID) error {
	return p.do(id, func(proc *procs.Process) error { return proc.Pause(ctx) })
}

func (p processes) Resume(ctx context.Context, id history.NodeID) error {
	return p.do(id, func(proc *procs.Process) error { return proc.Resume(ctx) })
}

func (p processes) Start(_ context.Context, id history.NodeID) error {
	n, ok := p.s.nodes[id]
	if !ok {
		return fmt.Errorf("%s: no such member", id)
	}
	return n.start()
}

func (p processes) State(id history.NodeID) string {
	if n, ok := p.s.nodes[id]; ok {
		return n.state()
	}
	return ""
}

// network is the cluster.Network lever: the links, but only between parties that exist.
type network struct{ s *system }

func (n network) check(from, to history.NodeID) error {
	for _, id := range []history.NodeID{from, to} {
		if _, ok := n.s.nodes[id]; !ok && id != history.Clients {
			return fmt.Errorf("link %s to %s: no such member: %s", from, to, id)
		}
	}
	if from == to {
		return fmt.Errorf("link %s to %s: a member has no link to itself", from, to)
	}
	return nil
}

func (n network) Cut(from, to history.NodeID) error {
	if err := n.check(from, to); err != nil {
		return err
	}
	return n.s.fabric.Cut(from, to)
}

func (n network) Mend(from, to history.NodeID) error {
	if err := n.check(from, to); err != nil {
		return err
	}
	return n.s.fabric.Mend(from, to)
}

func (n network) Delay(from, to history.NodeID, delay, jitter time.Duration) error {
	if err := n.check(from, to); err != nil {
		return err
	}
	return n.s.fabric.Delay(from, to, delay, jitter)
}

func (n network) MendAll() error { return n.s.fabric.MendAll() }

func (n network) Traffic(from, to history.NodeID) cluster.Traffic {
	return n.s.fabric.Traffic(from, to)
}
