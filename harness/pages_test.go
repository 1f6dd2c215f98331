package harness

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
)

// Every counterexample has a sentence, operations or evidence, and what the cluster was doing; a report shows it. With
// WHITEWATER_PAGES=DIR every planted bug's report is written there, to be looked at; otherwise one of each family is made.
func TestReportsOfBugs(t *testing.T) {
	folder := os.Getenv("WHITEWATER_PAGES")
	for _, bug := range memkv.Bugs {
		if folder == "" && !families[bug.Name] {
			continue
		}
		t.Run(bug.Name, func(t *testing.T) {
			t.Parallel()
			s := small(bug.Workload, 11)
			s.Name, s.Load.Keys.Live = bug.Name, 0
			h := rehearse(t, s, bug.Name)
			reportOf(t, h, filepath.Join(folder, bug.Name), folder != "")
		})
	}
	t.Run("set", func(t *testing.T) { // no bug is planted for sets: a write that is lost is an element that is
		t.Parallel()
		s := small("set", 3)
		s.Name = "set"
		reportOf(t, rehearse(t, s, "lost-write"), filepath.Join(folder, "set"), folder != "")
	})
	t.Run("serializable", func(t *testing.T) {
		t.Parallel()
		s := small("register", 1)
		s.Name, s.Load.Consistency, s.Load.Judge = "serializable", "s", "linearizable"
		s.Load.Mix = map[string]int{"read": 50, "write": 50}
		reportOf(t, rehearse(t, s, ""), filepath.Join(folder, "serializable"), folder != "")
	})
}

// families has one planted bug for each kind of counterexample: operations, events of a watch, entries of a log.
var families = map[string]bool{"stale-read": true, "lost-event": true, "commit-lost": true}

func reportOf(t *testing.T, h *history.History, folder string, keep bool) {
	results := checker.Judge(context.Background(), h, nil, checker.Limits{})
	sum := reports.Summarise(h, results, reports.Options{Program: "whitewater", Report: "report.html"})
	sum.Reproduce.Command = "whitewater replay " + h.Meta.Run
	for _, c := range sum.Counterexamples {
		if c.Why == "" || len(c.Ops) == 0 && len(c.Tables) == 0 {
			t.Errorf("%s, %s: a bare sentence, or nothing: %q", c.Check, c.Name, c.Why)
		}
		if len(c.Context) == 0 {
			t.Errorf("%s, %s: nothing is said of the cluster: %s", c.Check, c.Name, c.Why)
		}
	}
	for _, format := range reports.Formats {
		outputs, err := format.Render(sum)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outputs {
			if format.Name == "html" && len(sum.Counterexamples) > 0 && !bytes.Contains(o.Data, []byte(`id="counterexample"`)) {
				t.Error("the page shows no counterexample")
			}
			if strings.HasSuffix(o.Path, ".svg") && !bytes.HasPrefix(bytes.TrimSpace(o.Data), []byte("<svg")) {
				t.Errorf("%s is no picture: %.60s", o.Path, o.Data)
			}
			if keep {
				keepFile(t, filepath.Join(folder, o.Path), o.Data)
			}
		}
	}
	if keep {
		t.Logf("%d counterexamples: %s", len(sum.Counterexamples), sum.Reason)
	}
}

func keepFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
