package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
)

func shrinkCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "shrink [RUN]",
		Short: "Show the fewest operations, and find the fewest faults, that still show a run's violation",
		Long: "Judge a stored run again and print, for each check that fails, the fewest operations that cannot be as it says.\n" +
			"With --schedule the run is done again with ever fewer of its faults, as long as a violation is found; real members\n" +
			"answer in their own time, so each smaller schedule gets several attempts. Exits 4 if there is no violation.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	r := addRunning(cmd)
	schedule := cmd.Flags().Bool("schedule", false, "also shrink the schedule of faults, by doing the run again")
	attempts := cmd.Flags().Int("attempts", 3, "how often a smaller schedule may fail to show the violation before it is given up")
	budget := cmd.Flags().Duration("budget", 0, "begin no further run after so long")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.out.check(); err != nil {
			return err
		}
		run, err := open(*r.root, args)
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
		if checker.Overall(sum.Checks) != checker.Fail {
			return &ended{reports.ExitUnknown, fmt.Errorf("run %s shows no violation: there is nothing to shrink", run.ID())}
		}
		smallest(a.out, sum)
		if !*schedule {
			return nil
		}
		if run.Bare() {
			return usagef("--schedule: %s is a history alone: it does not say how it was made", run.ID())
		}
		stored, err := harness.Stored(run)
		if err != nil {
			return environment(err)
		}
		ctx, i, stop := a.hearing(cmd.Context())
		defer stop()
		still := func(smaller nemesis.Schedule) (bool, error) { return a.still(ctx, r, s, smaller, *attempts, i) }
		left, err := fewest(stored.Schedule, still, deadline(ctx, *budget))
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "\n%d of %d faults are left:\n%s", len(left), len(stored.Schedule), left)
		return exit(i.signal())
	}
	return cmd
}

// smallest prints the counterexamples, as the checks shrank them.
func smallest(w io.Writer, sum *reports.Summary) {
	for _, c := range sum.Counterexamples {
		fmt.Fprintf(w, "%s, %s: %d of %d operations\n", c.Check, c.Name, len(c.Ops), max(c.Of, len(c.Ops)))
		for _, op := range c.Ops {
			fmt.Fprintf(w, "  %s\n", op)
		}
		fmt.Fprintf(w, "  %s\n", c.Why)
	}
}

// deadline tells when to begin no further run.
func deadline(ctx context.Context, budget time.Duration) func() bool {
	began := time.Now()
	return func() bool { return ctx.Err() != nil || budget > 0 && time.Since(began) >= budget }
}

// still does a run again with another schedule and reports whether a violation is found within the attempts.
func (a *app) still(ctx context.Context, r *running, s *scenarios.Scenario, schedule nemesis.Schedule, attempts int, i *interrupts) (bool, error) {
	r.schedule = schedule
	if r.schedule == nil {
		r.schedule = nemesis.Schedule{} // nil would mean the scenario's own
	}
	for range attempts {
		if ctx.Err() != nil {
			return false, nil
		}
		sum, err := a.one(ctx, r, s, i)
		if err != nil {
			return false, err
		}
		if checker.Overall(sum.Checks) == checker.Fail {
			return true, nil
		}
	}
	return false, nil
}

// fewest removes parts of a schedule, ever smaller ones, as long as what is left still shows the violation: the
// minimising delta debugging of Zeller and Hildebrandt, for a test that may miss.
func fewest(schedule nemesis.Schedule, still func(nemesis.Schedule) (bool, error), enough func() bool) (nemesis.Schedule, error) {
	for size := max(1, len(schedule)/2); len(schedule) > 0; {
		removed := false
		for from := 0; from < len(schedule); {
			if enough() {
				return schedule, nil
			}
			to := min(from+size, len(schedule))
			smaller := slices.Concat(schedule[:from], schedule[to:])
			ok, err := still(smaller)
			if err != nil {
				return schedule, err
			}
			if ok {
				schedule, removed = smaller, true
			} else {
				from = to
			}
		}
		if size > 1 {
			size /= 2
		} else if !removed {
			break
		}
	}
	return schedule, nil
}
