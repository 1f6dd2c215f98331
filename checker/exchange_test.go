package checker

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/history/exchange"
)

// readForeign reads a history that another tool recorded.
func readForeign(t testing.TB, file string) *history.History {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, notes, err := exchange.Read(data, exchange.Differed)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(notes) > 0 {
		t.Errorf("%s: something was left out: %q", file, notes)
	}
	return h
}

// Porcupine's key-value logs: get, put and append by 1, 10 and 50 clients. The verdicts are those of Porcupine's own
// tests; a violation is shrunk to a few operations, confirmed like every other one.
func TestKeyValueLogs(t *testing.T) {
	dir := filepath.Join(filepath.Dir(jepsenDir(t)), "kv")
	for _, c := range []struct {
		file string
		ops  int
		want Verdict
	}{
		{"c01-ok", 58, Pass}, {"c01-bad", 38, Fail}, {"c10-ok", 337, Pass}, {"c10-bad", 405, Fail}, {"c50-ok", 1712, Pass}, {"c50-bad", 2024, Fail},
	} {
		h := readForeign(t, filepath.Join(dir, c.file+".txt"))
		if len(h.Ops) != c.ops {
			t.Errorf("%s: %d operations, want %d", c.file, len(h.Ops), c.ops)
		}
		began := time.Now()
		res := checkLinearizable(context.Background(), h, Limits{})
		t.Logf("%s: %v in %v: %s", c.file, res.Verdict, time.Since(began).Round(time.Microsecond), res.Why)
		if res.Verdict != c.want {
			t.Errorf("%s: %v, want %v: %s %s", c.file, res.Verdict, c.want, res.Why, res.Bug)
		}
		if (c.want == Fail) != (len(res.Counterexample) > 0) {
			t.Errorf("%s: %d counterexamples", c.file, len(res.Counterexample))
		}
		for _, x := range res.Counterexample {
			if len(x.Ops) > 8 || len(x.Files["porcupine.html"]) == 0 {
				t.Errorf("%s: %d of %d operations, and no page of Porcupine's: %s", c.file, len(x.Ops), x.Of, x.Why)
			}
			t.Logf("%d of %d: %s %q", len(x.Ops), x.Of, x.Why, x.Notes)
		}
	}
}
