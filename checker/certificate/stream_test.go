package certificate_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// journal is a history as a recorder drains it, now and then: in the order of time, but for what a drain finds a little
// later in one log than in another.
func journal(rng *rand.Rand, h *history.History) []history.Record {
	type timed struct {
		at time.Duration
		r  history.Record
	}
	var all []timed
	late := func(at time.Duration) time.Duration {
		return at + time.Duration(rng.Int64N(int64(500*time.Millisecond)))
	}
	for i := range h.Ops {
		op := &h.Ops[i]
		call := *op
		call.Result, call.Return = history.Result{}, 0
		at := late(op.Call)
		all = append(all, timed{at, history.Record{Call: &call}}, timed{max(at, late(op.Return)), history.Record{Return: op}})
	}
	for i := range h.Watches {
		w := h.Watches[i]
		closed := w
		closed.Responses = nil
		opened := closed
		opened.Closed = 0
		all = append(all, timed{w.Opened, history.Record{Watch: &opened}}, timed{w.Closed + time.Minute, history.Record{Watch: &closed}})
		for n := range w.Responses {
			all = append(all, timed{w.Responses[n].At, history.Record{Response: &w.Responses[n], WatchID: w.ID}})
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	records := make([]history.Record, 0, len(all))
	for i := range all {
		records = append(records, all[i].r)
	}
	return records
}

func stream(h *history.History, records []history.Record) certificate.StreamReport {
	f := certificate.NewFeed(h.Meta.Judge == "linearizable")
	for _, r := range records {
		f.Add(r)
	}
	return f.Finish()
}

// crowded are histories with many deletes of unknown outcome, single ones and of ranges, and reads of the past.
func crowded(rng *rand.Rand) generate.Options {
	o := options(rng)
	if rng.IntN(2) == 0 {
		o.Mix = generate.Everything()
		o.Mix[history.Delete], o.Unknown, o.Watches, o.Leases = 6, 0.3, true, 0
	}
	if o.Mix != nil {
		o.Past = rng.Float64() / 2
	}
	return o
}

// A stream finds what the whole does, and certifies what the whole does, where it decides. What it leaves open is what
// the whole does, too.
func TestStreamAgrees(t *testing.T) {
	passed, failed, open, alone, past, notPast := 0, 0, 0, 0, 0, 0
	for seed := range uint64(rounds(1_000)) {
		rng := rand.New(rand.NewPCG(seed, 16))
		h := generate.History(rng, crowded(rng))
		for range rng.IntN(3) {
			lie(rng, h)
		}
		if len(history.Wellformed(h)) > 0 {
			continue // the lie about an interval took an operation out of order
		}
		whole := certificate.Certify(context.Background(), h, rules(h))
		got := stream(h, journal(rng, h))
		past += got.Past
		switch {
		case got.Findings > 0:
			if failed++; whole.Certificate != nil {
				t.Fatalf("seed %d: certified as a whole, and not as a stream: %v\n%s", seed, got.First, h)
			}
		case got.Undecided != "":
			if open++; whole.Certificate != nil || whole.Total > 0 {
				alone++
			}
		default:
			notPast += got.NotPast
			if passed++; whole.Total > 0 || whole.Certificate == nil {
				t.Fatalf("seed %d: %+v %s, which the stream did not see\n%s", seed, whole.Findings, whole.Undecided, h)
			}
		}
	}
	t.Logf("%d passed, %d failed, %d left open, %d of them by the stream alone; %d reads of the past compared, %d not", passed, failed, open, alone, past, notPast)
	if passed < 100 || failed < 100 || past < 1000 || notPast > 0 || alone > open/5 {
		t.Error("too few of a kind")
	}
}

// Memory does not grow with the history. WHITEWATER_STREAM_OPS=10000000 shows it at length.
func TestStreamMemory(t *testing.T) {
	n := 100_000
	if long, err := strconv.Atoi(os.Getenv("WHITEWATER_STREAM_OPS")); err == nil {
		n = long
	}
	s := certificate.NewStream(false)
	done, spent, peak := 0, time.Duration(0), uint64(0)
	generate.Stream(rand.New(rand.NewPCG(1, 17)), generate.Options{Ops: n, Clients: 50, Keys: 100, Nodes: 3, Unknown: 0.001}, func(op *history.Op, open time.Duration) {
		own := *op
		began := time.Now()
		s.Named(&own.Request)
		s.Add(&own, open)
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
