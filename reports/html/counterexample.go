package html

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"path"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/plots"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// counterexamplesShown bounds those on the page, and drawingBytes a picture in it; each has its folder.
const (
	counterexamplesShown = 8
	drawingBytes         = 32 << 10
)

type counterexample struct {
	Name, Why, Check, Folder string
	Of, Kept                 int
	Ops                      []exampleOp
	Ticks                    []tick
	Tables                   []checker.Table
	Notes, Context           []string
	Links                    []string
	Drawing                  template.URL // a picture that the checker drew; "" = none
}

type exampleOp struct {
	ID                                              int
	When, Client, Node, Asked, Told, Outcome, Place string
	From, Width                                     float64 // hundredths of the window
	Accused                                         bool    // the counterexample's sentence is about it
}

func newCounterexample(s *summary.Summary, c summary.Counterexample) counterexample {
	out := counterexample{Name: c.Name, Why: c.Why, Check: c.Check, Folder: c.Folder, Of: c.Of, Kept: len(c.Ops), Tables: filled(c.Tables), Notes: c.Notes, Context: c.Context,
		Links: []string{c.Folder + "/explain.md"}}
	if len(c.Ops) > 0 {
		out.Links = append(out.Links, c.Folder+"/ops.jsonl", c.Folder+"/timeline.svg")
	}
	for name, data := range c.Files {
		out.Links = append(out.Links, c.Folder+"/"+path.Base(name))
		if path.Ext(name) == ".svg" && len(data) <= drawingBytes {
			out.Drawing = template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(data)) // as an image, it can run nothing
		}
	}
	slices.Sort(out.Links)
	from, to := plots.Window(c.Ops)
	share := func(at time.Duration) float64 { return math.Round(1000*float64(at-from)/float64(max(1, to-from))) / 10 }
	for _, op := range c.Ops {
		asked, told := c.Say(op)
		row := exampleOp{
			ID:     op.ID,
			When:   s.Span(op.Call, op.Return),
			Client: fmt.Sprintf("client %d", op.Process), Node: string(op.Node), Asked: asked, Told: told, Outcome: summary.OutcomeWord(op.Result.Outcome),
			Accused: c.Accused(op), From: share(op.Call), Width: max(.6, share(op.Return)-share(op.Call)),
		}
		if op.Result.Header.Revision > 0 {
			row.Place = fmt.Sprintf("revision %d", op.Result.Header.Revision)
		}
		out.Ops = append(out.Ops, row)
	}
	for i, anchor := range []string{"start", "middle", "end"} {
		if len(c.Ops) == 0 {
			break
		}
		at := from + time.Duration(i)*(to-from)/2
		out.Ticks = append(out.Ticks, tick{fmt.Sprintf("%d%%", 50*i), s.When(at), anchor})
	}
	return out
}

// filled leaves out the columns of tables that nothing fills.
func filled(tables []checker.Table) (out []checker.Table) {
	for _, t := range tables {
		keep := checker.Table{Title: t.Title, Rows: make([]checker.Row, len(t.Rows))}
		for i := range t.Rows {
			keep.Rows[i].Bad = t.Rows[i].Bad
		}
		for column, name := range t.Columns {
			if !slices.ContainsFunc(t.Rows, func(row checker.Row) bool { return cellOf(row, column) != "" }) {
				continue
			}
			keep.Columns = append(keep.Columns, name)
			for i := range t.Rows {
				keep.Rows[i].Cells = append(keep.Rows[i].Cells, cellOf(t.Rows[i], column))
			}
		}
		out = append(out, keep)
	}
	return out
}

func cellOf(row checker.Row, column int) string {
	if column < len(row.Cells) {
		return row.Cells[column]
	}
	return ""
}
