package checker

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// replayed gives a history to its certification as it is recorded: call by call and return by return.
func replayed(rec *history.Recorder, h *history.History) (drains [][]history.Record) {
	logs := map[history.Process]*history.Log{}
	for i := range h.Ops {
		op := &h.Ops[i]
		log := logs[op.Process]
		if log == nil {
			log = rec.Log()
			logs[op.Process] = log
		}
		log.Invoke(op.Process, op.Node, op.Stage, -1, op.Request)
		log.Complete(op.Result)
		if i%2000 == 0 {
			drains = append(drains, rec.Drain())
		}
	}
	return append(drains, rec.Drain())
}

// The judgement of the whole has to find what was found while the run went on: a FAIL of either check of order does, an
// UNKNOWN says nothing, and a PASS is a bug of ours.
func TestOnlineAgrees(t *testing.T) {
	const good = "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] get x -> 1 mod=2 rev=2\n"
	const bad = "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] get x -> 1 mod=2 rev=1\n"
	for _, c := range []struct {
		text     string
		findings int
		results  []Result
		bug      string
	}{
		{good, 0, []Result{{Checker: "linearizable", Verdict: Pass}}, ""},
		{good, 1, []Result{{Checker: "linearizable", Verdict: Pass}}, "1 finding, and yet it passed: op 1 is wrong"},
		{good, 1, []Result{{Checker: "linearizable", Verdict: Pass}, {Checker: "revisions", Verdict: Pass}}, "1 finding, and yet it passed: op 1 is wrong"},
		{good, 1, []Result{{Checker: "linearizable", Verdict: Fail}}, ""},
		{good, 1, []Result{{Checker: "linearizable", Verdict: Pass}, {Checker: "revisions", Verdict: Fail}}, ""},
		{good, 1, []Result{{Checker: "linearizable", Verdict: Unknown}}, ""},
		{bad, 1, []Result{{Checker: "linearizable", Verdict: Pass}}, ""}, // revisions, although nobody asked
	} {
		h, err := history.ParseHistory(c.text)
		if err != nil {
			t.Fatal(err)
		}
		(&Certified{Findings: c.findings, First: []string{"op 1 is wrong"}}).Agree(context.Background(), h, c.results, Limits{})
		if got := c.results[0]; got.Bug != c.bug || (got.Bug != "") != (got.Verdict == Unknown && got.Why != "") {
			t.Errorf("%+v: %+v, want %q", c, got, c.bug)
		}
	}
	if NewOnline(history.Meta{}, []string{"durable"}) != nil || NewOnline(history.Meta{}, []string{"durable", "linearizable"}) == nil {
		t.Error("what is certified while it runs is what is judged by its order")
	}
}

// What certifying a run while it goes on costs in CPU time, for each operation, beside what recording it costs.
func BenchmarkOnline(b *testing.B) {
	h := generate.History(rand.New(rand.NewPCG(1, 23)), generate.Options{Ops: 200_000, Clients: 50, Keys: 100, Nodes: 3, Unknown: 0.001, Watches: true})
	records := h.Records()
	for name, do := range map[string]func(){
		"recording": func() { replayed(history.NewRecorder(history.Meta{}), h) },
		"certifying": func() {
			if c := NewOnline(history.Meta{}, nil).Add(records, time.Hour); c.Findings > 0 || c.Revision < 1000 {
				b.Fatalf("%+v", c)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			began := cpu()
			for b.Loop() {
				do()
			}
			b.ReportMetric(float64(cpu()-began)/float64(b.N*len(h.Ops)), "cpu-ns/operation")
		})
	}
}
