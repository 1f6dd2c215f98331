package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/internal/units"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// benchDefault is the scenario that bench measures by if none is named.
const benchDefault = "bench-register"

// benchFlags are the settings that only benchmarks read, by the names of etcd's own benchmark.
var benchFlags = []override{
	{flag: "rw-ratio", path: "load.rw-ratio"},
	{flag: "txn-ops", path: "load.txn-ops"},
}

func benchCommand(a *app) *cobra.Command {
	flags := newOverrides(names())
	cmd := &cobra.Command{
		Use:   "bench [SCENARIO]",
		Short: "Measure without faults; --find-max searches the highest rate within the claims",
		Long: "Measure a load without faults (default: " + benchDefault + "; whitewater list scenarios shows the others). Open loop: an operation's\n" +
			"latency counts from when it was due. --rate 0 measures a closed loop, and every output says so.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenarios,
	}
	flags.add(cmd, targetFlags...)
	flags.add(cmd, loadFlags...)
	flags.add(cmd, benchFlags...)
	flags.add(cmd, judgeFlags...)
	r := addRunning(cmd)
	rep := addRepeating(cmd)
	preset := wordFlag(cmd, "load", "", "the load and the claims of etcdctl check perf: small, medium, large, extra large", "", "s", "m", "l", "xl")
	findMax := cmd.Flags().Bool("find-max", false, "search the highest rate at which the claims are met")
	elsewhere := addEndpoints(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := benchDefault
		if preset.value != "" {
			name = "bench-puts"
		}
		if len(args) > 0 {
			name = args[0]
		}
		if preset.value != "" {
			flags.set = append([]func(*scenarios.Scenario) error{perf(preset.value)}, flags.set...)
		}
		flags.set = append(flags.set, func(s *scenarios.Scenario) error {
			s.Faults = scenarios.Faults{Interval: s.Faults.Interval}
			return nil
		})
		s, err := r.scenario(flags, name)
		if err != nil {
			return err
		}
		if err := elsewhere.use(cmd, r, s); err != nil {
			return err
		}
		if *findMax {
			if err := given(cmd, "is of one run, and --find-max makes as many as it needs", "repeat", "until-fail", "budget"); err != nil {
				return err
			}
			return a.findMax(cmd.Context(), r, s)
		}
		return a.repeat(cmd.Context(), r, rep, s)
	}
	return cmd
}

// perf sets the load and the claims of etcdctl check perf.
func perf(size string) func(*scenarios.Scenario) error {
	loads := map[string]struct {
		rate    units.Rate
		clients int
	}{"s": {150, 50}, "m": {1000, 200}, "l": {8000, 500}, "xl": {15000, 1000}}
	return func(s *scenarios.Scenario) error {
		l := loads[size]
		s.Load.Workloads, s.Load.Rate, s.Load.Clients = []string{"puts"}, l.rate, units.Count{N: l.clients}
		s.Load.Duration, s.Load.Keys.KeySize, s.Load.Keys.ValSize, s.Load.Keys.KeySpace = time.Minute, 256, 1024, 1<<20
		s.Claims = append(s.Claims,
			scenarios.Claim{Expr: fmt.Sprintf("write.rate >= %g/s", float64(l.rate)*.9)},
			scenarios.Claim{Expr: "write.max <= 500ms"},
			scenarios.Claim{Expr: "all.fail_rate <= 0%"},
		)
		return nil
	}
}
