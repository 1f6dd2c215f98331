package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/html"
	"github.com/whitewater-kv/whitewater/store"
)

func compareCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compare BASE... [--] NEW...",
		Short: "Say whether one set of runs is slower than another; exit 3 if it is, 4 if there are too few runs to say",
		Long: "Compare two sets of runs by rank (Mann-Whitney), with the interval of the difference of the medians. Each side is a store,\n" +
			"a run, a baseline file, or several of them; with more than two arguments, -- stands between the sides.\n\n" +
			fmt.Sprintf("Each side needs %d runs, taken in turn (matrix run --interleave) on a machine that is shared.\n\n", compare.LeastRuns) +
			"A claim on the difference, such as --claim 'read.p99{quiet} < +5%' or 'all.rate > -2%', is met if the whole interval of the\n" +
			"change is on its right side. With claims, they decide in place of the tolerance: exit 3 if one is missed, 4 if one is inconclusive.",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	root := storeFlag(cmd)
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	tolerance := cmd.Flags().String("tolerance", "5%", "a change this small does not matter")
	stated := cmd.Flags().StringArray("claim", nil, "on the difference: 'read.p99{quiet} < +5%'; may be repeated")
	page := cmd.Flags().String("html", "", "also write the comparison's page to this file")
	baseline := cmd.Flags().String("write-baseline", "", "write BASE as a baseline file, for later comparisons, and end")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		limit, err := percent(*tolerance)
		if err != nil {
			return err
		}
		differences, err := differenceClaims(*stated)
		if err != nil {
			return err
		}
		if *baseline != "" {
			return writeBaseline(*root, args, *baseline)
		}
		old, fresh, err := sides(args, cmd.ArgsLenAtDash())
		if err != nil {
			return err
		}
		c, err := comparison(*root, old, fresh, limit)
		if err != nil {
			return err
		}
		c.Judge(differences)
		if *page != "" {
			if err := writeComparison(*page, c); err != nil {
				return environment(err)
			}
		}
		write := compare.WriteText
		if output.value == "json" {
			write = compare.WriteJSON
		}
		if err := write(a.out, c); err != nil {
			return err
		}
		return exit(c.Exit)
	}
	return cmd
}

func differenceClaims(stated []string) (all []claims.Claim, err error) {
	for _, expr := range stated {
		c, err := claims.ParseDifference(expr)
		if err != nil {
			return nil, usagef("--claim: %w", err)
		}
		all = append(all, c)
	}
	return all, nil
}

// sides splits the arguments at the dash, or in the middle of two.
func sides(args []string, dash int) (base, fresh []string, err error) {
	if dash < 0 && len(args) == 2 {
		dash = 1
	}
	if dash < 1 || dash >= len(args) {
		return nil, nil, usagef("compare needs two sides: compare BASE NEW, or compare BASE... -- NEW...")
	}
	return args[:dash], args[dash:], nil
}

func comparison(root string, base, fresh []string, tolerance float64) (*compare.Comparison, error) {
	old, err := gather(root, base)
	if err != nil {
		return nil, err
	}
	other, err := gather(root, fresh)
	if err != nil {
		return nil, err
	}
	return compare.Compare(old, other, tolerance), nil
}

// percent reads "5%" as a share.
func percent(text string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(n >= 0 && n < 100) || !strings.HasSuffix(text, "%") {
		return 0, usagef("--tolerance %s: write 5%%", text)
	}
	return n / 100, nil
}

// gather loads a side: stores, runs, baseline files.
func gather(root string, refs []string) (runs []compare.Run, err error) {
	for _, ref := range refs {
		found, err := gatherOne(root, strings.TrimPrefix(ref, ordinalMark))
		if err != nil {
			return nil, err
		}
		runs = append(runs, found...)
	}
	return runs, nil
}

func gatherOne(root, ref string) ([]compare.Run, error) {
	info, err := os.Stat(ref)
	if err == nil && info.Mode().IsRegular() {
		f, err := os.Open(ref)
		if err != nil {
			return nil, environment(err)
		}
		runs, err := compare.ReadBaseline(f)
		if err != nil {
			return nil, usagef("baseline %s: %w", ref, errors.Join(err, f.Close()))
		}
		return runs, f.Close()
	}
	var folders []string
	if err == nil && info.IsDir() && !isRun(ref) {
		if folders, err = stored(ref); err != nil {
			return nil, err
		}
	} else {
		run, err := store.Open(root, ref)
		if err != nil {
			return nil, usage(err)
		}
		folders = []string{run.Path()}
	}
	var runs []compare.Run
	for _, folder := range folders {
		run, err := compare.Load(func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, name)) })
		if err != nil {
			return nil, usagef("run %s: %w", folder, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func isRun(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, store.VerdictFile))
	return err == nil
}

// stored are the judged runs of a store, or of one scenario's folder in it, the oldest first.
func stored(folder string) (paths []string, err error) {
	entries, err := store.List(folder)
	if err != nil {
		return nil, environment(err)
	}
	for _, e := range entries {
		if isRun(e.Path) {
			paths = append(paths, e.Path)
		}
	}
	if len(paths) == 0 { // a scenario's folder: its runs are its folders
		if paths, err = filepath.Glob(filepath.Join(folder, "*", store.VerdictFile)); err != nil {
			return nil, err
		}
		for i := range paths {
			paths[i] = filepath.Dir(paths[i])
		}
		paths = slices.DeleteFunc(paths, func(p string) bool { return filepath.Base(p) == "latest" || filepath.Base(p) == "current" })
	} else {
		slices.Reverse(paths)
	}
	if len(paths) == 0 {
		return nil, usagef("%s holds no judged runs", folder)
	}
	return paths, nil
}

func writeBaseline(root string, refs []string, file string) error {
	runs, err := gather(root, refs)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return environment(err)
	}
	return errors.Join(compare.WriteBaseline(f, runs), f.Close())
}

func writeComparison(file string, c *compare.Comparison) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(html.WriteComparison(f, c), f.Close())
}
