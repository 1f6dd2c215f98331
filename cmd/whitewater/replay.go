package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

func replayCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay [RUN]",
		Short: "Do a stored run again: the same scenario, seed and schedule of faults",
		Long: "Do a stored run again: the same scenario, the same seed and so the same requests, and the schedule of faults that was\n" +
			"carried out. Real members answer in their own time, so a race that was lost once may be won the next time: --repeat.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	r := addRunning(cmd)
	rep := addRepeating(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.out.check(); err != nil {
			return err
		}
		run, err := open(*r.root, args)
		if err != nil {
			return err
		}
		if run.Bare() {
			return usagef("%s is a history alone: it does not say how it was made", run.ID())
		}
		if err := ownCluster(run); err != nil {
			return err
		}
		text, err := run.Read(harness.ScenarioFile)
		if err != nil {
			return usagef("run %s has no %s", run.ID(), harness.ScenarioFile)
		}
		s, err := scenarios.Parse(run.File(harness.ScenarioFile), text, names())
		if err != nil {
			return usage(err)
		}
		if *r.noClaims {
			s.Claims = nil
		}
		stored, err := harness.Stored(run)
		if err != nil {
			return environment(err)
		}
		r.schedule = stored.Schedule
		if was, is := readMachine(run).Build.Etcd, builds().Etcd; was != "" && was != is && s.Target.Binary == "" {
			fmt.Fprintf(a.err, "whitewater: that run was of etcd %s, this program has %s built in\n", was, is)
		}
		return a.repeat(cmd.Context(), r, rep, s)
	}
	return cmd
}

// ownCluster is the error of a run on a cluster that was not launched by us: only there can it be done again.
func ownCluster(run *store.Run) error {
	m := readMachine(run)
	if m.Elsewhere == "" {
		return nil
	}
	return usagef("run %s was on a cluster that is not ours; there it is done again by\n   whitewater bench %s %s", run.ID(), quoted(run.File(harness.ScenarioFile)), m.Elsewhere)
}
