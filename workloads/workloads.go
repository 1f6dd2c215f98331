// Package workloads generates load: pure generators of requests and paces, one file each.
package workloads

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
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
	// Setup is carried out once, in order, before the load begins: the keys that a benchmark reads. nil = nothing.
	Setup func(p Params) []history.Request
	// Closed marks a load whose workers proceed at their own speed whatever the rate: locks, leases.
	Closed bool
	// Params are the defaults of the settings that this workload reads; see Defaults.
	Params Params
}

// All is every workload, in the order in which they are listed.
var All = []Workload{
	Register, KV, Append, WR, Bank, Set, Watch, Lease, Discovery, Lock, LockSet, LockEtcdSet, Election, Mixed,
	Reads, SerializableReads, Puts, Ranges, TxnMixed, TxnPut, WatchLatency, LeaseKeepalive, STM,
}

// MaxWorkers is the largest number of workers of a run: numbers that must be unique are counted in steps of it.
const MaxWorkers = 4096

// Find returns the workload of a name.
func Find(name string) (Workload, error) {
	var names []string
	for _, w := range All {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	return Workload{}, fmt.Errorf("workload %q: not one of %s", name, strings.Join(names, ", "))
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
	Sequential   bool    // keys in order instead of at random (bench)
	KeySpace     int     // number of distinct keys (bench)
	RWRatio      float64 // reads for each write (txn-mixed)
	TxnOps       int     // operations in one transaction (txn-put, stm)
}

// Defaults fills the settings that p leaves open with w's own. New, Share and Watches are called with the result.
func (w Workload) Defaults(p Params) Params {
	d := w.Params
	fill(&p.Run, "w")
	fill(&p.Workers, 1)
	fill(&p.Nodes, 1)
	fill(&p.Keys, d.Keys)
	fill(&p.OpsPerKey, d.OpsPerKey)
	fill(&p.KeySize, d.KeySize)
	fill(&p.ValSize, d.ValSize)
	fill(&p.TTL, d.TTL)
	fill(&p.Hold, d.Hold)
	fill(&p.RangeLimit, d.RangeLimit)
	fill(&p.KeySpace, d.KeySpace)
	fill(&p.RWRatio, d.RWRatio)
	fill(&p.TxnOps, d.TxnOps)
	p.Sequential = p.Sequential || d.Sequential
	if len(p.Mix) == 0 {
		p.Mix = maps.Clone(d.Mix)
	}
	return p
}

// fill replaces a zero value.
func fill[T comparable](at *T, value T) {
	var zero T
	if *at == zero {
		*at = value
	}
}

// CheckMix says whether the workload knows every kind of operation that the mix names.
func (w Workload) CheckMix(mix map[string]int) error {
	total := 0
	for name, weight := range mix {
		if _, ok := w.Params.Mix[name]; !ok {
			return fmt.Errorf("mix %q: workload %s has %s", name, w.Name, strings.Join(choose(w.Params.Mix).names, ", "))
		}
		if weight < 0 {
			return fmt.Errorf("mix %q: weight %d is below zero", name, weight)
		}
		total += weight
	}
	if len(mix) > 0 && total == 0 {
		return fmt.Errorf("mix: all weights are zero")
	}
	return nil
}

// Pace says when the n-th operation (from 0) is due, since the load's start. A nil Pace is a closed loop.
type Pace func(n int) time.Duration
