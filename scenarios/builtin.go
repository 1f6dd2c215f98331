package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

//go:embed builtin/*.yaml claims/*.yaml
var files embed.FS

// DefaultName is the scenario that runs when none is named.
const DefaultName = "register-chaos"

// Builtin names the scenarios that are built in, in order of the alphabet, the default first.
func Builtin() []string {
	names := under("builtin")
	slices.SortStableFunc(names, func(a, b string) int {
		switch DefaultName {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	return names
}

// Catalogue names the scenarios of the catalogue of documented claims.
func Catalogue() []string { return under("claims") }

func under(folder string) (names []string) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		panic("scenarios: the embedded folder is there at build time: " + err.Error())
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Source is the text of a scenario: a file's if the name is a path, else a built-in one's. The file is its name in
// messages.
func Source(nameOrPath string) (file string, data []byte, err error) {
	if strings.ContainsAny(nameOrPath, `/\`) || strings.HasSuffix(nameOrPath, ".yaml") || strings.HasSuffix(nameOrPath, ".yml") {
		data, err = os.ReadFile(nameOrPath)
		if err != nil {
			return "", nil, fmt.Errorf("scenario: %w", err)
		}
		return nameOrPath, data, nil
	}
	for _, folder := range []string{"builtin", "claims"} {
		file := path.Join(folder, nameOrPath+".yaml")
		if data, err := files.ReadFile(file); err == nil {
			return nameOrPath + ".yaml", data, nil
		}
	}
	return "", nil, Unknown("scenario", nameOrPath, append(Builtin(), Catalogue()...))
}

// Find reads the scenario of a name or a path.
func Find(nameOrPath string, names Names) (*Scenario, error) {
	file, data, err := Source(nameOrPath)
	if err != nil {
		return nil, err
	}
	return Parse(file, data, names)
}
