package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster/drivers"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// entry is a line of a catalog.
type entry struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// catalogs are what can be listed, each from the table that the program itself uses.
var catalogs = []struct {
	name, doc string
	entries   func() ([]entry, error)
}{
	{"scenarios", "the scenarios that are built in, and the catalogue of claims", func() (all []entry, err error) {
		for _, name := range append(scenarios.Builtin(), scenarios.Catalogue()...) {
			s, err := scenarios.Find(name, scenarios.Names{})
			if err != nil {
				return nil, err
			}
			all = append(all, entry{name, s.Doc})
		}
		return all, nil
	}},
	{"workloads", "kinds of load", func() (all []entry, _ error) {
		for _, w := range workloads.All {
			all = append(all, entry{w.Name, w.Doc})
		}
		return all, nil
	}},
	{"nemeses", "faults", func() (all []entry, _ error) {
		for _, f := range nemesis.All {
			all = append(all, entry{f.Name, f.Doc})
		}
		return all, nil
	}},
	{"checkers", "properties that a history is judged by, and what a pass proves", func() (all []entry, _ error) {
		for _, c := range checker.All {
			all = append(all, entry{c.Name, c.Doc})
		}
		return all, nil
	}},
	{"targets", "systems that can be put under test", func() (all []entry, _ error) {
		for _, d := range drivers.All {
			all = append(all, entry{d.Name, d.Doc})
		}
		return all, nil
	}},
	{"metrics", "what claims can speak of", func() (all []entry, _ error) {
		for _, m := range claims.Metrics {
			name := m.Name
			if m.PerOp {
				name = "OP." + name
			}
			all = append(all, entry{name, m.Doc})
		}
		return all, nil
	}},
}

func listCommand(a *app) *cobra.Command {
	var kinds []string
	for _, c := range catalogs {
		kinds = append(kinds, c.name)
	}
	cmd := &cobra.Command{
		Use:       "list " + strings.Join(kinds, "|"),
		Short:     "List what there is to choose from",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: kinds,
	}
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return a.list(args[0], output.value) }
	return cmd
}

func (a *app) list(kind, output string) error {
	for _, c := range catalogs {
		if c.name != kind {
			continue
		}
		all, err := c.entries()
		if err != nil {
			return err
		}
		if output == "json" {
			return writeJSON(a.out, all)
		}
		var rows [][]string
		for _, e := range all {
			rows = append(rows, []string{e.Name, e.Doc})
		}
		columns(a.out, rows)
	}
	return nil
}
