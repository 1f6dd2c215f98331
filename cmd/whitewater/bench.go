package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/units"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
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
		s, err := r.scenario(flags, name)
		if err != nil {
			return err
		}
		s.Faults = scenarios.Faults{Interval: s.Faults.Interval}
		if r.driver, err = elsewhere.driver(s); err != nil {
			return err
		}
		if *findMax {
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

// endpoints are the flags that measure a cluster that somebody else runs.
type endpoints struct {
	list  *[]string
	write *bool
}

func addEndpoints(cmd *cobra.Command) *endpoints {
	return &endpoints{
		list: cmd.Flags().StringSlice("endpoints", nil, "measure the cluster at these endpoints, host:port, which is not ours"),
		write: cmd.Flags().Bool("allow-writes", false,
			"write to that cluster: keys that begin with "+benchPrefix+", which must not be there before and are removed afterwards"),
	}
}

// benchPrefix begins every key of the benchmarks' workloads.
const benchPrefix = "b/"

// driver reaches the cluster of the flags, if there is one. Nothing of it is broken, and nothing but keys with the
// benchmarks' prefix is written.
func (e *endpoints) driver(s *scenarios.Scenario) (*cluster.Driver, error) {
	if len(*e.list) == 0 {
		return nil, nil
	}
	if !*e.write {
		return nil, usagef("--endpoints: every benchmark writes the keys that it reads; --allow-writes allows it to write and remove keys that begin with %s", benchPrefix)
	}
	for _, name := range s.Load.Workloads {
		w, err := workloads.Find(name)
		if err != nil {
			return nil, usage(err)
		}
		if w.Prefix != benchPrefix {
			return nil, usagef("--endpoints: workload %s writes keys beyond %s; choose one of the benchmarks'", name, benchPrefix)
		}
	}
	s.Target.Direct = true
	return &cluster.Driver{Name: "etcd", Launch: func(ctx context.Context, spec cluster.Spec) (*cluster.Cluster, error) {
		c, err := etcd.Connect(ctx, *e.list, spec)
		if err != nil {
			return nil, err
		}
		if err := vacant(ctx, c); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.Prefix = benchPrefix
		end := c.Close
		c.Close = func() error { return errors.Join(clear(c), end()) }
		return c, nil
	}}, nil
}

// benchKeys is the range of every key that benchmarks write.
var benchKeys = history.Request{Key: benchPrefix, End: "b0"}

// vacant makes sure that there is nothing where the benchmark will write.
func vacant(ctx context.Context, c *cluster.Cluster) error {
	req := benchKeys
	req.Kind, req.CountOnly = history.Range, true
	res, err := ask(ctx, c, req)
	if err != nil {
		return err
	}
	if res.Count > 0 {
		return &cluster.EnvironmentError{
			Doing: "look for keys that begin with " + benchPrefix, Err: fmt.Errorf("there are %d", res.Count),
			Hint: "they are not ours to overwrite",
		}
	}
	return nil
}

// clear removes the benchmark's keys.
func clear(c *cluster.Cluster) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	req := benchKeys
	req.Kind = history.Delete
	_, err := ask(ctx, c, req)
	return err
}

// ask sends one request through a member.
func ask(ctx context.Context, c *cluster.Cluster, req history.Request) (history.Result, error) {
	client, err := c.Dial(ctx, c.Nodes[0])
	if err != nil {
		return history.Result{}, err
	}
	res := client.Do(ctx, req)
	err = client.Close()
	if res.Outcome != history.OK {
		err = errors.Join(fmt.Errorf("%s: %s", strings.TrimSpace(req.String()), res.Error), err)
	}
	return res, err
}
