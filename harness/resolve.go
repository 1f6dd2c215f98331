package harness

import (
	"fmt"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/seed"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// faultMargin is left without faults at both ends of the load, so that every run has quiet seconds to measure.
const faultMargin = 2 * time.Second

// settleLimit bounds the wait for convergence.
const settleLimit = 30 * time.Second

// Resolve makes every choice that a scenario leaves to its seed. run tells this run's values from any other's.
func Resolve(s *scenarios.Scenario, run string) (Plan, error) {
	schedule, err := scheduleOf(s)
	if err != nil {
		return Plan{}, err
	}
	loads, err := loadsOf(s, run)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{
		Loads: loads, Warmup: s.Load.Warmup, Duration: s.Load.Duration, Timeout: s.Load.Timeout, Schedule: schedule,
		Seed: seed.Seed(s.Seed), Serializable: s.Load.Consistency == "s", Settle: settleLimit,
		Observe: !s.Target.Direct, Evidence: s.Checker.Evidence,
		Meta: history.Meta{
			Run: run, Scenario: s.Name, Target: s.Target.Name, Seed: s.Seed,
			Consistency: s.Load.Consistency, Judge: s.Load.Judge, Rate: float64(s.Load.Rate),
			Open: slices.ContainsFunc(loads, Load.open), Planned: len(schedule),
		},
	}
	for i, load := range loads {
		if i > 0 {
			plan.Meta.Workload += "+"
		}
		plan.Meta.Workload += load.Workload.Name
		plan.Meta.Clients += load.Clients
	}
	return plan, nil
}

// loadsOf divides the clients evenly among the workloads, and the rate among those that have one.
func loadsOf(s *scenarios.Scenario, run string) ([]Load, error) {
	var loads []Load
	open := 0
	for _, name := range s.Load.Workloads {
		w, err := workloads.Find(name)
		if err != nil {
			return nil, err
		}
		if err := w.CheckMix(s.Load.Mix); err != nil {
			return nil, err
		}
		if !w.Closed {
			open++
		}
		loads = append(loads, Load{Workload: w})
	}
	clients := max(s.Load.Clients.For(s.Target.Nodes)/len(loads), 1)
	if clients > workloads.MaxWorkers {
		return nil, fmt.Errorf("clients: %d; at most %d", clients, workloads.MaxWorkers)
	}
	for i := range loads {
		l := &loads[i]
		l.Clients, l.Poisson, l.Total = clients, s.Load.Arrival == "poisson", s.Load.Total
		l.Conns = s.Load.Conns
		if !l.Workload.Closed {
			l.Rate = float64(s.Load.Rate) / float64(open)
		}
		l.Params = l.Workload.Defaults(workloads.Params{
			Run: run, Workers: clients, Nodes: s.Target.Nodes, Keys: s.Load.Keys.Live, OpsPerKey: s.Load.Keys.OpsPerKey,
			KeySize: int(s.Load.Keys.KeySize), ValSize: int(s.Load.Keys.ValSize), Mix: s.Load.Mix,
			Serializable: s.Load.Consistency == "s", TTL: int64(s.Load.TTL / time.Second), Hold: s.Load.Hold,
			RangeLimit: int64(s.Load.Limit), Sequential: s.Load.Keys.Sequential, KeySpace: s.Load.Keys.KeySpace,
			RWRatio: s.Load.RWRatio, TxnOps: s.Load.TxnOps,
		})
	}
	return loads, nil
}

// scheduleOf draws the random faults around the exact ones.
func scheduleOf(s *scenarios.Scenario) (nemesis.Schedule, error) {
	var exact nemesis.Schedule
	for _, at := range s.Faults.At {
		exact = append(exact, nemesis.Step{At: at.T, For: at.For, Fault: at.Do, Target: nemesis.Target(at.Target), Shape: at.Shape})
	}
	schedule := exact
	if len(s.Faults.Random) > 0 {
		schedule = append(schedule, nemesis.Plan(seed.Seed(s.Seed).Stream("schedule"), nemesis.PlanOptions{
			Faults: s.Faults.Random, Duration: s.Load.Duration, Nodes: s.Target.Nodes, Interval: s.Faults.Interval,
			Quiet: faultMargin, HoldMin: s.Faults.Hold.Min, HoldMax: s.Faults.Hold.Max, GapMin: s.Faults.Gap, Around: exact,
		})...)
	}
	schedule = schedule.Sorted()
	if err := schedule.Check(); err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	return schedule, nil
}

// SpecOf is the cluster that a scenario asks for.
func SpecOf(s *scenarios.Scenario) cluster.Spec {
	spec := cluster.Spec{
		Nodes: s.Target.Nodes, Binary: s.Target.Binary, Heartbeat: s.Target.Heartbeat, Election: s.Target.Election,
		SnapshotCount: s.Target.SnapshotCount, TLS: s.Target.TLS, UnsafeNoFsync: s.Target.UnsafeNoFsync, Direct: s.Target.Direct,
	}
	for name, value := range s.Target.Args {
		spec.Args = append(spec.Args, "--"+name+"="+value)
	}
	slices.Sort(spec.Args)
	return spec
}
