package harness

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/workloads"
)

// drive is a plan being carried out on a running cluster.
type drive struct {
	plan       Plan
	cluster    *cluster.Cluster
	rec        *history.Recorder
	log        *slog.Logger
	gates      gates
	start, end time.Duration // of the load, warm-up included
	loadStart  time.Duration // of its measured part
	background sync.WaitGroup
}

// Drive carries out a plan on a running cluster and records it: load and faults, healing, convergence, final reads,
// evidence. When ctx ends early the load stops and the rest is still done. The error says what kept the run from being
// carried out; what was recorded until then can be judged.
func Drive(ctx context.Context, c *cluster.Cluster, plan Plan, rec *history.Recorder, log *slog.Logger) error {
	d := &drive{plan: plan, cluster: c, rec: rec, log: log}
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer d.background.Wait()
	defer stopWatching()

	workers, err := d.hire(ctx)
	if err != nil {
		return err
	}
	defer dismiss(workers)
	d.background.Go(func() { d.pollStatuses(watching) })
	d.observe(watching)
	if err := d.prepare(ctx, workers); err != nil {
		return err
	}
	d.load(ctx, workers)
	rec.UpdateMeta(func(m *history.Meta) {
		m.LoadEnd, m.Interrupted, m.Unsent = min(rec.Now(), d.end), ctx.Err() != nil, unsent(workers)
	})
	return d.finish(context.WithoutCancel(ctx))
}

// crew is the workers of one load.
type crew struct {
	load    Load
	workers []*worker
	clients []cluster.Client
}

// hire dials every client before anything is measured.
func (d *drive) hire(ctx context.Context) ([]*crew, error) {
	var crews []*crew
	for i, load := range d.plan.Loads {
		crew := &crew{load: load}
		crews = append(crews, crew)
		if err := d.staff(ctx, crew, i); err != nil {
			dismiss(crews)
			return nil, err
		}
	}
	return crews, nil
}

func (d *drive) staff(ctx context.Context, crew *crew, number int) error {
	load := crew.load
	conns := load.Conns
	if conns == 0 || conns > load.Clients {
		conns = load.Clients
	}
	for i := range conns {
		node := d.cluster.Nodes[i%len(d.cluster.Nodes)]
		client, err := d.cluster.Dial(ctx, node)
		if err != nil {
			return fmt.Errorf("dial %s: %w", node, err)
		}
		crew.clients = append(crew.clients, client)
	}
	var shared any
	if load.Workload.Share != nil {
		shared = load.Workload.Share(load.Params)
	}
	for i := range load.Clients {
		rng := d.plan.Seed.Stream("workload "+load.Workload.Name, number, i)
		crew.workers = append(crew.workers, &worker{
			run:     d,
			node:    d.cluster.Nodes[i%conns%len(d.cluster.Nodes)],
			client:  crew.clients[i%conns],
			next:    load.Workload.New(load.Params, i, shared, rng),
			log:     d.rec.Log(),
			process: d.rec.Process(),
		})
	}
	return nil
}

func dismiss(crews []*crew) {
	for _, crew := range crews {
		for _, client := range crew.clients {
			client.Close()
		}
	}
}

// prepare writes what the loads expect to find.
func (d *drive) prepare(ctx context.Context, crews []*crew) error {
	for _, crew := range crews {
		if crew.load.Workload.Setup == nil {
			continue
		}
		w := &worker{run: d, node: crew.workers[0].node, client: crew.clients[0], log: d.rec.Log(), process: d.rec.Process()}
		for _, req := range crew.load.Workload.Setup(crew.load.Params) {
			if op := w.now(ctx, history.Warmup, req); op.Result.Outcome != history.OK {
				return fmt.Errorf("set up %s: %s", crew.load.Workload.Name, op)
			}
		}
	}
	return nil
}

// load runs the workers and the nemesis side by side until the time is up, and the nemesis is healed.
func (d *drive) load(ctx context.Context, crews []*crew) {
	d.start = d.rec.Now()
	d.loadStart = d.start + d.plan.Warmup
	d.end = d.loadStart + d.plan.Duration
	d.rec.UpdateMeta(func(m *history.Meta) { m.LoadStart, m.Planned = d.loadStart, len(d.plan.Schedule) })

	breaking, stopBreaking := context.WithCancel(ctx)
	var nemesis sync.WaitGroup
	nemesis.Go(func() { d.breakThings(breaking) })
	var working sync.WaitGroup
	for i, crew := range crews {
		d.set(ctx, &working, crew, i)
	}
	working.Wait()
	stopBreaking()
	nemesis.Wait()
}

// unsent adds up what workers left unsent.
func unsent(crews []*crew) (all []int64) {
	for _, crew := range crews {
		for _, w := range crew.workers {
			for second, n := range w.unsent {
				if second >= len(all) {
					all = append(all, make([]int64, second+1-len(all))...)
				}
				all[second] += n
			}
		}
	}
	return all
}

// set puts a crew to work.
func (d *drive) set(ctx context.Context, working *sync.WaitGroup, crew *crew, number int) {
	load := crew.load
	if load.open() {
		pace := workloads.Constant(load.Rate)
		if load.Poisson {
			pace = workloads.Poisson(load.Rate, d.plan.Seed.Stream("pace", number))
		}
		for i, w := range crew.workers {
			working.Go(func() { w.openLoop(ctx, pace, i, len(crew.workers), load.Total) })
		}
		return
	}
	var taken atomic.Int64
	take := func() bool { return load.Total == 0 || taken.Add(1) <= int64(load.Total) }
	for _, w := range crew.workers {
		working.Go(func() { w.closedLoop(ctx, take) })
	}
}

// breakThings carries out the schedule. Its times count from the beginning of the measured part.
func (d *drive) breakThings(ctx context.Context) {
	if len(d.plan.Schedule) == 0 {
		return
	}
	probes := d.newProbes(ctx)
	defer probes.close()
	nemesis.Run(ctx, d.cluster, d.plan.Schedule, nemesis.Deps{
		Now:    d.rec.Now,
		Until:  d.until,
		Start:  d.loadStart,
		Record: d.rec.AddFault,
		Rand:   d.plan.Seed.Stream("nemesis targets"),
		Probe:  probes.hook,
	})
}

// stage says to which part of the run an operation that is due then belongs.
func (d *drive) stage(due time.Duration) history.Stage {
	if due < d.loadStart {
		return history.Warmup
	}
	return history.Load
}

// until waits for a moment on the run's clock.
func (d *drive) until(ctx context.Context, at time.Duration) error {
	wait := at - d.rec.Now()
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
