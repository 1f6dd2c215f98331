package nemesis

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// interruptWithin is how long after maintenance began its member dies, at most. A store that is small enough for a run is
// rewritten, and compacted, in less; what follows until it is all on disk takes about as long.
const interruptWithin = 100 * time.Millisecond

const (
	interruptProof  = "the operating system no longer has the processes"
	interruptLimits = "when exactly the processes die is a matter of milliseconds, and not the same when a run is repeated"
)

var killDefrag = Fault{
	Name:   "kill-defrag",
	Doc:    "Have the targets rewrite their database files and kill them meanwhile, up to 100 ms after they began; heal by starting them again.",
	Proof:  interruptProof,
	Limits: interruptLimits,
	Levers: []Lever{Processes, Admin}, Least: 1, Can: can(1, Processes, Admin), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		return restarting(c, hit), interrupt(ctx, c, hit, func(ctx context.Context, n history.NodeID) error {
			return c.Admin.Defragment(ctx, n)
		})
	},
	Verify: inState("killed"),
}

var killCompact = Fault{
	Name:   "kill-compact",
	Doc:    "Have the store forget all but its last 100 revisions, and kill the targets meanwhile, up to 100 ms after it began; heal by starting them again.",
	Proof:  interruptProof,
	Limits: interruptLimits,
	Levers: []Lever{Processes, Admin}, Least: 1, Can: both(can(1, Processes, Admin), asks), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		revision, err := compactTo(ctx, c, hit)
		if err != nil {
			return nil, err
		}
		return restarting(c, hit), interrupt(ctx, c, hit, func(ctx context.Context, n history.NodeID) error {
			if n != hit.Nodes[0] {
				return nil // asked once, it happens everywhere
			}
			return c.Admin.Compact(ctx, n, revision)
		})
	},
	Verify: inState("killed"),
}

// interrupt kills every target a random time after its maintenance began. What the maintenance answers is of no account:
// a member that dies in the middle of it answers nothing.
func interrupt(ctx context.Context, c *cluster.Cluster, hit Hit, maintain func(context.Context, history.NodeID) error) error {
	rng := rand.New(rand.NewPCG(hit.Seed, 2))
	after := map[history.NodeID]time.Duration{}
	for _, n := range hit.Nodes {
		after[n] = time.Duration(rng.Int64N(int64(interruptWithin)))
	}
	return each(hit.Nodes, func(n history.NodeID) error {
		asking, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- maintain(asking, n) }()
		err := sleep(ctx, after[n])
		if err == nil {
			err = ending(ctx, "kill", c.Process.Kill)(n)
		}
		stop()
		<-ended
		return err
	})
}
