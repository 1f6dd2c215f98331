package workloads_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/workloads"
)

// ran is what the workers of a workload asked and were told, in order of completion.
type ran struct {
	params workloads.Params
	ops    []history.Op
	mu     sync.Mutex
}

// worker is one worker as the harness has it: bound to a member, one request at a time, retired after an unknown outcome.
type worker struct {
	*ran
	client  cluster.Client
	next    workloads.Generator
	number  int
	process history.Process
	last    history.Op
	began   time.Time
}

func newWorker(r *ran, w workloads.Workload, c *cluster.Cluster, i int, shared any) *worker {
	client, err := c.Dial(context.Background(), c.Nodes[i%len(c.Nodes)])
	if err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(7, uint64(i)))
	return &worker{ran: r, client: client, number: i, process: history.Process(i), began: time.Now(),
		next: w.New(r.params, i, shared, rng)}
}

// step carries out one request, and says whether the worker has more.
func (w *worker) step() bool {
	req, more := w.next(w.last)
	if !more {
		return false
	}
	if req.Kind == history.Pause {
		time.Sleep(time.Duration(req.Wait))
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	w.last = history.Op{Process: w.process, Request: req, Call: time.Since(w.began)}
	w.last.Result = w.client.Do(ctx, req)
	w.last.Return = time.Since(w.began)
	if w.last.Result.Outcome == history.Unknown {
		w.process += 100
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops = append(w.ops, w.last)
	return true
}

func start(w workloads.Workload, p workloads.Params, c *cluster.Cluster) (*ran, []*worker) {
	r := &ran{params: w.Defaults(p)}
	var shared any
	if w.Share != nil {
		shared = w.Share(r.params)
	}
	var all []*worker
	for i := range r.params.Workers {
		all = append(all, newWorker(r, w, c, i, shared))
	}
	if w.Setup != nil {
		for _, req := range w.Setup(r.params) {
			if res := all[0].client.Do(context.Background(), req); res.Outcome != history.OK {
				panic(res.Error)
			}
		}
	}
	return r, all
}

// together runs a workload with all its workers at once, in fake time, each for so many requests or for a minute.
func together(t *testing.T, w workloads.Workload, p workloads.Params, each int, meanwhile func(*cluster.Cluster)) (r *ran) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := memkv.New(memkv.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var all []*worker
		r, all = start(w, p, c)
		var wg sync.WaitGroup
		for _, worker := range all {
			wg.Go(func() {
				for range each {
					if time.Since(worker.began) > time.Minute || !worker.step() {
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		if meanwhile != nil {
			meanwhile(c)
		}
		wg.Wait()
	})
	return r
}

// inTurn runs a workload with one worker after the other, on a single member: the same every time.
func inTurn(t *testing.T, w workloads.Workload, p workloads.Params, ops int) (r *ran) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := memkv.New(memkv.Options{Seed: 1, Nodes: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var all []*worker
		r, all = start(w, p, c)
		for len(r.ops) < ops {
			for _, worker := range all {
				worker.step()
			}
		}
	})
	return r
}

// killN1 takes one of three members out for a while.
func killN1(c *cluster.Cluster) {
	time.Sleep(500 * time.Millisecond)
	_ = c.Process.Kill(context.Background(), "n1")
	time.Sleep(3 * time.Second)
	_ = c.Process.Start(context.Background(), "n1")
}
