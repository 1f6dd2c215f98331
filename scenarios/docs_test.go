package scenarios

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The documentation's table of fields is the one that reads the files.
func TestReference(t *testing.T) {
	upToDate(t, "../docs/SCENARIOS.md", "<!-- fields -->\n", "<!-- /fields -->", Reference(Names{}))
}

// The page of claims lists the catalogue as it is.
func TestCataloguePage(t *testing.T) {
	var b strings.Builder
	b.WriteString("| claim | | holds if |\n|---|---|---|\n")
	for _, name := range Catalogue() {
		s, err := Find(name, known)
		if err != nil {
			t.Fatal(err)
		}
		var claims []string
		for _, c := range s.Claims {
			claims = append(claims, "`"+c.Expr+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, s.Doc, strings.Join(claims, ", "))
	}
	upToDate(t, "../docs/CLAIMS.md", "<!-- catalogue -->\n", "<!-- /catalogue -->", b.String())
}

// upToDate holds the part of a page between two marks to a text.
func upToDate(t *testing.T, path, begin, end, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks for the table", path)
	}
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
