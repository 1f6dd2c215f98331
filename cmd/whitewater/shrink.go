package main

import (
	"context"
	"fmt"
	"io"
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
	budget := cmd.Flags().Duration("budget", 0, "end the search after so long, with the best so far")
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
		if err := ownCluster(run); err != nil {
			return err
		}
		stored, err := harness.Stored(run)
		if err != nil {
			return environment(err)
		}
		ctx, i, stop := a.hearing(cmd.Context())
		defer stop()
		if *budget > 0 {
			bounded, cancel := context.WithTimeout(ctx, *budget)
			defer cancel()
			ctx = bounded
		}
		left, err := harness.Shrink(ctx, stored.Schedule, s.Load.Duration, *attempts, a.attempt(r, s, i))
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "\n%d of %d faults are left, in a load of %s, after %d runs%s:\n%s", len(left.Schedule), len(stored.Schedule),
			left.Duration, left.Runs, map[bool]string{false: "; the time was up, fewer may do"}[left.Whole], left.Schedule)
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

// attempt does a run again with another schedule and length, and reports whether a violation is found.
func (a *app) attempt(r *running, s *scenarios.Scenario, i *interrupts) harness.Attempt {
	return func(ctx context.Context, schedule nemesis.Schedule, length time.Duration) (bool, error) {
		again := *s
		again.Load.Duration = length
		r.schedule = schedule
		if r.schedule == nil {
			r.schedule = nemesis.Schedule{} // nil would mean the scenario's own
		}
		sum, err := a.one(ctx, r, &again, i)
		if err != nil {
			return false, err
		}
		return checker.Overall(sum.Checks) == checker.Fail, nil
	}
}
