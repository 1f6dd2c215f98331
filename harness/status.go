package harness

import (
	"context"
	"sync"

	"github.com/whitewater-kv/whitewater/history"
)

// pollStatuses asks every member about itself, over and over, until ctx ends.
func (d *drive) pollStatuses(ctx context.Context) {
	var polling sync.WaitGroup
	for _, node := range d.cluster.Nodes {
		polling.Go(func() {
			for {
				d.rec.AddStatus(d.status(ctx, node))
				if d.until(ctx, d.rec.Now()+statusEvery) != nil {
					return
				}
			}
		})
	}
	polling.Wait()
}

// status asks a member about itself, and the operating system about its process.
func (d *drive) status(ctx context.Context, node history.NodeID) history.Status {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	s := d.cluster.Status(ctx, node)
	s.Node, s.At = node, d.rec.Now()
	if d.cluster.Process != nil {
		s.State = d.cluster.Process.State(node)
	}
	return s
}

// converge waits until all members answer, agree on a leader, and have applied the same log, and says when that was.
func (d *drive) converge(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, d.plan.Settle)
	defer cancel()
	for {
		if d.converged(ctx) {
			d.rec.UpdateMeta(func(m *history.Meta) { m.Converged = d.rec.Now() })
			return true
		}
		if d.until(ctx, d.rec.Now()+statusEvery/4) != nil {
			return false
		}
	}
}

func (d *drive) converged(ctx context.Context) bool {
	statuses := make([]history.Status, len(d.cluster.Nodes))
	var asking sync.WaitGroup
	for i, node := range d.cluster.Nodes {
		asking.Go(func() { statuses[i] = d.status(ctx, node) })
	}
	asking.Wait()
	first := statuses[0]
	for _, s := range statuses {
		if !s.Up || s.Leader == "" || s.Leader != first.Leader || s.Term != first.Term ||
			s.Applied != first.Applied || s.Revision != first.Revision {
			return false
		}
	}
	return true
}
