package arch

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// The tree as it is keeps every rule.
func TestTree(t *testing.T) {
	found, err := Judge(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// Each rule finds what it is there to find, and says why.
func TestTeeth(t *testing.T) {
	long := strings.Repeat("\t_ = 0\n", functionLines)
	for _, c := range []struct{ name, file, text, want string }{
		{"import up", "checker/x.go", `import "` + Module + `harness"`, "checker imports harness, which is not below it"},
		{"a real driver in the harness", "harness/x.go", `import "` + Module + `cluster/etcd"`, "harness imports cluster/etcd, which is not below it"},
		{"a checker with a server", "checker/x.go", `import "go.etcd.io/etcd/server/v3/wal"`, "only cluster/etcd/member may"},
		{"a second door", "store/x.go", `import "go.yaml.in/yaml/v3"`, "only scenarios may"},
		{"no door", "store/x.go", `import "example.com/new"`, "which has no door"},
		{"a package of no layer", "left/x.go", ``, "package left is not in the import table"},
		{"the ground floor", "history/x.go", `import "` + Module + `internal/seed"`, "history imports internal/seed"},
		{"log", "store/x.go", `import "log"`, "logs go to a passed *slog.Logger"},
		{"old rand", "store/x_test.go", `import "math/rand"`, "named stream"},
		{"global rand", "store/x.go", "import \"math/rand/v2\"\nvar n = rand.IntN(3)", "rand.IntN: the global generator has no seed"},
		{"renamed", "store/x.go", "import dice \"math/rand/v2\"\nvar n = dice.IntN(3)", "dice.IntN: the global generator"},
		{"exit", "store/x.go", "import \"os\"\nfunc f() { os.Exit(1) }", "only the command ends the process"},
		{"print", "store/x.go", "import \"fmt\"\nfunc f() { fmt.Println() }", "output goes to a passed writer"},
		{"sleep", "store/x.go", "import \"time\"\nfunc f() { time.Sleep(1) }", "a sleep cannot be cancelled"},
		{"sleep in a test", "store/x_test.go", "import \"time\"\nfunc f() { time.Sleep(1) }", "depend on speed"},
		{"init", "store/x.go", `func init() {}`, "func init"},
		{"blank import", "store/x.go", `import _ "net/http/pprof"`, "what it does is hidden"},
		{"untyped payload", "store/x.go", `var x interface{}`, "give the payload a type"},
		{"vague", "internal/util/x.go", ``, "says nothing of its purpose"},
		{"long function", "store/x.go", "func f() {\n" + long + "}", "f has 72 lines, more than 70"},
		{"long file", "store/x.go", strings.Repeat("\n", fileLines), "lines, more than 400"},
		{"no comment", "store/x.go", `func F() {}`, "func F has no doc comment"},
		{"no comment on a type", "store/x.go", `type T int`, "type T has no doc comment"},
		{"no comment on a constant", "store/x.go", `const C = 1`, "C has no doc comment"},
		{"no comment on a method", "store/x.go", "// T is.\ntype T int\nfunc (t *T) M() {}", "func M has no doc comment"},
		{"a note to ourselves", "store/x.go", "// TO" + "DO: later\nvar x int", "do it, or write down the limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "// Package x is for a test.\npackage x\n\n" + c.text + "\n"
			found, err := Judge(fstest.MapFS{c.file: {Data: []byte(text)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(found, "\n"); !strings.Contains(got, c.want) || !strings.HasPrefix(got, c.file+":") {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// What the rules allow is not found.
func TestAllowed(t *testing.T) {
	tree := fstest.MapFS{
		"store/x.go": {Data: []byte(`// Package store is for a test.
package store

import (
	_ "embed"
	"math/rand/v2"

	"` + Module + `history"
)

// T is a type.
type T struct{ rng *rand.Rand }

func (t T) String() string { return "" }

// The numbers.
const (
	A = iota
	B
)

var _ = rand.New(rand.NewPCG(1, 2))
var _ any = history.OK
`)},
		"store/x_test.go": {Data: []byte(`package store

import (
	"testing/synctest"
	"time"

	"` + Module + `cluster/memkv"
)

var _ = memkv.New
var _ = synctest.Test
func f() { time.Sleep(1) }
`)},
		"store/poll_test.go":     {Data: []byte("package store\nimport \"time\"\nfunc f(done func() bool) { for !done() { time.Sleep(1) } }\n")},
		"store/testdata/bad.go":  {Data: []byte(`package bad; func init() {}`)},
		"cmd/whitewater/main.go": {Data: []byte("// Command whitewater is for a test.\npackage main\nimport \"os\"\nfunc main() { os.Exit(0) }\n")},
	}
	found, err := Judge(tree)
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}
