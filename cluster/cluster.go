// Package cluster says what a system under test is: named nodes, clients, and the levers by which it can be broken.
package cluster

import (
	"context"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Cluster is a running system under test. A nil lever means that this driver has none.
type Cluster struct {
	Driver  string // "etcd", "memkv"
	Version string // as the running members report it
	Nodes   []history.NodeID
	// Endpoints is where other clients than ours reach each member: "127.0.0.1:41234".
	Endpoints map[history.NodeID]string
	// Prefix begins the only keys that are ours, in a cluster that somebody else runs; "" = all keys are ours.
	Prefix string
	// ElectionTimeout is the members' setting: what leader changes are measured in.
	ElectionTimeout time.Duration

	// Dial opens a client bound to one member for good. It returns when the member was reached and proved to be the
	// member asked for, or with an error.
	Dial func(context.Context, history.NodeID) (Client, error)
	// Status asks one member about itself, past the links: one that is cut off can still be observed. A member that
	// does not answer is an answer: Up is false.
	Status func(context.Context, history.NodeID) history.Status
	// Watch opens w's stream on its member and calls each for every response, until ctx ends (nil), the store
	// cancels it (*Compacted) or it breaks (any other error). each runs in Watch's own goroutine.
	Watch func(ctx context.Context, w history.Watch, each func(history.WatchResponse)) error
	// Collect reads the members' logs and files after the run, when all levers are at rest.
	Collect func(context.Context) ([]history.Evidence, error)
	// Close ends every process and removes everything that the cluster put on the machine.
	Close func() error

	Process Process
	Network Network
	Admin   Admin
}

// Client speaks to one member, one request at a time for each caller, exactly one attempt for each request. It may be
// used by several goroutines.
type Client interface {
	// Do sends the request once. It returns no error: failures are data, classified by the driver's error table.
	Do(context.Context, history.Request) history.Result
	Close() error
}

// Process starts, stops, and freezes members.
type Process interface {
	Kill(context.Context, history.NodeID) error // SIGKILL; returns when the process is gone
	Stop(context.Context, history.NodeID) error // SIGTERM; returns when the process is gone
	Start(context.Context, history.NodeID) error
	Pause(context.Context, history.NodeID) error // SIGSTOP; returns when the process is stopped
	Resume(context.Context, history.NodeID) error
	// State is what the operating system says: "running", "paused", "killed", "stopped", "exited".
	State(history.NodeID) string
}

// Network cuts and shapes directed links between members, and between history.Clients and members. Bytes inside a
// stream are never reordered, duplicated or dropped: a cut link holds them until it heals.
type Network interface {
	Cut(from, to history.NodeID) error
	Mend(from, to history.NodeID) error
	Delay(from, to history.NodeID, delay, jitter time.Duration) error
	MendAll() error
	// Traffic counts what passed and what is being held on a link: the evidence that a cut cuts.
	Traffic(from, to history.NodeID) Traffic
}

// Traffic is a link's counters since the cluster began.
type Traffic struct {
	Passed int64 // bytes delivered
	Held   int64 // bytes that arrived at the link and are not delivered yet
	Cut    bool
}

// Admin is what an operator can ask of the cluster.
type Admin interface {
	Compact(ctx context.Context, node history.NodeID, revision int64) error
	Defragment(context.Context, history.NodeID) error
	MoveLeader(ctx context.Context, from, to history.NodeID) error
	HashKV(ctx context.Context, node history.NodeID, revision int64) (history.HashKV, error)
}

// Compacted ends a watch whose next revision is gone.
type Compacted struct{ Revision int64 }

func (c *Compacted) Error() string { return "required revision has been compacted" }
