package html_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/html"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// cell is a cell of a matrix, of two axes, that was carried out.
func cell(scenario, nodes, faults string, seed uint64, exit int, reason string) html.MatrixCell {
	run := fmt.Sprintf("20261122T0615%02dZ-7f3%s", seed, nodes)
	return html.MatrixCell{
		Name:     fmt.Sprintf("%s target.nodes=%s faults.random=%s seed=%d", scenario, nodes, faults, seed),
		Scenario: scenario, Settings: map[string]string{"target.nodes": nodes, "faults.random": faults}, Seed: seed,
		Begun: true, Exit: exit, Reason: reason, Took: 63 * time.Second,
		Run: &summary.Summary{
			Meta: history.Meta{Run: run, Seed: seed}, Exit: exit, Reason: reason, Total: 24_012, Faults: make([]summary.Fault, 7),
			Report: "runs/" + scenario + "/" + run + "/report.html", Reproduce: summary.Reproduce{Command: "whitewater replay " + run},
		},
	}
}

func exampleMatrix() html.Matrix {
	m := html.Matrix{What: "matrix chaos.yaml", Tally: "4 of 11 passed, exit 1", Exit: summary.ExitViolation, Axes: []string{"target.nodes", "faults.random"}}
	for seed := range uint64(3) {
		m.Cells = append(m.Cells,
			cell("register-chaos", "3", "[kill]", seed+1, summary.ExitPass, "every check passed"),
			cell("register-chaos", "5", "[kill, partition]", seed+1, summary.ExitPass, "every check passed"))
	}
	m.Cells[3] = cell("register-chaos", "5", "[kill, partition]", 2, summary.ExitClaim, "read.p99{quiet} < 25ms: 31.2 ms")
	m.Cells[4] = cell("register-chaos", "3", "[kill]", 3, summary.ExitViolation, "linearizable: key x was read as 3, which nobody had written")
	m.Cells = append(m.Cells, cell("lock-chaos", "3", "[pause]", 1, summary.ExitUnknown, "the checker reached its limit"))
	for seed := range uint64(3) {
		m.Cells = append(m.Cells, html.MatrixCell{
			Name: fmt.Sprintf("serializable-stale load.rate=200 seed=%d", seed+1), Scenario: "serializable-stale",
			Settings: map[string]string{"load.rate": "200"}, Seed: seed + 1, Exit: summary.ExitUnknown,
		})
	}
	failed := cell("late", "3", "[kill]", 1, summary.ExitEnvironment, "launch n2: port 2379 is taken")
	failed.Run = nil
	m.Cells = append(m.Cells, failed)
	return m
}

func matrixPage(t *testing.T, m html.Matrix, folder string) string {
	t.Helper()
	var out bytes.Buffer
	if err := html.WriteMatrix(&out, m, folder); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("WHITEWATER_PAGES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "matrix-"+m.Tally[:1]+".html"), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// The page has every cell, the worst first, and leads to each run from where it is.
func TestMatrix(t *testing.T) {
	m := exampleMatrix()
	first := m.Cells[0].Name
	text := matrixPage(t, m, "runs")
	for want, n := range map[string]int{
		">VIOLATION<": 4, ">CLAIM MISSED<": 3, ">NOT BEGUN<": 6, ">ENVIRONMENT<": 3, // banner, told at length, grid, cells
		`<article class="example">`: 4, "<th>load.rate</th>": 1, `<span class="dim">load.rate=200</span>`: 1, `<span data-t="seed">seed</span> 3</th>`: 1,
		`href="register-chaos/20261122T061503Z-7f33/report.html"`: 3, "<code>whitewater replay 20261122T061503Z-7f33</code>": 2,
		"launch n2: port 2379 is taken": 1, "24,012": 7, ">168,084<": 1, "8m24s": 1, "<script": 4,
	} {
		if got := strings.Count(text, want); got != n {
			t.Errorf("%q is there %d times, want %d", want, got, n)
		}
	}
	cells := text[strings.Index(text, `id="cells"`):]
	at := 0
	for _, word := range []string{"VIOLATION", "ENVIRONMENT", "UNKNOWN", "NOT BEGUN", "CLAIM MISSED", "PASS"} {
		next := strings.Index(cells, ">"+word+"<")
		if next < at {
			t.Errorf("%s at %d comes too early", word, next)
		}
		at = next
	}
	if m.Cells[0].Name != first {
		t.Error("the caller's cells were sorted")
	}
	if elsewhere := matrixPage(t, m, "out/pages"); !strings.Contains(elsewhere, `href="../../runs/register-chaos/20261122T061503Z-7f33/report.html"`) {
		t.Error("no way from another folder to a run")
	}
	if len(text) > 60_000 {
		t.Errorf("%d bytes", len(text))
	}
}

// Names, settings, reasons and paths are text.
func TestMatrixMarkup(t *testing.T) {
	const attack = `<script>alert(1)</script>"'`
	c := cell(attack, attack, attack, 1, summary.ExitViolation, attack)
	c.Settings[attack] = attack
	c.Run.Report = "javascript:alert(1)/" + attack + "#a?b"
	c.Run.Reproduce.Command = attack
	text := matrixPage(t, html.Matrix{What: attack, Tally: attack, Exit: summary.ExitViolation, Axes: []string{attack}, Cells: []html.MatrixCell{c}}, ".")
	if n := strings.Count(text, "<script"); n != 4 {
		t.Errorf("%d script elements, the page has 4", n)
	}
	if strings.Contains(text, `href="javascript:`) || !strings.Contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("markup got through, or was lost")
	}
	if !strings.Contains(text, "%23a%3Fb") {
		t.Error("the path of a report ends early")
	}
}

// A matrix of which nothing was begun has a page, and one in which all fail tells the first of them at length.
func TestMatrixExtremes(t *testing.T) {
	if text := matrixPage(t, html.Matrix{What: "matrix m.yaml", Tally: "0 of 0 passed, exit 4", Exit: summary.ExitUnknown}, "runs"); !strings.Contains(text, ">UNKNOWN<") || strings.Contains(text, `id="failing"`) {
		t.Error("the page of no cells")
	}
	m := html.Matrix{Tally: "none passed", Exit: summary.ExitViolation}
	for seed := range uint64(60) {
		m.Cells = append(m.Cells, cell("calm", "3", "[]", seed+1, summary.ExitViolation, "no"))
	}
	text := matrixPage(t, m, "runs")
	if strings.Count(text, "<article") != 50 || !strings.Contains(text, "+ 10 ") || strings.Count(text, "<code>") != 110 {
		t.Error("not fifty told at length and ten counted")
	}
}
