package memkv

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// driven is what clients and one watch from revision 1 saw of a store.
type driven struct {
	ops    []history.Op
	events []history.Event
}

// drive lets workers read, write and compare-and-swap a few keys, in fake time, and breaks the store by hand meanwhile.
func drive(t *testing.T, o Options, each int, breakIt func(*cluster.Cluster)) (d driven) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		began := time.Now()
		var mu sync.Mutex
		var wg sync.WaitGroup
		for worker := range 6 {
			node := c.Nodes[worker%len(c.Nodes)]
			client, err := c.Dial(t.Context(), node)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(o.Seed, uint64(worker)))
			wg.Go(func() {
				seen := map[string]string{}
				for i := range each {
					req := request(rng, fmt.Sprintf("%d.%d", worker, i), seen)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					op := history.Op{Node: node, Request: req, Call: time.Since(began)}
					op.Result = client.Do(ctx, req)
					op.Return = time.Since(began)
					cancel()
					if len(op.Result.KVs) > 0 {
						seen[req.Key] = op.Result.KVs[0].Value
					}
					mu.Lock()
					d.ops = append(d.ops, op)
					mu.Unlock()
					time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
				}
			})
		}
		if breakIt != nil {
			breakIt(c)
		}
		wg.Wait()
		time.Sleep(5 * time.Second)
		d.events = replay(t, c, c.Nodes[0])
	})
	slices.SortFunc(d.ops, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return d
}

func request(rng *rand.Rand, value string, seen map[string]string) history.Request {
	key := fmt.Sprintf("k%d", rng.IntN(3))
	switch n := rng.IntN(10); {
	case n < 4:
		return history.Request{Kind: history.Put, Key: key, Value: value}
	case n < 6 && seen[key] != "":
		return history.Request{Kind: history.CAS, Key: key, Expect: seen[key], Value: value}
	default:
		return history.Request{Kind: history.Get, Key: key}
	}
}

// replay is everything that a watch from revision 1 tells until it is quiet.
func replay(t *testing.T, c *cluster.Cluster, node history.NodeID) (events []history.Event) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := history.Watch{Node: node, End: "\x00", Start: 1, PrevKV: true, Progress: true}
	err := c.Watch(ctx, w, func(r history.WatchResponse) {
		events = append(events, r.Events...)
		if r.Progress {
			cancel()
		}
	})
	if err != nil {
		t.Error(err)
	}
	return events
}

// judge replays the watched changes and says what cannot be: an answer that is not the state at its revision, or a
// revision below that of an operation which had ended before.
func (d driven) judge() (wrong []string) {
	type at struct {
		key string
		rev int64
	}
	changes := map[string][]history.KV{}
	values := map[at]string{}
	written := map[string]bool{}
	for _, e := range d.events {
		kv := e.KV
		for _, old := range changes[kv.Key] {
			if !e.Delete && old.Value == kv.Value {
				wrong = append(wrong, fmt.Sprintf("value %s of revision %d is back at %d", kv.Value, old.Mod, kv.Mod))
			}
		}
		if e.Delete {
			kv.Version = 0
		}
		changes[kv.Key] = append(changes[kv.Key], kv)
		values[at{kv.Key, kv.Mod}] = kv.Value
		written[kv.Value] = true
	}
	state := func(key string, rev int64) (now history.KV) {
		for _, kv := range changes[key] {
			if kv.Mod <= rev {
				now = kv
			}
		}
		return now
	}
	for i, op := range d.ops {
		res := op.Result
		wrote := op.Request.Kind == history.Put || res.Succeeded
		switch rev := res.Header.Revision; {
		case res.Outcome == history.Fail:
			for at, value := range values {
				if value == op.Request.Value {
					wrong = append(wrong, fmt.Sprintf("failed write %s is there at %d", value, at.rev))
				}
			}
		case res.Outcome != history.OK:
		case op.Request.Kind == history.CAS && !wrote && written[op.Request.Value]:
			wrong = append(wrong, fmt.Sprintf("lost %v is there", op.Request))
		case wrote && values[at{op.Request.Key, rev}] != op.Request.Value:
			wrong = append(wrong, fmt.Sprintf("write %v is not at its revision: %v", op.Request, res))
		case wrote && len(res.Prev) > 0 && res.Prev[0] != state(op.Request.Key, rev-1):
			wrong = append(wrong, fmt.Sprintf("write %v replaced %v: %v", op.Request, state(op.Request.Key, rev-1), res))
		case !wrote && len(res.KVs) > 0 && res.KVs[0] != state(op.Request.Key, rev),
			!wrote && len(res.KVs) == 0 && state(op.Request.Key, rev).Version != 0:
			wrong = append(wrong, fmt.Sprintf("read %v is not %v: %v", op.Request, state(op.Request.Key, rev), res))
		}
		for _, before := range d.ops[:i] {
			if before.Return < op.Call && res.Outcome == history.OK && before.Result.Header.Revision > res.Header.Revision {
				wrong = append(wrong, fmt.Sprintf("revision %d after %d", res.Header.Revision, before.Result.Header.Revision))
			}
		}
	}
	return wrong
}

