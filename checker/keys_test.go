package checker

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A store that is wrong at every key is proved at some of them, and the others are counted.
func TestManyViolatedKeys(t *testing.T) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "p1 n1 [%dms %dms] put k%d 1 -> ok\n", 10*i+1, 10*i+2, i)
		fmt.Fprintf(&text, "p1 n1 [%dms %dms] put k%d 2 -> ok\n", 10*i+3, 10*i+4, i)
		fmt.Fprintf(&text, "p2 n2 [%dms %dms] get k%d -> 1\n", 10*i+5, 10*i+6, i)
	}
	res := checkLinearizable(context.Background(), parse(t, text.String()), Limits{})
	if res.Verdict != Fail || len(res.Counterexample) != examples {
		t.Errorf("%v with %d counterexamples", res.Verdict, len(res.Counterexample))
	}
	if want := fmt.Sprintf("(and %d more) (and %d keys, not shrunk)", provenKeys-1, 100-provenKeys); !strings.HasSuffix(res.Why, want) {
		t.Errorf("got %q, want it to end with %q", res.Why, want)
	}
}
