package terminal

import (
	"fmt"
	"strings"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// What the terminal shows of a counterexample, at most; the report shows all.
const (
	counterexampleOps    = 20
	counterexampleNotes  = 5
	counterexampleTables = 3
)

func (b *block) counterexample() {
	b.line("")
	if len(b.s.Counterexamples) == 0 {
		return
	}
	c := b.s.Counterexamples[0]
	b.operations(c)
	for _, t := range c.Tables[:min(len(c.Tables), counterexampleTables)] {
		b.table(t)
	}
	if len(c.Ops) == 0 { // of a watch, of logs, of members: its notes say what was seen
		for _, note := range c.Notes[:min(len(c.Notes), counterexampleNotes)] {
			b.line("  %s", safe(summary.Clip(note, 200)))
		}
	}
	for i, note := range c.Context {
		label := "while:"
		if i > 0 {
			label = "      "
		}
		b.line("  %s %s", label, safe(note))
	}
	b.line("  %s", b.style.paint(strings.ToLower(b.s.Clock()[:1])+b.s.Clock()[1:], dim))
	if n := len(b.s.Counterexamples) - 1; n > 0 {
		b.line("  … and %s in the report", plural(n, "more counterexample"))
	}
	b.line("")
}

// operations shows those of a counterexample, and marks the one that it is about.
func (b *block) operations(c summary.Counterexample) {
	ops := c.Ops[:min(len(c.Ops), counterexampleOps)]
	rows := make([][6]string, 0, len(ops))
	var wide [6]int
	for _, op := range ops {
		asked, told := c.Say(op)
		row := [6]string{
			fmt.Sprintf("op %d", op.ID), b.s.Span(op.Call, op.Return),
			fmt.Sprintf("client %d", op.Process), safe(asked), safe(told), place(op),
		}
		for i := range row {
			wide[i] = max(wide[i], len([]rune(row[i])))
		}
		rows = append(rows, row)
	}
	wide[3], wide[4] = b.room(wide)
	for i, row := range rows {
		mark := " "
		if c.Accused(ops[i]) {
			mark = b.mark(checker.Fail)
		}
		b.line("  %s  %s  %s  %s  → %s %s  %s", pad(row[0], wide[0]), pad(row[1], wide[1]), pad(row[2], wide[2]), pad(summary.Clip(row[3], wide[3]), wide[3]),
			pad(summary.Clip(row[4], wide[4]), wide[4]), mark, b.style.paint(row[5], dim))
	}
	if more := len(c.Ops) - len(rows); more > 0 {
		b.line("  … and %d more in the report", more)
	}
}

// table shows evidence that is no operation, and marks the rows that the sentence is about.
func (b *block) table(t checker.Table) {
	const indent = 4
	b.line("  %s", b.style.paint(safe(t.Title)+":", dim))
	width := b.style.Width
	if width > 0 {
		width = max(40, width-indent)
	}
	for i, line := range summary.AlignTable(t, width) {
		mark, text := " ", safe(line.Text)
		switch {
		case i == 0:
			text = b.style.paint(text, dim)
		case line.Bad:
			mark = b.mark(checker.Fail)
		}
		b.text.WriteString(strings.TrimRight("  "+mark+" "+text, " ") + "\n")
	}
}

// room is how wide a counterexample's questions and answers may be, so that a row fits: what was asked comes first.
func (b *block) room(wide [6]int) (asked, told int) {
	const most, least, between = 60, 12, 17 // between: spaces, arrow and mark
	asked, told = min(most, wide[3]), min(most, wide[4])
	if free := b.style.Width - between - wide[0] - wide[1] - wide[2] - wide[5]; b.style.Width > 0 && asked+told > free {
		asked = max(least, min(asked, free-min(told, least)))
		told = max(min(told, least), min(told, free-asked))
	}
	return asked, told
}

func place(op history.Op) string {
	text := string(op.Node)
	if op.Result.Header.Revision > 0 {
		text += fmt.Sprintf(", revision %d", op.Result.Header.Revision)
	}
	return text
}
