package harness

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/terminal"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

// obstruct puts a folder where a file of a run is to be written.
func obstruct(t *testing.T, run *store.Run, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(run.File(name), "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// A report that cannot be written hides no verdict: a violation stays one, and anything else is the machine's fault, on
// the terminal as in the folder.
func TestJudgeUnwritable(t *testing.T) {
	const right, wrong = "p1 n1 [1ms 2ms] put x 1 -> ok\np2 n1 [3ms 4ms] get x -> 1", "p1 n1 [1ms 2ms] put x 1 -> ok\np2 n1 [3ms 4ms] get x -> absent"
	for _, test := range []struct {
		text, obstacle string
		want           int
		stored         bool // the verdict can still be written
	}{
		{right, "", reports.ExitPass, true},
		{right, "report.html", reports.ExitEnvironment, true},
		{wrong, "report.html", reports.ExitViolation, true},
		{wrong, store.VerdictFile, reports.ExitViolation, false},
		{right, store.ManifestFile, reports.ExitEnvironment, true},
	} {
		h, err := history.ParseHistory(test.text)
		if err != nil {
			t.Fatal(err)
		}
		run, err := store.Create(t.TempDir(), "judged", h.Meta)
		if err != nil {
			t.Fatal(err)
		}
		if test.obstacle != "" {
			obstruct(t, run, test.obstacle)
		}
		s := scenarios.Default()
		s.Checks = []string{"linearizable"}
		sum, err := Judge(t.Context(), &Recorded{Run: run, History: h}, s, KeepNever, reports.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if sum.Exit != test.want {
			t.Errorf("%s in the way: exit code %d, want %d: %s", test.obstacle, sum.Exit, test.want, sum.Reason)
		}
		if test.want == reports.ExitEnvironment && !strings.Contains(sum.Reason, test.obstacle) {
			t.Errorf("%s in the way: %s", test.obstacle, sum.Reason)
		}
		entries, err := store.List(filepath.Dir(filepath.Dir(run.Path())))
		if err != nil || len(entries) != 1 {
			t.Fatalf("%v, %v", entries, err)
		}
		if e := entries[0]; test.stored && (e.ExitCode != test.want || e.Verdict != sum.Verdict) || !test.stored && e.Verdict != "" {
			t.Errorf("%s in the way: stored as %q, exit code %d, want %q", test.obstacle, e.Verdict, e.ExitCode, sum.Verdict)
		}
	}
}

// A run that is ended before it began has nothing to blame the machine for, now or when it is judged again; and one whose
// surroundings cannot be written down is judged by its history.
func TestRunEndedEarly(t *testing.T) {
	carry := func(ctx context.Context, began func(*store.Run)) (r *Recorded) {
		synctest.Test(t, func(t *testing.T) {
			progress, err := terminal.NewProgress("none", io.Discard, terminal.Style{})
			if err != nil {
				t.Fatal(err)
			}
			if r, err = Run(ctx, Config{Scenario: small("register", 5), Driver: memkv.Driver, Store: t.TempDir(), Progress: progress, Began: began}); err != nil {
				t.Fatal(err)
			}
			if _, err := Stored(r.Run); ctx.Err() != nil && err != nil {
				t.Error(err)
			}
		})
		return r
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if r := carry(ended, nil); len(r.History.Ops) > 0 || r.Environment != "" {
		t.Errorf("%d operations; %q", len(r.History.Ops), r.Environment)
	}
	r := carry(context.Background(), func(run *store.Run) { obstruct(t, run, aroundFile) })
	if len(r.History.Ops) == 0 || !strings.Contains(r.Environment, aroundFile) {
		t.Errorf("%d operations; %q", len(r.History.Ops), r.Environment)
	}
}
