package txn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// simulated is a valid history of moderate size.
func simulated(seed uint64, lists bool, txns, clients int) *history.History {
	s := &simulation{rng: rand.New(rand.NewPCG(seed, 7)), lists: lists, clients: clients, txns: txns, unknown: 0.05, keys: 3, perKey: 32}
	return s.run()
}

// A valid history never shows an anomaly, whatever the seed, the load's kind and the number of clients.
func TestSound(t *testing.T) {
	for seed := range uint64(150) {
		for _, lists := range []bool{true, false} {
			h := simulated(seed, lists, 300, 1+int(seed%20))
			if r := Check(context.Background(), h); len(r.Counts) > 0 || len(r.Limits) > 0 {
				t.Fatalf("seed %d, lists %v: %v %+v %v", seed, lists, r.Counts, r.Anomalies, r.Limits)
			}
		}
	}
}

// mutations break a valid history; each says whether it found a place to do so.
var mutations = []struct {
	name string
	do   func(h *history.History, rng *rand.Rand) bool
}{
	{"stale read", staleRead},
	{"acknowledged write undone", lostWrite},
	{"value out of nowhere", garbage},
	{"aborted, and seen", aborted2},
}

// reads calls do for every read of a present key by an acknowledged transaction, in a random rotation, until it is true.
func reads(h *history.History, rng *rand.Rand, do func(op *history.Op, req *history.Request, res *history.Result) bool) bool {
	start := rng.IntN(len(h.Ops))
	for n := range h.Ops {
		op := &h.Ops[(start+n)%len(h.Ops)]
		if op.Result.Outcome != history.OK {
			continue
		}
		side := op.Request.Else
		if op.Result.Succeeded {
			side = op.Request.Then
		}
		for i := range op.Result.Responses {
			if side[i].Kind == history.Get && len(op.Result.Responses[i].KVs) == 1 && do(op, &side[i], &op.Result.Responses[i]) {
				return true
			}
		}
	}
	return false
}

// staleRead makes a transaction that only reads see a value that was replaced before it was called.
func staleRead(h *history.History, rng *rand.Rand) bool {
	return reads(h, rng, func(op *history.Op, req *history.Request, res *history.Result) bool {
		if len(op.Result.Responses) != 1 || !op.Result.Succeeded {
			return false
		}
		kv := &res.KVs[0]
		var first *history.KV
		for i := range h.Ops {
			w := &h.Ops[i]
			if w.Result.Outcome != history.OK || w.Return >= op.Call {
				continue
			}
			side := w.Request.Else
			if w.Result.Succeeded {
				side = w.Request.Then
			}
			for j := range w.Result.Responses {
				if side[j].Key != kv.Key {
					continue
				}
				if side[j].Kind == history.Get && len(w.Result.Responses[j].KVs) == 1 && first == nil {
					first = &w.Result.Responses[j].KVs[0]
				}
				if first != nil && side[j].Kind == history.Put && side[j].Value != first.Value && replaced(h, first.Value, w.Call, kv.Key) {
					*kv = *first
					return true
				}
			}
		}
		return false
	})
}

// replaced reports whether a value of a key had been read, by a transaction that returned before a time.
func replaced(h *history.History, value string, before time.Duration, key string) bool {
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Result.Outcome != history.OK || op.Return >= before {
			continue
		}
		for j := range op.Result.Responses {
			for _, kv := range op.Result.Responses[j].KVs {
				if kv.Key == key && kv.Value == value {
					return true
				}
			}
		}
	}
	return false
}

// lostWrite makes a transaction see a key as absent that had been read before.
func lostWrite(h *history.History, rng *rand.Rand) bool {
	return reads(h, rng, func(op *history.Op, req *history.Request, res *history.Result) bool {
		if len(op.Result.Responses) != 1 || !replaced(h, res.KVs[0].Value, op.Call, req.Key) {
			return false
		}
		res.KVs = nil
		return true
	})
}

func garbage(h *history.History, rng *rand.Rand) bool {
	return reads(h, rng, func(op *history.Op, req *history.Request, res *history.Result) bool {
		res.KVs[0].Value += "000"
		return true
	})
}

// aborted2 tells the writer of a value that somebody read that it had failed.
func aborted2(h *history.History, rng *rand.Rand) bool {
	return reads(h, rng, func(op *history.Op, req *history.Request, res *history.Result) bool {
		for i := range h.Ops {
			for _, r := range h.Ops[i].Request.Then {
				if w := &h.Ops[i]; w != op && r.Kind == history.Put && r.Key == req.Key && r.Value == res.KVs[0].Value {
					w.Result = history.Result{Outcome: history.Fail, Error: "too many requests"}
					return true
				}
			}
		}
		return false
	})
}

func TestMutations(t *testing.T) {
	for _, m := range mutations {
		for _, lists := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s lists=%v", m.name, lists), func(t *testing.T) {
				done := 0
				for seed := range uint64(60) {
					h := simulated(seed, lists, 200, 4)
					if !m.do(h, rand.New(rand.NewPCG(seed, 8))) {
						continue
					}
					done++
					if r := Check(context.Background(), h); len(r.Counts) == 0 {
						t.Errorf("seed %d: nothing found", seed)
					} else if len(r.Anomalies) == 0 || r.Level == Levels[0] {
						t.Errorf("seed %d: %v without an example, or at %s", seed, r.Counts, r.Level)
					}
				}
				if done < 20 {
					t.Errorf("the mutation was possible in %d histories of 60", done)
				}
			})
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, lists := range []bool{true, false} {
		for _, n := range []int{1000, 10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("lists=%v/txns=%d", lists, n), func(b *testing.B) {
				if n > 100_000 && testing.Short() {
					b.Skip("short")
				}
				h := simulated(1, lists, n, 20)
				b.ReportAllocs()
				began := cpu()
				for b.Loop() {
					if r := Check(context.Background(), h); len(r.Counts) > 0 {
						b.Fatal(r.Counts)
					}
				}
				b.ReportMetric((cpu()-began).Seconds()/float64(b.N), "cpu-s/op")
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "txns/s")
			})
		}
	}
}

// cpu is the process's own time: the figure that a shared machine does not spoil.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
