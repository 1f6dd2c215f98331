package cluster

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Driver is a kind of system under test, by name.
type Driver struct {
	Name, Doc string
	// Launch starts a cluster as the spec says and returns when every member answers and they agree on a leader. When
	// it fails, nothing is left on the machine but the members' logs.
	Launch func(context.Context, Spec) (*Cluster, error)
}

// Spec says which cluster to launch. Zero fields mean the driver's default.
type Spec struct {
	Nodes         int    // members: 1, 3, 5, 7 or 9
	Dir           string // the run folder; members live in Dir/nodes/n1/…
	Binary        string // the server's program; "" = the one built in
	Args          []string
	Heartbeat     time.Duration
	Election      time.Duration
	SnapshotCount int // entries between two snapshots
	TLS           bool
	UnsafeNoFsync bool
	// Direct leaves out everything between clients and members: for benchmarks. The cluster has no Network lever.
	Direct bool
	// KeepData leaves the members' data directories (Dir/nodes/n1/data) in place after Close; logs always stay.
	KeepData bool
	// Since tells the time since the run's epoch: evidence is stamped with it. nil = since Launch.
	Since func() time.Duration
	// Own is told of everything that outlives a killed harness, before it is used. nil = nobody needs to know.
	Own       func(kind, what string) error
	Log       *slog.Logger // nil = discard
	ClientLog io.Writer    // what client libraries say; nil = discard
}

// EnvironmentError says that the machine, not the system under test, is in the way: a missing program, a port that is
// taken, a folder that cannot be written.
type EnvironmentError struct {
	Doing string   // "launch n2"
	Err   error    // the reason
	Hint  string   // what to do about it; may be empty
	Tail  []string // the last lines of the member's log; may be empty
}

func (e *EnvironmentError) Error() string {
	text := e.Doing + ": " + e.Err.Error()
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	for _, line := range e.Tail {
		text += "\n  | " + line
	}
	return text
}

func (e *EnvironmentError) Unwrap() error { return e.Err }
