package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/store"
)

// listed is a run in a list, for programs.
type listed struct {
	ID       string    `json:"id"`
	Scenario string    `json:"scenario"`
	Path     string    `json:"path"`
	Time     time.Time `json:"time"`
	Verdict  string    `json:"verdict"`
	ExitCode int       `json:"exit_code"`
	Finished bool      `json:"finished"`
}

func lsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "ls [SCENARIO]", Short: "List the stored runs, the newest first", Args: cobra.MaximumNArgs(1)}
	root := storeFlag(cmd)
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		entries, err := store.List(*root)
		if err != nil {
			return environment(err)
		}
		all := []listed{}
		for _, e := range entries {
			if len(args) == 0 || e.Scenario == args[0] {
				all = append(all, listed{e.ID, e.Scenario, e.Path, e.Time, verdictOf(e), e.ExitCode, e.Finished})
			}
		}
		if output.value == "json" {
			return writeJSON(a.out, all)
		}
		var rows [][]string
		for _, e := range all {
			rows = append(rows, []string{e.ID, e.Scenario, e.Verdict, e.Time.Local().Format(time.DateTime)})
		}
		columns(a.out, rows)
		return nil
	}
	return cmd
}

// verdictOf is a run's verdict, or what there is in its place.
func verdictOf(e store.Entry) string {
	switch {
	case e.Verdict != "":
		return e.Verdict
	case store.Running(e.Path):
		return "running"
	}
	return "not judged"
}

func showCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "show [RUN]",
		Short:             "Print the result of a stored run; RUN is a path, an id, latest, or -1, -2 …",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	root := storeFlag(cmd)
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json", "markdown")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		run, err := open(*root, args)
		if err != nil {
			return err
		}
		file := map[string]string{"text": "summary.txt", "json": store.VerdictFile, "markdown": "summary.md"}[output.value]
		data, err := run.Read(file)
		if err != nil {
			return usagef("run %s has no %s: whitewater check %s judges it", run.ID(), file, run.ID())
		}
		_, err = a.out.Write(data)
		return err
	}
	return cmd
}

// open finds the run that the arguments name, the latest if they name none.
func open(root string, args []string) (*store.Run, error) {
	ref := "latest"
	if len(args) > 0 {
		ref = strings.TrimPrefix(args[0], ordinalMark)
	}
	run, err := store.Open(root, ref)
	if err != nil {
		return nil, usage(err)
	}
	return run, nil
}

func pruneCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "prune", Short: "Remove stored runs: all that no flag keeps", Args: cobra.NoArgs}
	root := storeFlag(cmd)
	newest := cmd.Flags().Int("keep", 20, "keep this many of the newest")
	younger := cmd.Flags().Duration("younger", 0, "keep those that began less than this ago")
	failed := cmd.Flags().Bool("keep-failed", true, "keep those that did not pass")
	dry := cmd.Flags().Bool("dry-run", false, "only say what would be removed")
	cmd.RunE = func(*cobra.Command, []string) error {
		keep := store.Keep{Newest: *newest, Younger: *younger, Failed: *failed}
		entries, err := store.List(*root)
		if err != nil {
			return environment(err)
		}
		surplus := store.Surplus(entries, keep, time.Now())
		verb := "would remove"
		if !*dry {
			verb = "removed"
			if surplus, err = store.Prune(*root, keep, time.Now()); err != nil {
				return environment(err)
			}
		}
		for _, e := range surplus {
			fmt.Fprintf(a.out, "%s %s/%s  %s\n", verb, e.Scenario, e.ID, verdictOf(e))
		}
		return nil
	}
	return cmd
}

// completeRuns offers the ids of stored runs, the newest first.
func completeRuns(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	root, err := cmd.Flags().GetString("store")
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	entries, err := store.List(root)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := []string{"latest"}
	for _, e := range entries {
		names = append(names, cobra.CompletionWithDesc(e.ID, strings.TrimSpace(e.Scenario+" "+verdictOf(e))))
	}
	return names, cobra.ShellCompDirectiveDefault | cobra.ShellCompDirectiveKeepOrder
}