// A right store is right, whatever is done to it.
func TestRight(t *testing.T) {
	seeds := uint64(3)
	if os.Getenv("WHITEWATER_SOAK") != "" {
		seeds = 300
	}
	for seed := range seeds {
		d := drive(t, Options{Seed: seed}, 300, havoc(t, seed))
		for _, line := range d.judge() {
			t.Errorf("seed %d: %s", seed, line)
		}
		unknown := 0
		for _, op := range d.ops {
			if op.Result.Outcome == history.Unknown {
				unknown++
			}
		}
		t.Logf("seed %d: %d ops, %d unknown, %d events", seed, len(d.ops), unknown, len(d.events))
	}
}

// havoc kills, freezes and cuts off one member after the other, leaders preferred.
func havoc(t *testing.T, seed uint64) func(*cluster.Cluster) {
	return func(c *cluster.Cluster) {
		ctx, rng := t.Context(), rand.New(rand.NewPCG(seed, 99))
		for range 4 {
			time.Sleep(500 * time.Millisecond)
			hit := c.Nodes[rng.IntN(len(c.Nodes))]
			if s := c.Status(ctx, hit); s.Leader != "" && rng.IntN(2) == 0 {
				hit = s.Leader
			}
			var err error
			switch rng.IntN(3) {
			case 0:
				err = c.Process.Kill(ctx, hit)
				time.Sleep(3 * time.Second)
				c.Process.Start(ctx, hit)
			case 1:
				err = c.Process.Pause(ctx, hit)
				time.Sleep(3 * time.Second)
				c.Process.Resume(ctx, hit)
			case 2:
				for _, other := range c.Nodes {
					if other != hit {
						err = c.Network.Cut(hit, other)
						c.Network.Cut(other, hit)
					}
				}
				time.Sleep(3 * time.Second)
				c.Network.MendAll()
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// Each of these bugs makes the store wrong within some hundred operations. The others need more than registers, or show
// in evidence alone; the harness's own tests hold every bug against every checker.
func TestWrong(t *testing.T) {
	for _, name := range []string{
		"stale-read", "lost-write", "dirty-read", "lost-update", "resurrected", "reordered", "failed-write-applied",
		"applied-twice", "cas-lies", "wrong-previous", "revision-reused", "phantom", "revision-goes-back", "wrong-version",
		"wrong-create", "member-diverges",
	} {
		t.Run(name, func(t *testing.T) {
			wrong := drive(t, Options{Seed: 1, Bug: name, Every: 5}, 200, nil).judge()
			if len(wrong) == 0 {
				t.Fatal("nothing was wrong")
			}
			t.Logf("%d findings, first: %s", len(wrong), wrong[0])
		})
	}
}
