package nemesis_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/nemesis"
)

var update = flag.Bool("update", false, "write the catalogue into docs/FAULTS.md")

const (
	page  = "../docs/FAULTS.md"
	begin = "<!-- catalogue: generated, see nemesis/docs_test.go -->\n"
	end   = "<!-- end of catalogue -->\n"
)

// The page for people says what the catalogue says.
func TestDocsFollowTheCatalogue(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(data), begin)
	got, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the catalogue", page)
	}
	want := catalogue()
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("%s is behind the catalogue; run go test ./nemesis -update", page)
	}
	if err := os.WriteFile(page, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

func catalogue() string {
	var b strings.Builder
	b.WriteString("| fault | hits, unless told | needs | its effect is proved by |\n|---|---|---|---|\n")
	for _, f := range nemesis.All {
		var levers []string
		for _, l := range f.Levers {
			levers = append(levers, string(l))
		}
		nodes := "1 node"
		if f.Least > 1 {
			nodes = fmt.Sprintf("%d nodes", f.Least)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s; %s | %s |\n", f.Name, hits(f), strings.Join(levers, ", "), nodes, f.Proof)
	}
	b.WriteString("\n")
	for _, f := range nemesis.All {
		fmt.Fprintf(&b, "**`%s`.** %s", f.Name, f.Doc)
		if len(f.Shapes) > 0 {
			fmt.Fprintf(&b, " Shapes: `%s`; the first is the default.", strings.Join(f.Shapes, "`, `"))
		}
		if f.Limits != "" {
			fmt.Fprintf(&b, " *Limits:* %s.", f.Limits)
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// hits says whom the fault hits by default: one answer, or one for each group of shapes.
func hits(f nemesis.Fault) string {
	first := f.Target("")
	text := string(first)
	for _, shape := range f.Shapes {
		if t := f.Target(shape); t != first {
			text += fmt.Sprintf("; %s: %s", shape, t)
		}
	}
	return text
}

// Every fault says all that people need to know of it.
func TestCatalogueIsComplete(t *testing.T) {
	for _, f := range nemesis.All {
		for what, missing := range map[string]bool{
			"a name": f.Name == "", "a doc": f.Doc == "", "a proof": f.Proof == "", "levers": len(f.Levers) == 0,
			"a least number of nodes": f.Least < 1, "Can": f.Can == nil, "Inject": f.Inject == nil, "Verify": f.Verify == nil,
			"a target": f.Target == nil,
		} {
			if missing {
				t.Errorf("%q has no %s", f.Name, strings.TrimPrefix(what, "a "))
			}
		}
		if found, err := nemesis.Find(f.Name); err != nil || found.Doc != f.Doc {
			t.Errorf("Find(%q): %v", f.Name, err)
		}
	}
}
