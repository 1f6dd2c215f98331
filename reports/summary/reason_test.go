package summary_test

import (
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// A run that claims nothing says nothing of claims.
func TestReasonOfPass(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 30 * time.Second})
	if s := summary.Summarise(h, example.Passed(h), summary.Options{}); s.Reason != "6 checks passed" {
		t.Errorf("%s", s.Reason)
	}
	claim, err := claims.Parse("read.p99 < 25ms")
	if err != nil {
		t.Fatal(err)
	}
	if s := summary.Summarise(h, example.Passed(h)[:1], summary.Options{Claims: []claims.Claim{claim}}); s.Reason != "1 check passed, 1 claim met" {
		t.Errorf("%s", s.Reason)
	}
}

// Each failed check shows its first counterexample before any shows a second, and the operation that a sentence is
// about is known.
func TestForemost(t *testing.T) {
	example := func(names ...string) (all []checker.Counterexample) {
		for _, name := range names {
			all = append(all, checker.Counterexample{Name: name, Why: "key x: op 12 saw 3, but op 7 wrote 4"})
		}
		return all
	}
	drawn := example("a", "b", "c")
	drawn[2].Files = map[string][]byte{"cycle.svg": []byte("<svg/>")}
	s := summary.Summarise(&history.History{}, []checker.Result{{Checker: "linearizable", Counterexample: drawn},
		{Checker: "watch", Counterexample: example("d")}, {Checker: "raft", Counterexample: example("e", "f")}}, summary.Options{})
	for most, want := range map[int]string{0: "", 2: "cd", 4: "cdea", 9: "cdeafb"} {
		got := ""
		for _, c := range s.Foremost(most) {
			got += c.Name
		}
		if got != want {
			t.Errorf("%d foremost: %s, want %s", most, got, want)
		}
	}
	c := s.Counterexamples[0]
	if !c.Accused(history.Op{ID: 12}) || c.Accused(history.Op{ID: 7}) || (summary.Counterexample{}).Accused(history.Op{}) {
		t.Error("the wrong operation is accused")
	}
}
