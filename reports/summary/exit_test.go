package summary

import (
	"fmt"
	"testing"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/claims"
)

const (
	met, missed, open = claims.Met, claims.Missed, claims.Inconclusive
)

// Every row of the table of exit codes, and every pair that can meet in one run.
func TestExit(t *testing.T) {
	for _, test := range []struct {
		name string
		in   Findings
		want int
	}{
		{"all passed", Findings{Safety: checker.Pass, Claims: []claims.Verdict{met}}, 0},
		{"passed, nothing claimed", Findings{Safety: checker.Pass}, 0},
		{"nothing judged", Findings{}, 4},
		{"violation", Findings{Safety: checker.Fail}, 1},
		{"claim missed", Findings{Safety: checker.Pass, Claims: []claims.Verdict{met, missed}}, 3},
		{"claim inconclusive", Findings{Safety: checker.Pass, Claims: []claims.Verdict{met, open}}, 4},
		{"checker at its limit", Findings{Safety: checker.Unknown}, 4},
		{"fault without effect", Findings{Safety: checker.Pass, Unknown: true}, 4},
		{"environment", Findings{Environment: true}, 5},
		{"internal", Findings{Safety: checker.Pass, Internal: true}, 70},
		{"interrupted", Findings{Safety: checker.Pass, Signal: 130}, 130},
		{"terminated", Findings{Safety: checker.Pass, Signal: 143}, 143},

		{"violation outlives a crash", Findings{Safety: checker.Fail, Internal: true}, 1},
		{"violation outlives the environment", Findings{Safety: checker.Fail, Environment: true}, 1},
		{"violation outlives an interrupt", Findings{Safety: checker.Fail, Signal: 130}, 1},
		{"violation outlives claims", Findings{Safety: checker.Fail, Claims: []claims.Verdict{open, missed}}, 1},
		{"crash before environment", Findings{Internal: true, Environment: true}, 70},
		{"environment before unknown", Findings{Safety: checker.Unknown, Environment: true}, 5},
		{"interrupt before unknown", Findings{Safety: checker.Unknown, Signal: 130}, 130},
		{"unknown before a missed claim", Findings{Safety: checker.Unknown, Claims: []claims.Verdict{missed}}, 4},
		{"inconclusive before missed", Findings{Safety: checker.Pass, Claims: []claims.Verdict{missed, open}}, 4},

		{"expected and found", Findings{Safety: checker.Fail, Expect: "violation"}, 0},
		{"expected and found, faults without effect", Findings{Safety: checker.Fail, Unknown: true, Expect: "violation"}, 0},
		{"expected, none found", Findings{Safety: checker.Pass, Expect: "violation"}, 4},
		{"expected, not judged", Findings{Safety: checker.Unknown, Expect: "violation"}, 4},
		{"expected and found, then a crash", Findings{Safety: checker.Fail, Internal: true, Expect: "violation"}, 70},
		{"expected, no cluster", Findings{Environment: true, Expect: "violation"}, 5},
		{"expected and found, claim missed", Findings{Safety: checker.Fail, Claims: []claims.Verdict{missed}, Expect: "violation"}, 3},

		{"unknown allowed", Findings{Safety: checker.Unknown, Allow: []string{"unknown"}}, 0},
		{"unknown allowed, claim is not", Findings{Safety: checker.Unknown, Claims: []claims.Verdict{missed}, Allow: []string{"unknown"}}, 3},
		{"both allowed", Findings{Safety: checker.Unknown, Claims: []claims.Verdict{missed}, Allow: []string{"unknown", "claim"}}, 0},
		{"a violation cannot be allowed", Findings{Safety: checker.Fail, Allow: []string{"violation", "unknown", "claim"}}, 1},
		{"a crash cannot be allowed", Findings{Internal: true, Allow: []string{"unknown", "claim", "internal"}}, 70},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := Exit(test.in); got != test.want {
				t.Errorf("exit code %d, want %d", got, test.want)
			}
		})
	}
}

func TestAllowedIsSaid(t *testing.T) {
	_, allowed := Exit(Findings{Safety: checker.Unknown, Claims: []claims.Verdict{open, missed}, Allow: []string{"unknown", "claim"}})
	if got := fmt.Sprint(allowed); got != "[unknown claim]" {
		t.Errorf("allowed: %s", got)
	}
}

// The worst of several runs decides, in the one order.
func TestWorst(t *testing.T) {
	order := []int{1, 70, 5, 64, 143, 130, 4, 3, 0}
	for i, worse := range order {
		for _, better := range order[i:] {
			if got := Worst(better, worse, better); got != worse {
				t.Errorf("worst of %d and %d is %d", worse, better, got)
			}
		}
	}
	if got := Worst(); got != 0 {
		t.Errorf("worst of none is %d", got)
	}
	if got := Worst(3, 2); got != 70 {
		t.Errorf("an uncaught panic (2) counts as %d, want 70", got)
	}
}

func TestWord(t *testing.T) {
	for code, want := range map[int]string{0: "PASS", 1: "VIOLATION", 3: "CLAIM MISSED", 4: "UNKNOWN", 5: "ENVIRONMENT", 130: "INTERRUPTED", 2: "INTERNAL ERROR"} {
		if got := Word(code); got != want {
			t.Errorf("code %d is %q, want %q", code, got, want)
		}
	}
}
