package checker

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// from is a source of a history's records.
func from(h *history.History) Source {
	return func(each func(history.Record) error) (bool, error) {
		for _, r := range h.Records() {
			if err := each(r); err != nil {
				return false, err
			}
		}
		return false, nil
	}
}

// judged is a history's verdicts as a stream, a line each.
func judged(t *testing.T, h *history.History) string {
	t.Helper()
	s, err := JudgeStream(context.Background(), from(h), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, r := range s.Results {
		text += r.Checker + ": " + r.Verdict.String() + ": " + r.Why + "\n"
		if r.Bug != "" {
			text += "  BUG " + r.Bug + "\n"
		}
		for _, c := range r.Counterexample {
			for i := range c.Ops {
				text += "  " + c.Ops[i].String() + "\n"
			}
		}
	}
	return text
}

// What a stream says of small histories, and the operations that show it.
func TestJudgeStream(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"in order", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np2 n1 [3ms 4ms] get x -> 1 mod=2 rev=2\n",
			"linearizable: pass: 2 operations are in one order, which the revisions give, from 1 to 2\n"},
		{"nothing", "", "linearizable: skipped: there is no operation\n"},
		{"a store without revisions", "p1 n1 [1ms 2ms] put x 1 -> ok\n",
			"linearizable: unknown: undecided: the answer to operation 0 carries no revision\n"},
		{"a stale read", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] put x 2 -> ok rev=3\np2 n2 [5ms 6ms] get x -> 1 mod=2 rev=2\n",
			`linearizable: fail: key x: op 2 (get of p2 at n2) was answered at revision 2, but the store had reached revision 3, 1 ms before it was called (op 1, put of p1 at n1)
  p1 n1 [1ms 2ms] put x 1 -> ok rev=2
  p1 n1 [3ms 4ms] put x 2 -> ok rev=3
  p2 n2 [5ms 6ms] get x -> 1 mod=2 rev=2
revisions: fail: op 2 (get of p2 at n2) was answered at revision 2, but op 1 (put of p1 at n1) had returned at revision 3, 1 ms before it was called
  p1 n1 [3ms 4ms] put x 2 -> ok rev=3
  p2 n2 [5ms 6ms] get x -> 1 mod=2 rev=2
`},
		{"a revision that lies beside a right value", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] put y 1 -> ok rev=3\np2 n2 [5ms 6ms] get x -> 1 mod=2 rev=2\n",
			`linearizable: unknown: undecided: 1 answer not as the revisions say, and values do not show it
revisions: fail: op 2 (get of p2 at n2) was answered at revision 2, but op 1 (put of p1 at n1) had returned at revision 3, 1 ms before it was called
  p1 n1 [3ms 4ms] put y 1 -> ok rev=3
  p2 n2 [5ms 6ms] get x -> 1 mod=2 rev=2
`},
		{"one revision for two writes", "p1 n1 [1ms 9ms] put x 1 -> ok rev=2\np2 n2 [1ms 9ms] put y 1 -> ok rev=2\n",
			`linearizable: unknown: undecided: 1 answer not as the revisions say, and values do not show it
revisions: fail: op 1 (put of p2 at n2) has revision 2, which another write has
  p1 n1 [1ms 9ms] put x 1 -> ok rev=2
  p2 n2 [1ms 9ms] put y 1 -> ok rev=2
`},
		{"a range that misses a key", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] put y 1 -> ok rev=3\np2 n2 [5ms 6ms] range a z -> ok (x 1 mod=2) count=1 rev=3\n",
			`linearizable: fail: key y: op 2 (range of p2 at n2) was answered at revision 3, but then it counted 1 keys, and there were 2
  p1 n1 [3ms 4ms] put y 1 -> ok rev=3
  p2 n2 [5ms 6ms] range a z -> ok (x 1 mod=2) count=1 rev=3
revisions: fail: op 2 (range of p2 at n2) was answered at revision 3, but then it counted 1 keys, and there were 2
  p1 n1 [3ms 4ms] put y 1 -> ok rev=3
  p2 n2 [5ms 6ms] range a z -> ok (x 1 mod=2) count=1 rev=3
`},
		{"a revision that was compacted, and is answered", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] put x 2 -> ok rev=3\np1 n1 [5ms 6ms] compact 3 -> ok rev=3\np2 n2 [7ms 8ms] get x rev=2 -> 1 mod=2 rev=3\n",
			`linearizable: fail: op 3 (get of p2 at n2) was answered from revision 2, but op 2 (compact of p1 at n1) had compacted up to revision 3, 1 ms before it was called
  p1 n1 [5ms 6ms] compact 3 -> ok rev=3
  p2 n2 [7ms 8ms] get x rev=2 -> 1 mod=2 rev=3
`},
		{"a past revision, read wrongly", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] put x 2 -> ok rev=3\np2 n2 [5ms 6ms] get x rev=2 -> 2 mod=3 rev=3\n",
			`linearizable: unknown: undecided: 1 answer not as the revisions say, and values do not show it
revisions: fail: op 2 (get of p2 at n2) read revision 2, but then x was "2" (create 0, mod 3, version 0), and should have been "1" (create 2, mod 2, version 1)
  p1 n1 [1ms 2ms] put x 1 -> ok rev=2
  p2 n2 [5ms 6ms] get x rev=2 -> 2 mod=3 rev=3
`},
	} {
		h, err := history.ParseHistory(c.text)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := judged(t, h); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// A stream and the whole never contradict each other, whatever is broken: a violation of either is none that the other has
// certified. Nearly every mutation that the whole finds, the stream finds.
func TestJudgeStreamAgrees(t *testing.T) {
	passed, failed, missed := 0, 0, 0
	for i, m := range generate.Mutations() {
		for seed := range uint64(3) {
			rng := rand.New(rand.NewPCG(seed, uint64(25+i)))
			o := m.Base
			o.Watches = true
			h := generate.History(rng, o)
			if !m.Apply(h, rng) || len(history.Wellformed(h)) > 0 {
				continue
			}
			whole := verdictsOf(Judge(context.Background(), h, []string{"linearizable", "revisions"}, Limits{}))
			s, err := JudgeStream(context.Background(), from(h), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got := verdictsOf(s.Results)
			for _, r := range s.Results {
				if r.Bug != "" {
					t.Errorf("%s, seed %d: %s", m.Name, seed, r.Bug)
				}
			}
			switch {
			case got["linearizable"] == Pass:
				if passed++; whole["linearizable"] == Fail {
					t.Errorf("%s, seed %d: passed, and is no order: %+v", m.Name, seed, whole)
				}
			case got["linearizable"] == Fail || got["revisions"] == Fail:
				if failed++; whole["linearizable"] != Fail && whole["revisions"] != Fail {
					t.Errorf("%s, seed %d: %v, and the whole says %v", m.Name, seed, got, whole)
				}
			case whole["linearizable"] == Fail:
				missed++
			}
		}
	}
	t.Logf("%d passed, %d failed, %d violations undecided by the stream", passed, failed, missed)
	if passed < 20 || failed < 20 || missed > failed/10 {
		t.Error("too few, or too many, of a kind")
	}
}

func verdictsOf(results []Result) map[string]Verdict {
	of := map[string]Verdict{}
	for _, r := range results {
		of[r.Checker] = r.Verdict
	}
	return of
}

// A source that fails is no verdict; a limit that is reached is Unknown; records too far out of order are Unknown as well.
func TestJudgeStreamLimits(t *testing.T) {
	h := generate.History(rand.New(rand.NewPCG(1, 26)), generate.Options{Ops: 300, Clients: 3, Keys: 2, Nodes: 3})
	broken := errors.New("the disk is gone")
	if _, err := JudgeStream(context.Background(), func(func(history.Record) error) (bool, error) { return false, broken }, Limits{}); err != broken {
		t.Errorf("a source that fails: %v", err)
	}
	ended, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("it was enough"))
	if s, err := JudgeStream(ended, from(h), Limits{}); err != nil || s.Results[0].Verdict != Unknown || s.Results[0].Why != "it was enough" {
		t.Errorf("ended: %+v, %v", s, err)
	}
	late := func(each func(history.Record) error) (bool, error) {
		for i := range h.Ops {
			op := h.Ops[len(h.Ops)-1-i]
			op.Call, op.Return = op.Call*1000, op.Return*1000
			if err := each(history.Record{Return: &op}); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	s, err := JudgeStream(context.Background(), late, Limits{})
	if err != nil || s.Results[0].Verdict != Unknown || !strings.Contains(s.Results[0].Why, "records are out of order: a call at ") || !s.History.Meta.Interrupted {
		t.Errorf("out of order: %+v, %v", s, err)
	}
	if s.Results[0].Took <= 0 || s.Results[0].Took > time.Hour {
		t.Errorf("it took %v", s.Results[0].Took)
	}
}
