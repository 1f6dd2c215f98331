// Package nemesis breaks a cluster by plan: faults, their targets, and the schedule.
package nemesis

import (
	"context"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// Heal undoes a fault. It runs under a context that outlives the run.
type Heal func(context.Context) error

// Fault is a way of breaking a cluster.
type Fault struct {
	Name, Doc string
	Shapes    []string // what the fault can be told beside its target; the first is the default
	// Can says why this cluster cannot be broken in this way; nil = it can.
	Can func(*cluster.Cluster) error
	// Inject breaks the nodes and returns the healing, which is never nil if anything was broken.
	Inject func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error)
	// Verify looks for the fault's own effect while it is active, and says what it saw. It is asked until it is
	// satisfied or the fault ends.
	Verify func(ctx context.Context, c *cluster.Cluster, hit Hit) (evidence string, ok bool)
}

// Hit is a fault's target, resolved.
type Hit struct {
	Nodes  []history.NodeID
	Others []history.NodeID
	Leader history.NodeID // when the step ran; "" = nobody
	Shape  string
	Seed   uint64
}

// Step is one line of a schedule.
type Step struct {
	At, For time.Duration // since the load's start
	Fault   string
	Target  Target
	Shape   string
}

// Target names the nodes that a step hits: "leader", "follower", "one", "minority", "majority", "all", or "n2".
type Target string

// Schedule is the plan of a run's faults, ordered by time.
type Schedule []Step
