package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

func matrixCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "matrix", Short: "Run scenarios with every combination of settings and seeds"}
	cmd.AddCommand(matrixRun(a), matrixList(a))
	return cmd
}

// cells are a matrix file's, or a shard of them.
func cells(file, shard string) (*scenarios.Matrix, []scenarios.Cell, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, usage(err)
	}
	m, err := scenarios.ParseMatrix(file, data, names())
	if err != nil {
		return nil, nil, usage(err)
	}
	all, err := m.Cells(names())
	if err != nil {
		return nil, nil, usage(err)
	}
	for _, c := range all {
		if err := sound(c.Scenario); err != nil {
			return nil, nil, usage(fmt.Errorf("matrix %s: cell %s: %w", file, c.Name, err))
		}
	}
	if shard == "" {
		return m, all, nil
	}
	part, of, err := parseShard(shard)
	if err != nil {
		return nil, nil, err
	}
	var mine []scenarios.Cell
	for i, c := range all {
		if i%of == part-1 {
			mine = append(mine, c)
		}
	}
	return m, mine, nil
}

// parseShard reads "2/6": the second of six.
func parseShard(text string) (part, of int, err error) {
	a, b, ok := strings.Cut(text, "/")
	part, bad1 := strconv.Atoi(a)
	of, bad2 := strconv.Atoi(b)
	if !ok || bad1 != nil || bad2 != nil || part < 1 || of < part {
		return 0, 0, usagef("--shard %s: write 2/6, for the second of six", text)
	}
	return part, of, nil
}

func matrixList(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "list FILE", Short: "List the cells of a matrix; as JSON, for a CI matrix", Args: cobra.ExactArgs(1)}
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	shard := cmd.Flags().String("shard", "", "only this part of the cells: 2/6")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		_, all, err := cells(args[0], *shard)
		if err != nil {
			return err
		}
		if output.value == "json" {
			return writeJSON(a.out, append([]scenarios.Cell{}, all...))
		}
		for _, c := range all {
			fmt.Fprintln(a.out, c.Name)
		}
		return nil
	}
	return cmd
}

func matrixRun(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run the cells of a matrix, one after the other, and exit as the worst of them",
		Long: "Run the cells of a matrix, one after the other: cells that are measured never share the machine. The scenarios whose\n" +
			"last stored run did not pass come first. What the budget does not reach is reported, and is unknown.\n\n" +
			"The result is a table, and a page in the store that leads from the cells to the reports of their runs.",
		Args: cobra.ExactArgs(1),
	}
	r := addRunning(cmd)
	shard := cmd.Flags().String("shard", "", "only this part of the cells: 2/6")
	budget := cmd.Flags().Duration("budget", 0, "begin no further cell after so long; the file's if it is not given")
	interleave := cmd.Flags().Bool("interleave", false, "seeds in the outer loop: A B A B, so that a slow hour hits all alike")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.out.check(); err != nil {
			return err
		}
		m, all, err := cells(args[0], *shard)
		if err != nil {
			return err
		}
		if *budget == 0 {
			*budget = m.Budget
		}
		if *interleave {
			slices.SortStableFunc(all, func(x, y scenarios.Cell) int { return cmp.Compare(x.Seed, y.Seed) })
		} else if err := failedFirst(all, *r.root); err != nil {
			return err
		}
		var jobs []job
		for _, c := range all {
			jobs = append(jobs, job{c.Name, c.Scenario})
		}
		return a.campaign(cmd.Context(), r, batch{what: "matrix " + args[0], jobs: jobs, budget: *budget, index: func(s *series) *index {
			return matrixIndex(m, all, indexName(args[0], *shard), s)
		}})
	}
	return cmd
}

// failedFirst sorts cells by what is known of their scenarios: the ones that failed, then the ones that were not run for
// the longest time.
func failedFirst(all []scenarios.Cell, root string) error {
	entries, err := store.List(root)
	if err != nil {
		return environment(err)
	}
	last := map[string]store.Entry{}
	for _, e := range entries { // the newest first
		if _, seen := last[e.Scenario]; !seen {
			last[e.Scenario] = e
		}
	}
	slices.SortStableFunc(all, func(x, y scenarios.Cell) int {
		a, b := last[x.Scenario.Name], last[y.Scenario.Name]
		if failed := (b.ExitCode != 0) != (a.ExitCode != 0); failed {
			return map[bool]int{true: -1, false: 1}[a.ExitCode != 0]
		}
		return a.Time.Truncate(time.Hour).Compare(b.Time.Truncate(time.Hour))
	})
	return nil
}
