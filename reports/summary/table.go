package summary

import (
	"strings"
	"unicode/utf8"

	"github.com/whitewater-kv/whitewater/checker"
)

// TableLine is a line of a table as text. Bad marks the rows that the counterexample is about.
type TableLine struct {
	Text string
	Bad  bool
}

// AlignTable writes a table's head and rows under each other, in at most so many characters (0: as wide as it likes, a
// cell at most 100). A column that nothing fills is left out; what has to give way is the widest column.
func AlignTable(t checker.Table, width int) []TableLine {
	const cell, between, least = 100, 2, 10
	rows := make([][]string, 0, len(t.Rows)+1)
	rows = append(rows, t.Columns)
	for _, row := range t.Rows {
		rows = append(rows, row.Cells)
	}
	wide := make([]int, len(t.Columns))
	for i := range wide {
		filled := false
		for n, row := range rows {
			if i < len(row) {
				wide[i] = min(cell, max(wide[i], utf8.RuneCountInString(row[i])))
				filled = filled || n > 0 && row[i] != ""
			}
		}
		if !filled {
			wide[i] = 0
		}
	}
	for width > 0 && lineWidth(wide, between) > width {
		widest := 0
		for i := range wide {
			if wide[i] > wide[widest] {
				widest = i
			}
		}
		if wide[widest] <= least {
			break
		}
		wide[widest]--
	}
	lines := make([]TableLine, 0, len(rows))
	for n, row := range rows {
		var text strings.Builder
		for i := range min(len(row), len(wide)) {
			if wide[i] == 0 {
				continue
			}
			clipped := Clip(row[i], wide[i])
			text.WriteString(clipped + strings.Repeat(" ", wide[i]-utf8.RuneCountInString(clipped)+between))
		}
		lines = append(lines, TableLine{strings.TrimRight(text.String(), " "), n > 0 && t.Rows[n-1].Bad})
	}
	return lines
}

func lineWidth(wide []int, between int) int {
	sum := 0
	for _, w := range wide {
		if w > 0 {
			sum += w + between
		}
	}
	return sum - between
}

// TableText is a table as lines of text: its title, its head and its rows, the bad ones marked.
func TableText(t checker.Table) string {
	var b strings.Builder
	b.WriteString(t.Title + ":\n")
	for _, line := range AlignTable(t, 0) {
		mark := "  "
		if line.Bad {
			mark = "✗ "
		}
		b.WriteString(mark + line.Text + "\n")
	}
	return b.String()
}
