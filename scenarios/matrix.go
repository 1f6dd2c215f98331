package scenarios

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Matrix is a set of scenarios, each run with every combination of the axes' values and every seed.
type Matrix struct {
	Version   int
	Scenarios []string
	Axes      []Axis
	Seeds     []uint64
	Budget    time.Duration // 0 = none
	Exclude   [][]setting   // cells with all of one's settings are left out
	Include   []Include     // further cells
}

// Axis is one field and the values that it takes.
type Axis struct {
	Path   string
	Values []Setting
}

// Setting is one value of an axis: as it is shown, and as it was written.
type Setting struct {
	Text string
	node *yaml.Node
}

// Include is a cell in addition to the combinations.
type Include struct {
	Scenario string
	Settings []setting
}

type setting struct {
	path string
	Setting
}

// Cell is one run of a matrix.
type Cell struct {
	Name     string            `json:"name"` // "register-chaos target.nodes=3 seed=1"; unique
	File     string            `json:"scenario"`
	Seed     uint64            `json:"seed"`
	Settings map[string]string `json:"settings"`
	Scenario *Scenario         `json:"-"`
}

// ParseMatrix reads a matrix file. Scenarios named by a path are relative to the file.
func ParseMatrix(file string, data []byte, names Names) (*Matrix, error) {
	m := &Matrix{Version: Version}
	p := newParser("matrix", file, data)
	root := p.document(data)
	if root == nil {
		return nil, p.err()
	}
	matrixTable(m, names).read(p, root)
	if len(m.Scenarios) == 0 && len(m.Include) == 0 && len(p.problems) == 0 {
		p.problem(root, "the matrix names no scenarios")
	}
	if len(m.Seeds) == 0 {
		m.Seeds = []uint64{0}
	}
	for i, name := range m.Scenarios {
		m.Scenarios[i] = beside(file, name)
	}
	for i := range m.Include {
		m.Include[i].Scenario = beside(file, m.Include[i].Scenario)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return m, nil
}

// beside is a scenario's path as seen from here, if it is a path.
func beside(file, name string) string {
	if strings.HasSuffix(name, ".yaml") && !filepath.IsAbs(name) {
		if path := filepath.Join(filepath.Dir(file), name); !strings.ContainsRune(path, filepath.Separator) {
			return "." + string(filepath.Separator) + path
		} else {
			return path
		}
	}
	return name
}

func matrixTable(m *Matrix, n Names) object {
	return object{
		{"version", "of the format", versionField{&m.Version}},
		{"scenarios", "built-in names, or files beside this one", wordList{&m.Scenarios, "scenario", nil}},
		{"axes", "fields of a scenario, each with the list of values that it takes", axes{&m.Axes, n}},
		{"seeds", "a number of seeds (1, 2, …), or the list of them", seeds{&m.Seeds}},
		{"exclude", "combinations to leave out", settings{&m.Exclude, nil, n}},
		{"include", "cells in addition: a scenario and its settings", settings{nil, &m.Include, n}},
		{"budget", "stop starting cells after so long", duration(&m.Budget)},
	}
}

// maxCells bounds a matrix: more is a mistake.
const maxCells = 10_000

// Cells are the runs of a matrix, in order, each with its scenario resolved.
func (m *Matrix) Cells(names Names) ([]Cell, error) {
	combinations := [][]setting{nil}
	for _, axis := range m.Axes {
		var longer [][]setting
		for _, have := range combinations {
			for _, v := range axis.Values {
				longer = append(longer, append(slices.Clone(have), setting{axis.Path, v}))
			}
		}
		if combinations = longer; len(combinations) > maxCells {
			return nil, fmt.Errorf("matrix: more than %d cells", maxCells)
		}
	}
	var cells []Cell
	add := func(file string, settings []setting) error {
		for _, seed := range m.Seeds {
			cell, err := newCell(file, settings, seed, names)
			if err != nil {
				return err
			}
			cells = append(cells, cell)
		}
		return nil
	}
	for _, file := range m.Scenarios {
		for _, settings := range combinations {
			if m.excluded(settings) {
				continue
			}
			if err := add(file, settings); err != nil {
				return nil, err
			}
		}
	}
	for _, extra := range m.Include {
		if err := add(extra.Scenario, extra.Settings); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

func (m *Matrix) excluded(settings []setting) bool {
	return slices.ContainsFunc(m.Exclude, func(rule []setting) bool {
		for _, want := range rule {
			if !slices.ContainsFunc(settings, func(s setting) bool { return s.path == want.path && s.Text == want.Text }) {
				return false
			}
		}
		return len(rule) > 0
	})
}

func newCell(file string, settings []setting, seed uint64, names Names) (Cell, error) {
	s, err := Find(file, names)
	if err != nil {
		return Cell{}, err
	}
	cell := Cell{Name: s.Name, File: file, Seed: seed, Settings: map[string]string{}, Scenario: s}
	for _, set := range settings {
		table(s, names).at(set.path).value.read(newParser("", "", nil), set.node)
		cell.Name += " " + set.path + "=" + set.Text
		cell.Settings[set.path] = set.Text
	}
	if seed != 0 {
		s.Seed = seed
		cell.Name += fmt.Sprintf(" seed=%d", seed)
	}
	if err := s.Validate(names); err != nil {
		return Cell{}, fmt.Errorf("matrix: cell %s: %w", cell.Name, err)
	}
	return cell, nil
}
