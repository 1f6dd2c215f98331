package checker

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// checkFunc is a checker's function.
type checkFunc func(context.Context, *history.History, Limits) Result

// runCases judges every history of testdata/NAME.txt and compares what is said with the lines "=> …" after it. A case
// begins with a line "== what it shows". WHITEWATER_GOLDEN=write rewrites the expectations: read the difference.
func runCases(t *testing.T, name string, check checkFunc) {
	t.Helper()
	file := "testdata/" + name + ".txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), "== ")
	out := head
	for _, text := range strings.Split(rest, "\n== ") {
		title, body, _ := strings.Cut(text, "\n")
		var lines, want []string
		for _, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
			if strings.HasPrefix(line, "=> ") {
				want = append(want, line)
			} else {
				lines = append(lines, line)
			}
		}
		var got []string
		t.Run(title, func(t *testing.T) {
			result := check(context.Background(), parse(t, strings.Join(lines, "\n")), Limits{})
			got = said(result)
			for _, c := range result.Counterexample {
				if len(c.Ops) == 0 && len(c.Tables) == 0 {
					t.Errorf("%s is a bare sentence: %s", c.Name, c.Why)
				}
			}
			if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w && os.Getenv("WHITEWATER_GOLDEN") == "" {
				t.Errorf("got:\n%s\nwant:\n%s", g, w)
			}
		})
		out += "== " + title + "\n" + strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n" + strings.Join(got, "\n") + "\n\n"
	}
	if os.Getenv("WHITEWATER_GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// parse reads a history in the text form.
func parse(t *testing.T, text string) *history.History {
	t.Helper()
	h, err := history.ParseHistory(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// said is a result as lines: the verdict, every counterexample with its operations, and the details.
func said(r Result) []string {
	lines := []string{fmt.Sprintf("=> %s: %s", r.Verdict, r.Why)}
	for i, c := range r.Counterexample {
		var ids []string
		for _, op := range c.Ops {
			ids = append(ids, fmt.Sprint(op.ID))
		}
		line := "=>   " + c.Name
		if i > 0 {
			line += ": " + c.Why
		}
		if len(ids) > 0 {
			line += " (op " + strings.Join(ids, ", ") + ")"
		}
		lines = append(lines, line)
		for _, note := range c.Notes {
			lines = append(lines, "=>     "+note)
		}
		for _, table := range c.Tables {
			lines = append(lines, "=>     ["+table.Title+"] "+strings.Join(table.Columns, " | "))
			for _, row := range table.Rows {
				mark := " "
				if row.Bad {
					mark = "✗"
				}
				lines = append(lines, strings.TrimRight("=>     "+mark+" "+strings.Join(row.Cells, " | "), " "))
			}
		}
		for _, line := range c.Context {
			lines = append(lines, "=>     meanwhile: "+line)
		}
	}
	for _, line := range r.Details {
		lines = append(lines, "=>   detail: "+line)
	}
	return lines
}
