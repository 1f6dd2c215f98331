package arch

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// ban is something that is not used, where, and why.
type ban struct {
	pkg   string   // import path
	names []string // empty = everything in it
	but   []string // names that are allowed, if names is empty
	in    string   // "source", "tests" or "all"
	not   []string // folders where it is allowed
	why   string
}

var bans = []ban{
	{pkg: "log", in: "all", why: "logs go to a passed *slog.Logger"},
	{pkg: "math/rand", in: "all", why: "randomness comes from a named stream of math/rand/v2"},
	{
		pkg: "math/rand/v2", but: []string{"Rand", "New", "NewPCG", "NewChaCha8", "NewZipf", "Source", "PCG", "Zipf"}, in: "all",
		why: "the global generator has no seed: pass a *rand.Rand",
	},
	{pkg: "os", names: []string{"Exit"}, in: "source", not: []string{"cmd", "cluster/etcd/member"}, why: "only the command ends the process: return an error"},
	{pkg: "fmt", names: []string{"Print", "Printf", "Println"}, in: "source", not: []string{"cmd"}, why: "output goes to a passed writer"},
	{pkg: "time", names: []string{"Sleep"}, in: "source", why: "a sleep cannot be cancelled: wait for the context and a timer"},
	{pkg: "time", names: []string{"Sleep"}, in: "tests", why: "a sleep makes a test depend on speed: poll, or use testing/synctest"},
	{pkg: "context", names: []string{"TODO"}, in: "all", why: "say which context it is"},
	{pkg: "io/ioutil", in: "all", why: "it is deprecated"},
	{pkg: "net/http", names: []string{"DefaultClient", "DefaultServeMux", "Get", "Post", "Handle", "HandleFunc"}, in: "source", why: "global state: make a client or a mux"},
}

// calls holds the bans.
func calls(s *source) (found []string) {
	byName := map[string]string{} // the package's name in this file to its path
	for _, imp := range s.file.Imports {
		name, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			continue
		}
		short := name[strings.LastIndex(name, "/")+1:]
		if short == "v2" {
			short = "rand"
		}
		if imp.Name != nil {
			short = imp.Name.Name
		}
		byName[short] = name
		for _, b := range bans {
			if b.pkg == name && b.names == nil && b.but == nil && b.holds(s) {
				found = append(found, s.at(imp.Pos(), "import %s: %s", name, b.why))
			}
		}
	}
	polls := map[ast.Node]bool{} // a test that polls may sleep between two looks; TestMain may be a sleeping child
	ast.Inspect(s.file, func(n ast.Node) bool {
		_, loop := n.(*ast.ForStmt)
		f, ok := n.(*ast.FuncDecl)
		if s.test && (loop || ok && f.Name.Name == "TestMain") {
			ast.Inspect(n, func(inner ast.Node) bool { polls[inner] = true; return true })
		}
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		if !ok || byName[pkg.Name] == "" {
			return true
		}
		for _, b := range bans {
			if b.pkg != byName[pkg.Name] || !b.holds(s) || !b.bans(selector.Sel.Name) || b.pkg == "time" && (s.fakeTime || polls[n]) {
				continue
			}
			found = append(found, s.at(n.Pos(), "%s.%s: %s", pkg.Name, selector.Sel.Name, b.why))
		}
		return true
	})
	return found
}

func (b ban) holds(s *source) bool {
	return (b.in == "all" || (b.in == "tests") == s.test) && !belowAny(s.dir, b.not)
}

func (b ban) bans(name string) bool {
	if b.but != nil {
		return !slices.Contains(b.but, name)
	}
	return slices.Contains(b.names, name)
}
