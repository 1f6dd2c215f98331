package harness

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/history/exchange"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// foreign are the checks that other tools have, and the loads of which they need no more than those tools' words.
var foreign = map[string][]string{
	"linearizable": nil, "transactions": {"append", "wr"}, "set": {"set", "lock-set", "lock-etcd-set"}, "lock": nil,
}

// A run of every load survives its export: read again from EDN, it is the same history, so that every verdict is the same.
// In JSON, which has only the words of other tools, no violation comes in, none is lost, and those tools' own loads still
// pass.
func TestExportOfEveryWorkload(t *testing.T) {
	for _, w := range workloads.All {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			h := rehearse(t, brief(w.Name), "")
			back := returned(t, h, exchange.WriteEDN)
			if got, want := back.String(), h.String(); got != want {
				t.Fatalf("EDN: another history came back: %s", difference(want, got))
			}
			compareForeign(t, w.Name, h, returned(t, h, exchange.WriteJSON))
		})
	}
}

// A violation survives as well. Bugs strike by chance, so each has a few runs to do so.
func TestExportOfViolations(t *testing.T) {
	for workload, bug := range map[string]string{"register": "stale-read", "append": "stale-compare", "wr": "half-transaction", "set": "lost-write"} {
		t.Run(workload+" "+bug, func(t *testing.T) {
			t.Parallel()
			violations := 0
			for seed := uint64(11); seed < 15 && violations == 0; seed++ {
				s := brief(workload)
				s.Seed, s.Load.Rate, s.Load.Duration = seed, 60, 8*time.Second
				h := rehearse(t, s, bug)
				violations = compareForeign(t, workload, h, returned(t, h, exchange.WriteJSON))
			}
			if violations == 0 {
				t.Errorf("%s broke nothing", bug)
			}
		})
	}
}

func brief(workload string) *scenarios.Scenario {
	s := small(workload, 5)
	s.Load.Rate, s.Load.Duration, s.Load.Keys.Live = 50, 6*time.Second, 0
	return s
}

// returned is what is read of what was written.
func returned(t *testing.T, h *history.History, write func(io.Writer, *history.History) error) *history.History {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, h); err != nil {
		t.Fatal(err)
	}
	back, notes, err := exchange.Read(b.Bytes(), exchange.Differed)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations, %d bytes, notes %q", len(h.Ops), b.Len(), notes)
	return back
}

// compareForeign judges a history and what came back of it by the checks that other tools have, and counts violations.
func compareForeign(t *testing.T, workload string, h, back *history.History) (violations int) {
	t.Helper()
	for _, c := range checker.All {
		own, judged := foreign[c.Name]
		if !judged {
			continue
		}
		was, is := c.Check(context.Background(), h, checker.Limits{}), c.Check(context.Background(), back, checker.Limits{})
		if c.Name == "transactions" && was.Verdict == checker.Fail {
			was = c.Check(context.Background(), withoutReplaced(h), checker.Limits{})
		}
		mine := c.Name == "linearizable" && workload == "register"
		for _, name := range own {
			mine = mine || name == workload
		}
		switch {
		case is.Bug != "",
			is.Verdict == checker.Fail && was.Verdict != checker.Fail && !unsafe[workload], // there, additions really are lost
			mine && is.Verdict != checker.Fail && was.Verdict == checker.Fail,
			mine && is.Verdict != checker.Pass && was.Verdict == checker.Pass && c.Name != "linearizable":
			t.Errorf("%s: %s, was %s: %s (%s) %s", c.Name, is.Verdict, was.Verdict, is.Why, was.Why, is.Bug)
		}
		if mine && was.Verdict == checker.Fail {
			violations++
		}
	}
	return violations
}

// withoutReplaced is the history without what puts of transactions say that they replaced: Elle has no words for that, and
// where nothing else shows a violation, it is not in what came back.
func withoutReplaced(h *history.History) *history.History {
	bare := *h
	bare.Ops = slices.Clone(h.Ops)
	for i := range bare.Ops {
		res := &bare.Ops[i].Result
		res.Responses = slices.Clone(res.Responses)
		for j := range res.Responses {
			res.Responses[j].Prev = nil
		}
	}
	return &bare
}

// difference is the first line in which two texts differ.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "want " + w[i] + "\ngot  " + g[i]
		}
	}
	return "one is longer"
}
