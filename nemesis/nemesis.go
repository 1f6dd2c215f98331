// Package nemesis breaks a cluster by plan: faults, their targets, and the schedule.
package nemesis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// All is the catalogue of faults, in the order in which they are shown.
var All = []Fault{
	kill, stop, pause, duty,
	partition, clients, delay, greyLeader,
	moveLeader, defrag, compact, killDefrag, killCompact,
}

// Heal undoes a fault. It runs under a context that outlives the run.
type Heal func(context.Context) error

// Fault is a way of breaking a cluster.
type Fault struct {
	Name, Doc string
	Proof     string   // what Verify looks at, for people
	Limits    string   // where the fault differs from what it stands for
	Levers    []Lever  // what it moves; two faults that move the same do not overlap on the same nodes
	Shapes    []string // what the fault can be told beside its target; the first is the default
	// Target is whom the fault hits if the step does not say, for the given shape.
	Target func(shape string) Target
	// Least is the number of nodes below which the fault means nothing.
	Least int
	// Can says why this cluster cannot be broken in this way; nil = it can.
	Can func(*cluster.Cluster) error
	// Inject breaks the nodes and returns the healing, which is never nil if anything was broken.
	Inject func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error)
	// Verify looks for the fault's own effect while it is active, and says what it saw. It is asked until it is
	// satisfied or the fault ends.
	Verify func(ctx context.Context, c *cluster.Cluster, hit Hit) (evidence string, ok bool)
}

// Lever is a part of a cluster that faults move.
type Lever string

// The levers, as in cluster.Cluster; the network's are two, because cutting members off from each other and cutting
// clients off do not touch.
const (
	Processes Lever = "processes"
	Links     Lever = "links between members"
	Edges     Lever = "links to clients"
	Admin     Lever = "administration"
)

// Hit is a fault's target, resolved.
type Hit struct {
	Nodes  []history.NodeID
	Others []history.NodeID
	Leader history.NodeID // when the step ran; "" = nobody
	Shape  string
	Seed   uint64 // decides whatever else the fault leaves to chance
}

// Find returns the fault of that name.
func Find(name string) (Fault, error) {
	for _, f := range All {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("no fault is called %q; there are %s", name, strings.Join(Names(), ", "))
}

// Names lists the faults.
func Names() []string {
	var names []string
	for _, f := range All {
		names = append(names, f.Name)
	}
	return names
}

// at returns a function that always gives the same target.
func at(t Target) func(string) Target { return func(string) Target { return t } }

// can combines what a fault needs of a cluster: enough nodes, and its levers.
func can(least int, levers ...Lever) func(*cluster.Cluster) error {
	return func(c *cluster.Cluster) error {
		if len(c.Nodes) < least {
			return fmt.Errorf("it needs %d nodes; this cluster has %d", least, len(c.Nodes))
		}
		has := map[Lever]bool{
			Processes: c.Process != nil, Links: c.Network != nil, Edges: c.Network != nil, Admin: c.Admin != nil,
		}
		for _, l := range levers {
			if !has[l] {
				return fmt.Errorf("this cluster gives no hold on its %s", l)
			}
		}
		return nil
	}
}

// each does the same to several nodes at once and joins what went wrong.
func each(nodes []history.NodeID, do func(history.NodeID) error) error {
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { errs[i] = do(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func join[T ~string](names []T) string {
	var s []string
	for _, n := range names {
		s = append(s, string(n))
	}
	return strings.Join(s, ", ")
}
