package checker

import (
	"context"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// A sentence tells the beginning of a long value, by which it is known.
func TestSentencesClipValues(t *testing.T) {
	long := "run.1.2-" + strings.Repeat("x", 30_000)
	h, err := history.ParseHistory("p1 n1 [1ms 2ms] put k " + long + " -> ok rev=2\np1 n1 [3ms 4ms] put k b -> ok rev=3\np2 n1 [5ms 6ms] get k -> " + long + " mod=2 rev=3\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Judge(context.Background(), h, nil, Limits{}) {
		if len(r.Why) > 1000 {
			t.Errorf("%s says %d bytes: %.200s …", r.Checker, len(r.Why), r.Why)
		}
		if r.Checker == "linearizable" && (r.Verdict != Fail || !strings.Contains(r.Why, "run.1.2-xxx")) {
			t.Errorf("%s: %s", r.Verdict, r.Why)
		}
	}
}
