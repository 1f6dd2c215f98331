package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
			"HISTORY is a bare history file, also of another tool: Jepsen's history.edn or history.txt, elle-cli's JSON, Porcupine's\n" +
			"logs, or the folder of a report of etcd's robustness tests. A run's reports are written anew.\n\n" +
			"With --stream the history is read record by record, in memory that does not grow with it, and linearizable alone is\n" +
			"judged, by the store's revisions; reports stay as they are. So is a history that is too large for --checker-memory:\n" +
			"then the other checks are unknown.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	flags.add(cmd, judgeAgain...)
	root := storeFlag(cmd)
	noClaims := cmd.Flags().Bool("no-claims", false, "leave out the scenario's claims")
	cas := casFlag(cmd)
	stream := cmd.Flags().Bool("stream", false, "judge linearizable alone, record by record, whatever the length")
	out := addOutputs(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := out.check(); err != nil {
			return err
		}
		how := streaming{asked: *stream, refused: cmd.Flags().Changed("stream") && !*stream, checks: cmd.Flags().Changed("checks")}
		sum, err := a.check(cmd.Context(), *root, args, flags, *noClaims, *out.allow, cas, how)
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
	cas *word, how streaming) (*reports.Summary, error) {
	if len(args) == 1 && !how.asked {
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
	if how.asked {
		return a.checkStream(ctx, run, s, allow, how)
	}
	if large, size, err := harness.TooLarge(run, s); err == nil && large && !how.refused { // an error is told by whoever reads it
		fmt.Fprintf(a.err, "whitewater: the history is %d MiB unpacked, which is too much for --checker-memory %v: it is judged as a stream\n",
			size>>20, s.Checker.Memory)
		return a.checkStream(ctx, run, s, allow, how)
	}
	return recheck(ctx, run, s, allow)
}

// streaming is what a call says of how the history shall be read.
type streaming struct {
	asked, refused bool
	checks         bool // which checks it names
}

// checkStream judges a stored history as a stream. A call that asks for that asks for what a stream can judge, unless it
// names checks itself.
func (a *app) checkStream(ctx context.Context, run *store.Run, s *scenarios.Scenario, allow []string, how streaming) (*reports.Summary, error) {
	if store.Running(run.Path()) {
		return nil, usagef("run %s is still being written", run.ID())
	}
	if how.asked && !how.checks {
		s.Checks = []string{"linearizable"}
	}
	if len(s.Checks) > 0 && !slices.Contains(s.Checks, "linearizable") {
		return nil, usagef("--checks %s: a history that is read as a stream is judged by linearizable", strings.Join(s.Checks, ","))
	}
	sum, err := harness.JudgeStream(ctx, run, s, reports.Options{Program: program(), Allow: allow})
	if errors.Is(err, store.ErrText) {
		return nil, usage(err)
	}
	if err != nil {
		return nil, environment(err)
	}
	return sum, nil
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

// storedScenario is the scenario that a run was carried out by; the default one for a bare history. Words that are no
// longer known must not keep an old run from being judged: names are not checked.
func storedScenario(run *store.Run) (*scenarios.Scenario, error) {
	if run.Bare() {
		s := scenarios.Default()
		s.Name = "history"
		return s, nil
	}
	text, err := run.Read(harness.ScenarioFile)
	if err != nil { // by any other scenario it would be judged as what it is not
		return nil, environment(fmt.Errorf("%w; its history alone can be judged: whitewater check %s", err, quoted(run.File(store.HistoryFile))))
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
