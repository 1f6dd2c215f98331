package history

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Operations of equal calls and numbers keep the order in which they came, as a stable sort would have it.
func TestSortOps(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		ops := make([]Op, n)
		for i := range ops {
			ops[i] = Op{ID: rng.IntN(3), Call: time.Duration(rng.IntN(n)), Due: time.Duration(i)}
		}
		want := slices.Clone(ops)
		slices.SortStableFunc(want, func(a, b Op) int { return compareOps(&a, &b) })
		sortOps(ops)
		for i := range ops {
			if ops[i].Due != want[i].Due {
				t.Fatalf("%d operations: place %d has what was at %d, want %d", n, i, ops[i].Due, want[i].Due)
			}
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	r := NewRecorder(Meta{})
	l := r.Log()
	p := r.Process()
	req := Request{Kind: Get, Key: "b/000000"}
	res := Result{Outcome: OK, KVs: []KV{{Key: "b/000000", Value: "1"}}}
	b.ReportAllocs()
	for b.Loop() {
		l.Invoke(p, "n1", Load, -1, req)
		l.Complete(res)
	}
}

// A second of twenty thousand operations by 64 workers, emptied and written as lines.
func BenchmarkDrain(b *testing.B) {
	var line []byte
	for b.Loop() {
		b.StopTimer()
		r := NewRecorder(Meta{})
		for range 64 {
			l, p := r.Log(), r.Process()
			for range 20000 / 64 {
				l.Invoke(p, "n1", Load, -1, Request{Kind: Get, Key: "b/000000"})
				l.Complete(Result{Outcome: OK})
			}
		}
		b.StartTimer()
		for _, record := range r.Drain() {
			line = AppendRecord(line[:0], record)
		}
	}
}
