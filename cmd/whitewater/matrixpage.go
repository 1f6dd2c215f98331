package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/html"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// index is the page of a matrix.
type index struct {
	name   string // "matrix-chaos": of its file in the store
	matrix html.Matrix
	path   string // where the store has it; empty: nothing was begun
}

// matrixIndex makes the page's content of a series that carried out the cells in this order, as far as it came.
func matrixIndex(m *scenarios.Matrix, all []scenarios.Cell, name string, s *series) *index {
	page := html.Matrix{What: s.what, Tally: s.tally(), Exit: s.code()}
	for _, axis := range m.Axes {
		page.Axes = append(page.Axes, axis.Path)
	}
	for i, c := range all {
		cell := html.MatrixCell{Name: c.Name, Scenario: c.Scenario.Name, Settings: c.Settings, Seed: c.Seed, Exit: reports.ExitUnknown}
		if cell.Begun = i < len(s.parts); cell.Begun {
			p := s.parts[i]
			cell.Exit, cell.Reason, cell.Took, cell.Run = p.code(), p.reason(), p.took, p.sum
		}
		page.Cells = append(page.Cells, cell)
	}
	return &index{name: name, matrix: page}
}

// indexName is what the pages of a matrix file are called; those of its shards may end up in one folder.
func indexName(file, shard string) string {
	name := "matrix-" + strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if shard != "" {
		name += "-" + strings.ReplaceAll(shard, "/", "of")
	}
	return name
}

// store writes the page beside the scenarios' folders, where its links stay right when the store is moved. A file there
// is no run.
func (x *index) store(root string) error {
	if !slices.ContainsFunc(x.matrix.Cells, func(c html.MatrixCell) bool { return c.Begun }) {
		return nil
	}
	path := filepath.Join(root, x.name+"-"+time.Now().UTC().Format("20060102T150405Z")+".html")
	if err := x.write(path); err != nil {
		return environment(fmt.Errorf("write the matrix's page: %w", err))
	}
	x.path = path
	return nil
}

func (x *index) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(html.WriteMatrix(f, x.matrix, filepath.Dir(path)), f.Close())
}
