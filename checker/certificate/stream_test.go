package certificate_test

import (
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// stream feeds a history in order of its returns.
func stream(h *history.History) certificate.StreamReport {
	s := certificate.NewStream(rules(h))
	for _, w := range h.Watches {
		for _, r := range w.Responses {
			for _, e := range r.Events {
				s.Change(e.KV.Mod, model.Change{KV: e.KV, Deleted: e.Delete}, true)
			}
		}
	}
	order := make([]int, len(h.Ops))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return h.Ops[order[i]].Return < h.Ops[order[j]].Return })
	for n, i := range order {
		open := h.Ops[i].Return
		for _, j := range order[n+1:] {
			open = min(open, h.Ops[j].Call)
		}
		s.Add(&h.Ops[i], open)
	}
	return s.Finish()
}

// A stream finds what the whole does, and certifies what the whole does, where it decides.
func TestStreamAgrees(t *testing.T) {
	passed, failed, open := 0, 0, 0
	for seed := range uint64(rounds(1_000)) {
		rng := rand.New(rand.NewPCG(seed, 16))
		o := options(rng)
		o.Past = 0 // a stream keeps nothing of the past
		h := generate.History(rng, o)
		for range rng.IntN(3) {
			lie(rng, h)
		}
		whole := certificate.Certify(context.Background(), h, rules(h))
		got := stream(h)
		switch {
		case got.Undecided != "":
			open++
		case got.Findings > 0:
			if failed++; whole.Certificate != nil {
				t.Fatalf("seed %d: certified as a whole, and not as a stream: %v\n%s", seed, got.First, h)
			}
		default:
			if passed++; whole.Total > 0 {
				t.Fatalf("seed %d: %+v, which the stream did not see\n%s", seed, whole.Findings, h)
			}
		}
	}
	t.Logf("%d passed, %d failed, %d left open", passed, failed, open)
	if passed < 100 || failed < 100 {
		t.Error("too few of a kind")
	}
}

// Memory does not grow with the history. WHITEWATER_STREAM_OPS=10000000 shows it at length.
func TestStreamMemory(t *testing.T) {
	n := 100_000
	if long, err := strconv.Atoi(os.Getenv("WHITEWATER_STREAM_OPS")); err == nil {
		n = long
	}
	var s *certificate.Stream
	var peak uint64
	told := func(history.Kind, bool) bool { return true }
	s = certificate.NewStream(certificate.Rules{Told: told, Exempt: func(string) bool { return false }})
	done, spent := 0, time.Duration(0)
	generate.Stream(rand.New(rand.NewPCG(1, 17)), generate.Options{Ops: n, Clients: 50, Keys: 100, Nodes: 3, Unknown: 0.001}, func(op *history.Op, open time.Duration) {
		began := time.Now()
		s.Add(op, open)
		spent += time.Since(began)
		if done++; done%(n/20) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	})
	report := s.Finish()
	t.Logf("%d operations, %v, most waiting %d, live heap at most %d MiB, %v", report.Ops, report.Undecided, report.MostWaiting, peak>>20, spent)
	if report.Findings > 0 || report.Undecided != "" {
		t.Errorf("%+v", report)
	}
	if peak > 200<<20 {
		t.Errorf("%d MiB", peak>>20)
	}
}
