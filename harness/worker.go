package harness

import (
	"context"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/workloads"
)

// worker is one logical client: one operation at a time, always on the same member.
type worker struct {
	run     *drive
	node    history.NodeID
	client  cluster.Client
	next    workloads.Generator
	log     *history.Log
	process history.Process
	last    history.Op
	unsent  []int64 // see history.Meta
}

// openLoop sends the first, first+stride, … operation of a load when it is due, or as soon afterwards as the worker
// is free: the wait counts, because latency is told from the due time. What is still waiting when the load ends is counted,
// not sent. Operations that fall due while the member's gate is shut are not part of the load.
func (w *worker) openLoop(ctx context.Context, pace workloads.Pace, first, stride, total int) {
	for n := first; total == 0 || n < total; n += stride {
		due := w.run.start + pace(n)
		if due >= w.run.end || w.run.until(ctx, due) != nil {
			return
		}
		if w.run.rec.Now() >= w.run.end {
			w.leave(due)
			continue
		}
		if w.run.gates.shut(w.node) {
			continue
		}
		req, ok := w.request(ctx)
		if !ok {
			return
		}
		w.do(ctx, w.run.stage(due), due, req)
	}
}

// leave counts an operation that was due and is not sent any more.
func (w *worker) leave(due time.Duration) {
	second := int((due - w.run.loadStart) / time.Second)
	if due < w.run.loadStart {
		return
	}
	for len(w.unsent) <= second {
		w.unsent = append(w.unsent, 0)
	}
	w.unsent[second]++
}

// closedLoop sends the next operation when the last one has returned. take counts down a load's total.
func (w *worker) closedLoop(ctx context.Context, take func() bool) {
	for ctx.Err() == nil && w.run.rec.Now() < w.run.end {
		if w.run.gates.shut(w.node) {
			if w.run.until(ctx, w.run.rec.Now()+gateLook) != nil {
				return
			}
			continue
		}
		req, ok := w.request(ctx)
		if !ok {
			return
		}
		due := w.run.rec.Now()
		if due >= w.run.end || !take() {
			return
		}
		op := w.do(ctx, w.run.stage(due), due, req)
		if op.Result.Outcome == history.Fail && w.run.until(ctx, op.Return+refusedWait) != nil {
			return
		}
	}
}

const (
	gateLook = 10 * time.Millisecond // how often a closed loop looks whether its member's gate is open again
	// refusedWait is what a closed loop waits after a failure. A member that is down refuses at once, and clients that
	// asked again at once would record a hundred thousand refusals a second, each with its value.
	refusedWait = 50 * time.Millisecond
)

// request asks the generator, and waits where the generator asks for a pause instead.
func (w *worker) request(ctx context.Context) (history.Request, bool) {
	for {
		req, ok := w.next(w.last)
		if !ok || req.Kind != history.Pause {
			return req, ok
		}
		until := min(w.run.rec.Now()+time.Duration(req.Wait), w.run.end)
		if w.run.until(ctx, until) != nil || until == w.run.end {
			return req, false
		}
	}
}

// do carries out one operation: exactly one attempt. After an Unknown outcome the process may still be waiting
// somewhere for its effect, so its number is retired and the worker goes on as a new process.
func (w *worker) do(ctx context.Context, stage history.Stage, due time.Duration, req history.Request) history.Op {
	ctx, cancel := context.WithTimeout(ctx, w.run.plan.Timeout)
	defer cancel()
	w.log.Invoke(w.process, w.node, stage, due, req)
	w.last = w.log.Complete(w.client.Do(ctx, req))
	if w.last.Result.Outcome == history.Unknown {
		w.process = w.run.rec.Process()
	}
	return w.last
}

// now sends an operation that is due now.
func (w *worker) now(ctx context.Context, stage history.Stage, req history.Request) history.Op {
	return w.do(ctx, stage, w.run.rec.Now(), req)
}
