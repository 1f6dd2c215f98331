// Package scenarios reads what a run shall do: scenario files, strictly, with errors that point at the place; the ones
// that are built in; and matrices of them. It knows workloads, faults and checks by name only.
package scenarios

import (
	"time"

	"github.com/whitewater-kv/whitewater/internal/units"
)

// Version is the version of the scenario format that this program reads.
const Version = 1

// The two values of Scenario.Expect.
const (
	Pass      = "pass"
	Violation = "violation" // a negative control: the run is right if a violation is found
)

// Scenario says what to launch, how to load it, how to break it, and what to expect of it.
type Scenario struct {
	Version int
	Name    string
	Doc     string
	Expect  string
	Seed    uint64 // decides everything random; 0 = drawn when the run starts
	Target  Target
	Load    Load
	Faults  Faults
	Checks  []string // empty = every check there is
	Checker Limits
	Abort   Abort
	Claims  []Claim
}

// Target is the system under test.
type Target struct {
	Name          string // the driver
	Binary        string // the server's program; "" = the one built in
	Version       string // what the members must report; "" = any; "3.6" means any 3.6
	Nodes         int
	Args          map[string]string // further flags of the server, without dashes
	Heartbeat     time.Duration     // 0 = the server's default
	Election      time.Duration
	SnapshotCount int
	TLS           bool
	UnsafeNoFsync bool
	Direct        bool // nothing between clients and members: no partitions, but nothing to slow a benchmark
}

// Load is what the clients do.
type Load struct {
	Workloads   []string
	Mix         map[string]int // kind of operation to weight; empty = the workload's own
	Rate        units.Rate     // offered operations per second, all clients together; 0 = closed loop
	Arrival     string         // "poisson" or "constant"
	Clients     units.Count
	Conns       int // connections in all, to the members in turn, shared by the clients; 0 = one for each client
	Duration    time.Duration
	Warmup      time.Duration
	Total       int           // operations after which the load ends early; 0 = none
	Timeout     time.Duration // after which a client gives up waiting for an answer
	Consistency string        // "l": linearizable reads; "s": serializable
	Judge       string        // what reads are judged by: "linearizable" or "serializable"; "" = as they are asked for
	Keys        Keys
	TTL         time.Duration // of leases
	Hold        time.Duration // how long a lock or leadership is held, on average
	Limit       int           // most pairs that a range answers; 0 = the workload's own
	RWRatio     float64       // reads for each write, of benchmarks that mix them; 0 = the workload's own
	TxnOps      int           // operations in one transaction of a benchmark; 0 = the workload's own
}

// Keys are the keys that clients use. Zero fields mean the workload's default.
type Keys struct {
	Live       int // in use at one time
	OpsPerKey  int // operations on a key before a fresh one replaces it
	KeySize    units.Size
	ValSize    units.Size
	KeySpace   int // distinct keys of a benchmark
	Sequential bool
}

// Faults are what breaks the cluster meanwhile: random ones of the named kinds, and exact ones.
type Faults struct {
	Random   []string
	Interval time.Duration // from the start of one random fault to the start of the next, on average
	Hold     units.Span    // how long each lasts; zero = shares of the interval
	Gap      time.Duration // at least so long from a fault's end to the next one's start; 0 = a share of the interval
	At       []Step
}

// Step is one fault at an exact time after the load's start.
type Step struct {
	T, For time.Duration
	Do     string
	Target string // "" = the fault's own
	Shape  string // "" = the fault's default
}

// String is the step as the --fault flag takes it: "partition:leader:isolate@20s+4s".
func (s Step) String() string {
	text := s.Do
	for _, word := range []string{s.Target, s.Shape} {
		if word != "" {
			text += ":" + word
		}
	}
	return text + "@" + units.FormatDuration(s.T) + "+" + units.FormatDuration(s.For)
}

// Limits bound what checking may spend. Reaching one is unknown, never a pass.
type Limits struct {
	Timeout  time.Duration // for each check
	Memory   units.Size
	Evidence bool // judge with the members' own files
}

// Abort says when the load ends early. What was recorded is judged all the same.
type Abort struct {
	On    string        // "violation": one that is found while the run goes on; "" = never
	Grace time.Duration // for how long the load goes on all the same
}

// Claim is a statement about the numbers, as written, and where it was written.
type Claim struct {
	Expr string
	File string
	Line int
}

// Names are the words that a scenario may use for what other packages own. An empty list allows every word.
type Names struct {
	Targets, Workloads, Faults, Checks []string
}

// Default is what a scenario is before its file has said anything.
func Default() *Scenario {
	return &Scenario{
		Version: Version,
		Expect:  Pass,
		Target:  Target{Name: "etcd", Nodes: 3},
		Load: Load{
			Workloads:   []string{"register"},
			Rate:        500,
			Arrival:     "poisson",
			Clients:     units.Count{N: 4, PerNode: true},
			Duration:    30 * time.Second,
			Warmup:      2 * time.Second,
			Timeout:     5 * time.Second,
			Consistency: "l",
		},
		Faults:  Faults{Interval: 5 * time.Second},
		Checker: Limits{Timeout: time.Minute, Memory: 4 << 30, Evidence: true},
	}
}
