// Package harness carries out one run from start to end: launch, drive, break, heal, prove, judge, report.
package harness

import (
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/seed"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/workloads"
)

// Plan is what is done to a running cluster, with every choice made.
type Plan struct {
	Meta     history.Meta
	Loads    []Load
	Warmup   time.Duration // before the measured part; faults and measuring begin after it
	Duration time.Duration // of the measured part
	Timeout  time.Duration // of one request; past it the outcome is Unknown
	Schedule nemesis.Schedule
	Seed     seed.Seed
	// Serializable makes the faults' own reads serializable, as the load's are.
	Serializable bool
	// Observe keeps a watch of every key open on every member, and reads every member's whole history at the end. It
	// costs the members work, so benchmarks leave it out.
	Observe bool
	// Evidence reads the members' logs and files after the run.
	Evidence bool
	// Settle bounds the wait for convergence after healing.
	Settle time.Duration
}

// Load is one workload of a run and how hard it is driven.
type Load struct {
	Workload workloads.Workload
	Params   workloads.Params
	Clients  int     // workers, each bound to one member, in turn
	Conns    int     // connections, shared by the workers in turn; 0 = one for each worker
	Rate     float64 // operations per second of all workers together; 0 = closed loop
	Poisson  bool    // arrivals at random instead of evenly spaced
	Total    int     // operations in all; 0 = until the time is up
}

// open reports whether operations are sent when due, whatever became of earlier ones.
func (l Load) open() bool { return l.Rate > 0 && !l.Workload.Closed }

// compacts reports whether the store will be told to forget.
func (p *Plan) compacts() bool {
	return slices.ContainsFunc(p.Loads, func(l Load) bool { return l.Params.Mix["compact"] > 0 }) ||
		slices.ContainsFunc(p.Schedule, func(s nemesis.Step) bool { return strings.Contains(s.Fault, "compact") })
}

// Limits of a run's end. Each is reported when it is reached.
const (
	healTimeout   = 30 * time.Second
	finalTimeout  = 30 * time.Second       // of all final reads together
	replayTimeout = 30 * time.Second       // of all replay watches together
	glimpseEvery  = 400 * time.Millisecond // between two looks at a member's history, and for each, at most
	statusEvery   = 200 * time.Millisecond
	statusTimeout = 500 * time.Millisecond
	finalReaders  = 4     // for each member
	finalKeys     = 5_000 // read one by one; beyond, keys are read by ranges alone
	rangePage     = 1_000 // pairs in one final range read
)
