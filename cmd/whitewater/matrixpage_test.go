package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// The page has the cells that were carried out, and those that were not reached; a store lists no run for it.
func TestMatrixIndex(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	all := []scenarios.Cell{
		{Name: "calm seed=1", Seed: 1, Scenario: &scenarios.Scenario{Name: "calm"}},
		{Name: "calm seed=2", Seed: 2, Scenario: &scenarios.Scenario{Name: "calm"}},
	}
	s := &series{what: "matrix m.yaml", left: []string{"calm seed=1", "calm seed=2"}}
	x := matrixIndex(&scenarios.Matrix{}, all, "matrix-m", s)
	if err := x.store(root); err != nil || x.path != "" {
		t.Errorf("nothing was begun: %q, %v", x.path, err)
	}
	if _, err := os.Stat(root); err == nil {
		t.Error("a store was made for no run")
	}

	s.parts, s.left = []part{{name: "calm seed=1", sum: &reports.Summary{Exit: reports.ExitViolation, Reason: "a lost write", Report: filepath.Join(root, "calm", "r", "report.html")}}}, s.left[1:]
	x = matrixIndex(&scenarios.Matrix{}, all, indexName("dir/m.yaml", "2/6"), s)
	if err := x.store(root); err != nil || !strings.HasPrefix(x.path, filepath.Join(root, "matrix-m-2of6-")) {
		t.Fatalf("%q, %v", x.path, err)
	}
	data, err := os.ReadFile(x.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">VIOLATION<", ">NOT BEGUN<", "a lost write", `href="calm/r/report.html"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if doc := (&series{index: x}).document(); doc.Index != x.path {
		t.Errorf("the document leads to %q", doc.Index)
	}
}
