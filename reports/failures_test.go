package reports_test

import (
	"bytes"
	"context"
	"flag"
	"html"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/ci"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/reports/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What a person is told when a check fails, family by family: a small history that shows the failure, and what becomes of
// it on a terminal of 100 columns and in Markdown. testdata/failures.txt has the histories, failures.golden.txt the texts.
func TestFailures(t *testing.T) {
	const golden = "testdata/failures.golden.txt"
	data, err := os.ReadFile("testdata/failures.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, text := range strings.Split(strings.TrimPrefix(string(data), "== "), "\n== ") {
		title, body, _ := strings.Cut(text, "\n")
		check, _, _ := strings.Cut(title, ":")
		h, err := history.ParseHistory(body)
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		h.Meta.Run, h.Meta.Scenario, h.Meta.Target, h.Meta.Seed = "example", "failures", "memkv", 7
		sum := reports.Summarise(h, checker.Judge(context.Background(), h, []string{check}, checker.Limits{}),
			reports.Options{Program: "whitewater", Reproduce: summary.Reproduce{Command: "whitewater replay example"}})
		out.WriteString("== " + title + "\n" + onTerminal(t, title, sum) + "--- Markdown\n" + inMarkdown(t, title, sum) + "\n")
		everywhere(t, title, sum)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("%s differs (go test ./reports -update writes it anew):\n%s", golden, out.String())
	}
}

// onTerminal is the part of the last block from the verdict to the checks.
func onTerminal(t *testing.T, title string, sum *summary.Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := terminal.WriteResult(&b, sum, terminal.Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("%s: %d columns: %s", title, n, line)
		}
	}
	_, text, ok := strings.Cut(b.String(), "VIOLATION  ")
	if !ok {
		t.Fatalf("%s is no violation:\n%s", title, b.String())
	}
	text, _, _ = strings.Cut(text, "\n  checks ")
	return text
}

func inMarkdown(t *testing.T, title string, sum *summary.Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := ci.WriteMarkdown(&b, sum); err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(b.String(), "**Counterexample** ")
	text, _, ended := strings.Cut(text, "```\n\n")
	if !ok || !ended {
		t.Fatalf("%s: no counterexample in\n%s", title, b.String())
	}
	return text
}

// everywhere: the sentence is in the annotation, and the evidence in JUnit's failure and on the page.
func everywhere(t *testing.T, title string, sum *summary.Summary) {
	t.Helper()
	var notes, junit bytes.Buffer
	if err := ci.WriteAnnotations(&notes, sum); err != nil {
		t.Fatal(err)
	}
	if err := ci.WriteJUnit(&junit, sum); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(notes.String(), "title=violation in failures::"+sum.Checks[0].Checker+": ") {
		t.Errorf("%s: annotations: %s", title, notes.String())
	}
	page, found := reports.Find("html")
	if !found {
		t.Fatal("no page")
	}
	files, err := page.Render(sum)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sum.Counterexamples {
		if len(c.Ops) == 0 && len(c.Tables) == 0 {
			t.Errorf("%s: %s is a bare sentence", title, c.Name)
		}
		for _, table := range c.Tables {
			heading := html.EscapeString(table.Title)
			if !strings.Contains(junit.String(), heading) {
				t.Errorf("%s: JUnit does not have the table %q", title, table.Title)
			}
			if !bytes.Contains(files[0].Data, []byte("<h4>"+heading+"</h4>")) {
				t.Errorf("%s: the page does not have the table %q", title, table.Title)
			}
		}
	}
}
