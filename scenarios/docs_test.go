package scenarios

import (
	"os"
	"strings"
	"testing"
)

// The documentation's table of fields is the one that reads the files.
func TestReference(t *testing.T) {
	const path, begin, end = "../docs/SCENARIOS.md", "<!-- fields -->\n", "<!-- /fields -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks for the table", path)
	}
	want := Reference(Names{})
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("%s is not up to date: go test ./scenarios -update", path)
	}
}
