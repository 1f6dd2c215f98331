package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
)

// probes make the likeliest violations happen: a victim of a fault that may still believe itself the leader is asked
// for a value that was overwritten, and acknowledged, through other members meanwhile.
//
// The request must be new: one that was pending when the fault began may rightly be answered with the old value, and a
// server that answers pending reads in batches spends what it mistakes for a proof of leadership on them. So for every
// second fault the victims' load is held back from the beginning, and the first read there is invoked after the newer
// write was acknowledged; for the others requests queue at the victims as they come.
type probes struct {
	d       *drive
	rng     *rand.Rand
	workers map[history.NodeID][]*worker
	key     string
	pending sync.WaitGroup
	count   int
}

const (
	probeReaders  = 2                      // connections for reading at each member
	probeWrite    = 2 * time.Second        // how long a newer write is tried for
	probeHead     = 20 * time.Millisecond  // from sending the reads until the fault ends
	probeTail     = 300 * time.Millisecond // reads go on for so long after the fault
	probeTailStep = 5 * time.Millisecond
)

// newProbes opens the connections before the first fault: a read must wait on an open one.
func (d *drive) newProbes(ctx context.Context) *probes {
	p := &probes{d: d, rng: d.plan.Seed.Stream("probes"), workers: map[history.NodeID][]*worker{}, key: "probe"}
	for _, node := range d.cluster.Nodes {
		for range 1 + probeReaders {
			client, err := d.cluster.Dial(ctx, node)
			if err != nil {
				d.log.Warn("dial for probes", "node", node, "err", err)
				continue
			}
			p.workers[node] = append(p.workers[node], d.probe(node, client))
		}
	}
	return p
}

func (d *drive) probe(node history.NodeID, client cluster.Client) *worker {
	return &worker{run: d, node: node, client: client, log: d.rec.Log(), process: d.rec.Process()}
}

func (p *probes) close() {
	p.pending.Wait()
	for _, workers := range p.workers {
		for _, w := range workers {
			w.client.Close()
		}
	}
}

// hook is called by the nemesis as a fault goes by.
func (p *probes) hook(ctx context.Context, moment nemesis.Moment, hit nemesis.Hit) {
	switch moment {
	case nemesis.BeforeInject:
		if p.rng.IntN(2) == 0 && len(hit.Nodes) < len(p.d.cluster.Nodes) {
			p.d.gates.set(hit.Nodes, true)
		}
	case nemesis.BeforeHeal:
		if 2*len(hit.Nodes) < len(p.d.cluster.Nodes) && p.write(ctx, hit) {
			p.read(ctx, hit)
			p.d.until(ctx, p.d.rec.Now()+probeHead)
		}
	case nemesis.AfterHeal:
		p.tail(ctx, hit)
		p.d.gates.set(hit.Nodes, false)
	}
}

// write overwrites the probes' key through a member that is not a victim, until one write is acknowledged.
func (p *probes) write(ctx context.Context, hit nemesis.Hit) bool {
	deadline := p.d.rec.Now() + probeWrite
	for ctx.Err() == nil && p.d.rec.Now() < deadline {
		for _, node := range p.d.cluster.Nodes {
			if slices.Contains(hit.Nodes, node) || len(p.workers[node]) == 0 {
				continue
			}
			p.count++
			w := p.workers[node][0]
			tryCtx, cancel := context.WithTimeout(ctx, probeWrite/2)
			op := w.now(tryCtx, history.Probe, history.Request{Kind: history.Put, Key: p.key,
				Value: fmt.Sprintf("probe.%d", p.count)})
			cancel()
			if op.Result.Outcome == history.OK {
				return true
			}
		}
		p.d.until(ctx, p.d.rec.Now()+probeHead)
	}
	return false
}

// read sends reads to the victims while they are still broken; they wait there on open connections.
func (p *probes) read(ctx context.Context, hit nemesis.Hit) {
	for _, node := range hit.Nodes {
		for i, w := range p.workers[node] {
			if i > 0 {
				p.pending.Go(func() {
					w.now(ctx, history.Probe, p.get())
				})
			}
		}
	}
}

// get is a read of the probes' key, in the way in which the load reads.
func (p *probes) get() history.Request {
	return history.Request{Kind: history.Get, Key: p.key, Serializable: p.d.plan.Serializable}
}

// tail goes on reading at the victims for a while after they are healed.
func (p *probes) tail(ctx context.Context, hit nemesis.Hit) {
	deadline := p.d.rec.Now() + probeTail
	var tailing sync.WaitGroup
	for _, node := range hit.Nodes {
		if len(p.workers[node]) == 0 {
			continue
		}
		w := p.workers[node][0]
		tailing.Go(func() {
			for ctx.Err() == nil && p.d.rec.Now() < deadline {
				tryCtx, cancel := context.WithTimeout(ctx, probeTail)
				w.now(tryCtx, history.Probe, p.get())
				cancel()
				p.d.until(ctx, p.d.rec.Now()+probeTailStep)
			}
		})
	}
	tailing.Wait()
	p.pending.Wait()
}
