package checker

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Table is evidence that is no operation: what a watch delivered, what members hold, who contended. Its cells are text,
// ready to be shown; a time counts from the history's Start.
type Table struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns"`
	Rows    []Row    `json:"rows"`
}

// Row is a line of a Table. Bad marks those that the counterexample's sentence is about.
type Row struct {
	Cells []string `json:"cells"`
	Bad   bool     `json:"bad,omitempty"`
}

// add appends a row.
func (t *Table) add(bad bool, cells ...string) { t.Rows = append(t.Rows, Row{cells, bad}) }

// show adds tables to a counterexample, if it is kept: they are made for those few alone.
func (c *Counterexample) show(tables ...func() Table) *Counterexample {
	if c != nil {
		for _, table := range tables {
			if t := table(); len(t.Rows) > 0 {
				c.Tables = append(c.Tables, t)
			}
		}
	}
	return c
}

// tableRows bounds a table: it shows where to look, the files have the rest.
const tableRows = 12

// near keeps the rows around the first bad one, and says how many it left out before and after.
func (t Table) near() Table {
	if len(t.Rows) <= tableRows {
		return t
	}
	bad := len(t.Rows) / 2
	for i, row := range t.Rows {
		if row.Bad {
			bad = i
			break
		}
	}
	from := max(0, min(bad-tableRows/2, len(t.Rows)-tableRows))
	to := from + tableRows
	rows := append([]Row(nil), t.Rows[from:to]...)
	t.Title += fmt.Sprintf(" (rows %d to %d of %d)", from+1, to, len(t.Rows))
	t.Rows = rows
	return t
}

// moment is a row of a table whose rows stand in the order of time.
type moment struct {
	at  time.Duration
	row Row
}

// inTime fills a table with rows in the order of their times.
func inTime(t Table, rows []moment) Table {
	slices.SortStableFunc(rows, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, m := range rows {
		t.Rows = append(t.Rows, m.row)
	}
	return t.near()
}

// text shortens what was recorded to what fits a cell.
func text(recorded string) string { return clipText(recorded, 160) }

// valueShown is how much of a value a sentence tells: what makes values unique is at their beginning.
const valueShown = 60

func clipText(recorded string, most int) string {
	if runes := []rune(recorded); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return recorded
}
