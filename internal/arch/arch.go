// Package arch holds the architecture: which package may import which, which calls are banned and why, how large a
// file may be. Its test judges the whole tree, so that the pages about the design stay true.
package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is the module's path, the beginning of every import of our own.
const Module = "github.com/whitewater-kv/whitewater/"

// Limits of size. A file that outgrows them has two purposes.
const (
	fileLines     = 400
	testFileLines = 600
	functionLines = 70
)

// source is one parsed file.
type source struct {
	path, dir string // "checker/judge.go", "checker"
	test      bool
	fakeTime  bool // the tests of its folder run in the fake time of testing/synctest
	lines     int
	fset      *token.FileSet
	file      *ast.File
}

// Judge reads every Go file of a module and returns what breaks the rules, in order of place.
func Judge(tree fs.FS) ([]string, error) {
	sources, err := read(tree)
	if err != nil {
		return nil, err
	}
	fake := map[string]bool{}
	for _, s := range sources {
		for _, imp := range s.file.Imports {
			fake[s.dir] = fake[s.dir] || imp.Path.Value == `"testing/synctest"`
		}
	}
	var found []string
	for _, s := range sources {
		s.fakeTime = s.test && fake[s.dir]
		for _, rule := range []func(*source) []string{imports, calls, sizes, shape, comments} {
			found = append(found, rule(s)...)
		}
	}
	found = append(found, packageDocs(sources)...)
	slices.Sort(found)
	return slices.Compact(found), nil
}

func read(tree fs.FS) (sources []*source, err error) {
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if hidden := strings.HasPrefix(entry.Name(), ".") && name != "."; hidden || slices.Contains([]string{"testdata", "tools", "runs"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		s := &source{path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test"), fset: token.NewFileSet()}
		s.lines = strings.Count(string(text), "\n")
		s.file, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("arch: %w", err)
		}
		sources = append(sources, s)
		return nil
	})
	return sources, err
}

// at is a finding with its place.
func (s *source) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", s.path, s.fset.Position(pos).Line, fmt.Sprintf(format, args...))
}

// sizes holds files and functions to a size that is read in one go. Tests may have long functions: tables.
func sizes(s *source) (found []string) {
	limit := fileLines
	if s.test {
		limit = testFileLines
	}
	if s.lines > limit {
		found = append(found, fmt.Sprintf("%s:1: the file has %d lines, more than %d", s.path, s.lines, limit))
	}
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || s.test {
			continue
		}
		if lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; lines > functionLines {
			found = append(found, s.at(f.Pos(), "%s has %d lines, more than %d", f.Name.Name, lines, functionLines))
		}
	}
	return found
}

// vague are names that say nothing of what a package is for.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "core", "types", "mock", "mocks", "pkg"}

// shape bans what hides the order of things: init functions, imports for their effect, packages without a purpose.
func shape(s *source) (found []string) {
	if slices.Contains(vague, path.Base(s.dir)) {
		found = append(found, s.at(s.file.Package, "package %s: the name says nothing of its purpose", s.dir))
	}
	for _, imp := range s.file.Imports {
		if imp.Name == nil || imp.Name.Name != "_" && imp.Name.Name != "." {
			continue
		}
		if imp.Path.Value != `"embed"` {
			found = append(found, s.at(imp.Pos(), "import %s %s: what it does is hidden", imp.Name.Name, imp.Path.Value))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				found = append(found, s.at(n.Pos(), "func init: nobody calls it where it can be read"))
			}
		case *ast.InterfaceType:
			if len(n.Methods.List) == 0 {
				found = append(found, s.at(n.Pos(), "interface{}: give the payload a type, or write any where none is possible"))
			}
		}
		return true
	})
	return found
}
