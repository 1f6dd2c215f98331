package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

func checkCommand(a *app) *cobra.Command {
	flags := newOverrides(names())
	cmd := &cobra.Command{
		Use:   "check [RUN|HISTORY]",
		Short: "Judge a stored run again: with other checks, limits or claims",
		Long: "Judge a stored run again, from its history alone, and exit as run would. RUN is a path, an id, latest, or -1, -2 …;\n" +
			"HISTORY is a bare history file. The run's reports are written anew.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	flags.add(cmd, judgeAgain...)
	root := storeFlag(cmd)
	noClaims := cmd.Flags().Bool("no-claims", false, "leave out the scenario's claims")
	out := addOutputs(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		run, err := open(*root, args)
		if err != nil {
			return err
		}
		s, err := flags.again(run, *noClaims)
		if err != nil {
			return err
		}
		sum, err := recheck(cmd.Context(), run, s, *out.allow)
		if err != nil {
			return err
		}
		if err := a.present(out, sum); err != nil {
			return err
		}
		return exit(sum.Exit)
	}
	return cmd
}

// judgeAgain are the flags of judging that make sense when the run is over.
var judgeAgain = slices.DeleteFunc(slices.Clone(judgeFlags), func(f override) bool { return f.flag == "seed" })

// again is the scenario of a stored run with this call's flags; the default one for a bare history.
func (o *overrides) again(run *store.Run, noClaims bool) (*scenarios.Scenario, error) {
	s, err := storedScenario(run)
	if err != nil {
		return nil, err
	}
	if noClaims {
		s.Claims = nil
	}
	for _, set := range o.set {
		if err := set(s); err != nil {
			return nil, usage(err)
		}
	}
	return s, nil
}

// storedScenario is the scenario that a run was carried out by. Words that are no longer known must not keep an old run
// from being judged: names are not checked.
func storedScenario(run *store.Run) (*scenarios.Scenario, error) {
	text, err := run.Read(harness.ScenarioFile)
	if err != nil {
		s := scenarios.Default()
		s.Name = "history"
		return s, nil
	}
	s, err := scenarios.Parse(run.File(harness.ScenarioFile), text, scenarios.Names{})
	if err != nil {
		return nil, usage(err)
	}
	return s, nil
}

// recheck judges a stored run.
func recheck(ctx context.Context, run *store.Run, s *scenarios.Scenario, allow []string) (*reports.Summary, error) {
	if store.Running(run.Path()) {
		return nil, usagef("run %s is still being written", run.ID())
	}
	r, err := harness.Stored(run)
	if err != nil {
		return nil, environment(err)
	}
	sum, err := harness.Judge(ctx, r, s, harness.KeepAlways, reports.Options{
		Program: program(), Allow: allow, Reproduce: readMachine(run).reproduce(run, s, r.Schedule.String()),
	})
	if err != nil {
		return nil, environment(err)
	}
	return sum, nil
}
