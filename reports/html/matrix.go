package html

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Matrix is the result of a matrix, for its page.
type Matrix struct {
	What  string   // "matrix chaos.yaml"
	Tally string   // one sentence
	Exit  int      // of the whole
	Axes  []string // in the order of the file; what included cells set beside them follows
	Cells []MatrixCell
}

// MatrixCell is one cell of a matrix, with its run if there is one.
type MatrixCell struct {
	Name, Scenario string
	Settings       map[string]string // by axis
	Seed           uint64            // the matrix's; 0: none was given
	Begun          bool
	Exit           int
	Reason         string
	Took           time.Duration
	Run            *summary.Summary // nil: it was not carried out
}

// matrix is a matrix as its template sees it.
type matrix struct {
	Matrix
	Verdict, Tone string
	Facts         []fact
	Failing       []*matrixRow
	MoreFailing   int // that are in the table alone
	Seeds         []uint64
	Grid          []gridRow
	Rows          []*matrixRow // the worst first
}

type matrixRow struct {
	Name, Scenario, Seed, Verdict, Result, Tone, Ops, Faults, Took, Reason, Report, Repro string
	Values                                                                                []string // in the order of the axes
}

// gridRow is one combination of settings: by seed, what became of it.
type gridRow struct {
	Scenario string
	Settings []string // "target.nodes=3"
	Slots    [][]*matrixRow
}

// failingShown bounds the cells that are told at length; the table has all.
const failingShown = 50

// WriteMatrix writes the page of a matrix that is kept in a folder: from there it leads to the reports of the runs.
func WriteMatrix(w io.Writer, m Matrix, folder string) error {
	m.Axes, m.Cells = axes(m), slices.Clone(m.Cells)
	slices.SortStableFunc(m.Cells, worstFirst)
	page := matrix{Matrix: m, Verdict: summary.Word(m.Exit), Tone: tone(m.Exit), Facts: matrixFacts(m)}
	for _, c := range m.Cells {
		row := m.row(c, folder)
		page.Rows = append(page.Rows, row)
		if c.Begun && c.Exit != summary.ExitPass {
			page.Failing = append(page.Failing, row)
		}
	}
	if more := len(page.Failing) - failingShown; more > 0 {
		page.Failing, page.MoreFailing = page.Failing[:failingShown], more
	}
	page.Seeds, page.Grid = m.grid(page.Rows)
	return write(w, "matrix.gohtml", "", page, []byte("null"))
}

// axes are the columns of settings.
func axes(m Matrix) []string {
	all := slices.Clone(m.Axes)
	extra := map[string]bool{}
	for _, c := range m.Cells {
		for path := range c.Settings {
			extra[path] = !slices.Contains(all, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(extra)) {
		if extra[path] {
			all = append(all, path)
		}
	}
	return all
}

// worstFirst orders cells as their exit codes outrank each other; what was not begun comes after what ended unknown.
func worstFirst(a, b MatrixCell) int {
	if x, y := summary.Worst(a.Exit), summary.Worst(b.Exit); x != y {
		return map[bool]int{true: -1, false: 1}[summary.Worst(x, y) == x]
	}
	return cmp.Compare(map[bool]int{true: 1}[!a.Begun], map[bool]int{true: 1}[!b.Begun])
}

func matrixFacts(m Matrix) []fact {
	passed, ops, faults, took := 0, 0, 0, time.Duration(0)
	for _, c := range m.Cells {
		if c.Begun && c.Exit == summary.ExitPass {
			passed++
		}
		if c.Run != nil {
			ops, faults = ops+c.Run.Total, faults+len(c.Run.Faults)
		}
		took += c.Took
	}
	return []fact{
		{"cells", count(len(m.Cells))}, {"PASS", count(passed)}, {"operations", count(ops)}, {"fault count", count(faults)},
		{"took", took.Round(time.Second).String()}, {"exit code", fmt.Sprint(m.Exit)},
	}
}

func (m Matrix) row(c MatrixCell, folder string) *matrixRow {
	row := &matrixRow{Name: c.Name, Scenario: c.Scenario, Verdict: summary.Word(c.Exit), Tone: tone(c.Exit), Reason: c.Reason}
	row.Result = map[string]string{"good": "pass", "bad": "fail", "open": "unknown"}[row.Tone]
	for _, path := range m.Axes {
		row.Values = append(row.Values, c.Settings[path])
	}
	if c.Seed != 0 {
		row.Seed = fmt.Sprint(c.Seed)
	}
	if !c.Begun {
		row.Verdict = "NOT BEGUN"
		return row
	}
	row.Took = claims.ShowDuration(c.Took)
	if s := c.Run; s != nil {
		row.Seed, row.Ops, row.Faults = fmt.Sprint(s.Meta.Seed), count(s.Total), count(len(s.Faults))
		row.Report, row.Repro = address(folder, s.Report), s.Reproduce.Command
	}
	return row
}

// address leads from a page's folder to a file; empty if there is no way.
func address(folder, file string) string {
	if file == "" {
		return ""
	}
	from, err1 := filepath.Abs(folder)
	to, err2 := filepath.Abs(file)
	if firstError(err1, err2) != nil {
		return ""
	}
	way, err := filepath.Rel(from, to)
	if err != nil { // another drive
		return ""
	}
	return (&url.URL{Path: filepath.ToSlash(way)}).String()
}

// grid lays the cells out: a row for each combination of settings, a column for each seed.
func (m Matrix) grid(rows []*matrixRow) ([]uint64, []gridRow) {
	var seeds []uint64
	for _, c := range m.Cells {
		seeds = append(seeds, c.Seed)
	}
	slices.Sort(seeds)
	seeds = slices.Compact(seeds)
	var all []gridRow
	at := map[string]int{}
	for i, c := range m.Cells {
		var settings []string
		for _, path := range m.Axes {
			if value, set := c.Settings[path]; set {
				settings = append(settings, path+"="+value)
			}
		}
		key := strings.Join(append([]string{c.Scenario}, settings...), "\x00")
		n, known := at[key]
		if !known {
			n, at[key] = len(all), len(all)
			all = append(all, gridRow{c.Scenario, settings, make([][]*matrixRow, len(seeds))})
		}
		column, _ := slices.BinarySearch(seeds, c.Seed)
		all[n].Slots[column] = append(all[n].Slots[column], rows[i])
	}
	return seeds, all
}
