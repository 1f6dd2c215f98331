package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/history"
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
	cas := casFlag(cmd)
	out := addOutputs(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		sum, err := a.check(cmd.Context(), *root, args, flags, *noClaims, *out.allow, cas)
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

// check judges a stored run, or a history that another tool recorded.
func (a *app) check(ctx context.Context, root string, args []string, flags *overrides, noClaims bool, allow []string,
	cas *word) (*reports.Summary, error) {
	if len(args) == 1 {
		h, ok, err := a.foreign(args[0], cas)
		if err != nil {
			return nil, err
		}
		if ok {
			s := scenarios.Default()
			if err := flags.apply(s); err != nil {
				return nil, err
			}
			return a.checkForeign(ctx, h, s, allow)
		}
	}
	run, err := open(root, args)
	if err != nil {
		return nil, err
	}
	s, err := flags.again(run, noClaims)
	if err != nil {
		return nil, err
	}
	return recheck(ctx, run, s, allow)
}

// checkForeign judges a history that has no run.
func (a *app) checkForeign(ctx context.Context, h *history.History, s *scenarios.Scenario, allow []string) (*reports.Summary, error) {
	stated, err := harness.ParseClaims(s.Claims)
	if err != nil {
		return nil, usage(err)
	}
	if len(s.Checks) == 0 {
		s.Checks = a.foreignChecks(h)
	}
	results := checker.Judge(ctx, h, s.Checks, checker.Limits{Timeout: s.Checker.Timeout, MemoryBytes: uint64(s.Checker.Memory)})
	return reports.Summarise(h, results, reports.Options{Program: program(), Expect: s.Expect, Allow: allow, Claims: stated}), nil
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
	return s, o.apply(s)
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
