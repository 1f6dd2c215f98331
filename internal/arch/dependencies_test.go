package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The page of dependencies names every module that is imported, and where.
func TestDependenciesPage(t *testing.T) {
	tree := os.DirFS("../..")
	page := contents(t, tree, "docs/decisions/0001-dependencies.md")
	named := map[string]string{} // by module: its door
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\S+)` \\| `?([a-z/]+)`? \\|").FindAllStringSubmatch(page, -1) {
		named[row[1]] = row[2]
	}
	var modules []string
	for _, row := range regexp.MustCompile(`(?m)^\t(\S+) v\S+`).FindAllStringSubmatch(contents(t, tree, "go.mod"), -1) {
		modules = append(modules, row[1])
	}
	for module, dirs := range imported(t, tree, modules) {
		door, ok := named[module]
		if !ok {
			t.Errorf("%s is imported by %s, and the page does not name it", module, strings.Join(dirs, ", "))
			continue
		}
		for _, dir := range dirs {
			if !below(dir, door) { // "tests" is no folder
				t.Errorf("%s is imported by %s, and the page says only by %s", module, dir, door)
			}
		}
		delete(named, module)
	}
	for _, module := range slices.Sorted(maps.Keys(named)) {
		t.Errorf("the page names %s, which nobody imports", module)
	}
}

// imported is where each of the modules is imported, tests aside; one that only tests import has no folders.
func imported(t *testing.T, tree fs.FS, modules []string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, contents(t, tree, name), parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range file.Imports {
			of, _ := strconv.Unquote(imp.Path.Value)
			for _, module := range modules {
				if !below(of, module) {
					continue
				}
				dir := path.Dir(name)
				if dirs := found[module]; strings.HasSuffix(name, "_test.go") || slices.Contains(dirs, dir) {
					found[module] = dirs
				} else {
					found[module] = append(dirs, dir)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func contents(t *testing.T, tree fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
