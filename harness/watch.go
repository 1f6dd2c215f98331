package harness

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// observe opens the watches that last for the whole run: on every member one of all keys, and those of the workloads.
// They end with ctx.
func (d *drive) observe(ctx context.Context) {
	glimpsing := d.plan.Observe && d.plan.compacts()
	for i, node := range d.cluster.Nodes {
		if glimpsing {
			d.background.Go(func() { d.glimpse(ctx, node) })
		}
		if d.plan.Observe {
			w := everything(node, "observer")
			w.Progress = true
			d.background.Go(func() { d.follow(ctx, w) })
		}
		for j, load := range d.plan.Loads {
			if load.Workload.Watches == nil {
				continue
			}
			rng := d.plan.Seed.Stream("watches "+load.Workload.Name, j, i)
			for _, w := range load.Workload.Watches(load.Params, node, rng) {
				w.Node, w.Purpose, w.Resumes = node, "load", -1
				d.background.Go(func() { d.follow(ctx, w) })
			}
		}
	}
}

// everything is a watch of every key from the beginning of the store. It wants no bookmarks: what has been delivered is
// told by events, which a store that errs about its bookmarks cannot err about.
func everything(node history.NodeID, purpose string) history.Watch {
	return history.Watch{Node: node, Purpose: purpose, Key: "\x00", End: "\x00", Start: 1,
		PrevKV: true, Fragment: true, Resumes: -1}
}

// follow keeps a watch open until ctx ends: a broken stream is resumed behind the last revision that it delivered
// whole, a compacted one at the first revision that is left.
func (d *drive) follow(ctx context.Context, w history.Watch) {
	for ctx.Err() == nil {
		next, id := d.stream(ctx, w, nil)
		w.Start, w.Resumes = next, id
		if d.until(ctx, d.rec.Now()+50*time.Millisecond) != nil {
			return
		}
	}
}

// stream opens a watch once and records it to its end. It returns where a resumed watch must start, and the watch's
// id. seen, if any, is told the revision up to which everything has been delivered.
func (d *drive) stream(ctx context.Context, w history.Watch, seen func(int64)) (next int64, id int) {
	log := d.rec.OpenWatch(w)
	next = w.Start
	err := d.cluster.Watch(ctx, w, func(r history.WatchResponse) {
		log.Append(r)
		switch {
		case r.Progress:
			next = max(next, r.Header.Revision+1)
		case len(r.Events) > 0 && !r.Fragment:
			next = max(next, r.Events[len(r.Events)-1].KV.Mod+1)
		case r.Created && next == 0:
			next = r.Header.Revision + 1
		}
		if seen != nil {
			seen(next - 1)
		}
	})
	compacted, reason := int64(0), ""
	if gone, ok := errors.AsType[*cluster.Compacted](err); ok {
		compacted = gone.Revision
		next = max(next, compacted)
	} else if err != nil {
		reason = err.Error()
	}
	log.Close(compacted, reason)
	return next, log.ID()
}

// glimpse looks again and again at where a member's history begins, which moves with every compaction: a first watch is
// told the revision, a second one begins there, and is closed when it has delivered something.
func (d *drive) glimpse(ctx context.Context, node history.NodeID) {
	for ctx.Err() == nil {
		w := everything(node, "glimpse")
		for range 2 {
			looking, done := context.WithTimeout(ctx, glimpseEvery)
			w.Start, w.Resumes = d.stream(looking, w, func(seen int64) {
				if seen >= w.Start {
					done()
				}
			})
			done()
		}
		_ = d.until(ctx, d.rec.Now()+glimpseEvery)
	}
}

// replay reads every member's whole history once more, from its first revision to the last.
func (d *drive) replay(ctx context.Context, last int64) {
	ctx, cancel := context.WithTimeout(ctx, replayTimeout)
	defer cancel()
	var replaying sync.WaitGroup
	for _, node := range d.cluster.Nodes {
		replaying.Go(func() { d.replayNode(ctx, node, last) })
	}
	replaying.Wait()
}

func (d *drive) replayNode(ctx context.Context, node history.NodeID, last int64) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := everything(node, "replay")
	for ctx.Err() == nil && w.Start <= last {
		next, id := d.stream(ctx, w, func(seen int64) {
			if seen >= last {
				cancel()
			}
		})
		w.Start, w.Resumes = next, id
	}
}
