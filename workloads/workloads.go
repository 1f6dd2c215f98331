// Package workloads generates load: pure generators of requests and paces, one file each.
package workloads

import (
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Generator yields a worker's next request, given the worker's last operation (the zero Op at first). It returns false
// when the worker has nothing left to do. It is called by one goroutine.
type Generator func(last history.Op) (history.Request, bool)

// Workload is a kind of load.
type Workload struct {
	Name, Doc string
	// Prefix begins every key of this workload: several run side by side on disjoint prefixes.
	Prefix string
	// New makes the generator of one worker. shared is the value that Share returned, the same for all workers.
	New func(p Params, worker int, shared any, rng *rand.Rand) Generator
	// Share makes what a run's workers have in common (the current key, say), safe for concurrent use; nil = nothing.
	Share func(p Params) any
	// Watches are opened on every member for the whole run, beside the observer; their ID, Node and times are unset.
	Watches func(p Params, node history.NodeID, rng *rand.Rand) []history.Watch
	// Closed marks a load whose workers proceed at their own speed whatever the rate: locks, leases.
	Closed bool
}

// Params are the settings that workloads read. Zero fields mean the workload's default, filled in by Defaults.
type Params struct {
	Run          string // makes values unique between runs
	Workers      int
	Nodes        int
	Keys         int            // keys in use at one time
	OpsPerKey    int            // operations on a key before it is replaced by a fresh one; 0 = never
	KeySize      int            // bytes, at least
	ValSize      int            // bytes, at least
	Mix          map[string]int // kind of operation to weight
	Serializable bool
	TTL          int64         // seconds, of leases
	Hold         time.Duration // how long a lock or leadership is held, on average
	RangeLimit   int64
	Sequential   bool // keys in order instead of at random (bench)
	KeySpace     int  // number of distinct keys (bench)
}

// Pace says when the n-th operation (from 0) is due, since the load's start. A nil Pace is a closed loop.
type Pace func(n int) time.Duration
