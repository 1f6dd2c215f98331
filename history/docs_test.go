package history

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The examples of docs/HISTORY.md are canonical: written again, they are the same.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../docs/HISTORY.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(history|jsonl)\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want 3", len(blocks))
	}
	comments := regexp.MustCompile(`(?m)^(#.*)?\n`)
	for _, block := range blocks {
		if block[1] == "jsonl" {
			docsJSON(t, block[2])
			continue
		}
		h, err := ParseHistory(block[2])
		if err != nil {
			t.Fatal(err)
		}
		diffLines(t, comments.ReplaceAllString(block[2], ""), h.String())
	}
}

func docsJSON(t *testing.T, block string) {
	t.Helper()
	d := NewDecoder(strings.NewReader(block))
	for line := range strings.Lines(block) {
		record, err := d.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendRecord(nil, record)); got != line {
			t.Errorf("got  %swant %s", got, line)
		}
	}
}
