package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/reports"
)

func reportCommand(a *app) *cobra.Command {
	var kinds []string
	for _, f := range reports.Formats {
		kinds = append(kinds, f.Name)
	}
	cmd := &cobra.Command{
		Use:   "report [RUN...]",
		Short: "Render the reports of stored runs again, or print one of them",
		Long: "Judge stored runs again, as they were judged, and write every report into their folders. With --format one report\n" +
			"goes to stdout instead. Exits 0 if the reports could be made, whatever they say.",
		ValidArgsFunction: completeRuns,
	}
	root := storeFlag(cmd)
	format := &word{"", kinds}
	cmd.Flags().VarP(format, "format", "f", "print this report of each run")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"latest"}
		}
		for _, ref := range args {
			run, err := open(*root, []string{ref})
			if err != nil {
				return err
			}
			s, err := storedScenario(run)
			if err != nil {
				return err
			}
			sum, err := recheck(cmd.Context(), run, s, nil)
			if err != nil {
				return err
			}
			if format.value == "" {
				fmt.Fprintf(a.out, "%s  %s\n", sum.Verdict, sum.Report)
				continue
			}
			f, _ := reports.Find(format.value)
			if err := f.Write(a.out, sum); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}
