package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/scenarios"
)

func claimsCommand(a *app) *cobra.Command {
	flags := newOverrides(names())
	cmd := &cobra.Command{
		Use:   "claims [NAME...]",
		Short: "Verify what etcd's documentation claims, on this machine, claim by claim",
		Long: "Run the catalogue of documented claims, each a scenario with claims, and say which are met, missed or inconclusive\n" +
			"here. Each run has its report; whitewater scenario show NAME shows how a claim is put to the test.",
		ValidArgs: scenarios.Catalogue(),
	}
	flags.add(cmd, targetFlags...)
	r := addRunning(cmd)
	list := cmd.Flags().Bool("list", false, "only list the catalogue")
	budget := cmd.Flags().Duration("budget", 0, "begin no further claim after so long")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *list {
			return a.listCatalogue()
		}
		all := scenarios.Catalogue()
		for _, name := range args {
			if !slices.Contains(all, name) {
				return usage(scenarios.Unknown("claim", name, all))
			}
		}
		if len(args) > 0 {
			all = args
		}
		var jobs []job
		for _, name := range all {
			s, err := r.scenario(flags, name)
			if err != nil {
				return err
			}
			jobs = append(jobs, job{name, s})
		}
		return a.campaign(cmd.Context(), r, batch{what: "claims", jobs: jobs, budget: *budget})
	}
	return cmd
}

func (a *app) listCatalogue() error {
	var rows [][]string
	for _, name := range scenarios.Catalogue() {
		s, err := load(name)
		if err != nil {
			return err
		}
		rows = append(rows, []string{name, s.Doc})
		for _, c := range s.Claims {
			rows = append(rows, []string{"", c.Expr})
		}
	}
	columns(a.out, rows)
	return nil
}
