package nemesis

import (
	"context"
	"errors"
	"fmt"

	"github.com/whitewater-kv/whitewater/cluster"
)

// compactKeeps is how many revisions a compaction leaves, so that readers a little behind are not what is tested.
const compactKeeps = 100

// The administrative faults are over when they return: there is nothing to heal.
func nothing(context.Context) error { return nil }

var moveLeader = Fault{
	Name:   "move-leader",
	Doc:    "Ask the leader to hand its office to the target.",
	Proof:  "the target says that it is the leader",
	Levers: []Lever{Admin}, Least: 2, Can: both(can(2, Admin), asks), Target: at("follower"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		switch hit.Leader {
		case "":
			return nil, errors.New("nobody leads")
		case hit.Nodes[0]:
			return nil, fmt.Errorf("%s leads already", hit.Leader)
		}
		return nothing, c.Admin.MoveLeader(ctx, hit.Leader, hit.Nodes[0])
	},
	Verify: func(ctx context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		s := c.Status(ctx, hit.Nodes[0])
		return fmt.Sprintf("%s says that %q leads in term %d", s.Node, s.Leader, s.Term), s.Up && s.Leader == hit.Nodes[0]
	},
}

var defrag = Fault{
	Name:   "defrag",
	Doc:    "Have the targets rewrite their database files, one after the other; a member answers nothing meanwhile.",
	Proof:  "the member's own word that it is done",
	Levers: []Lever{Admin}, Least: 1, Can: can(1, Admin), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		for _, n := range hit.Nodes {
			if err := c.Admin.Defragment(ctx, n); err != nil {
				return nil, fmt.Errorf("defragment %s: %w", n, err)
			}
		}
		return nothing, nil
	},
	Verify: func(_ context.Context, _ *cluster.Cluster, hit Hit) (string, bool) {
		return join(hit.Nodes) + " answered that it is done", true
	},
}

var compact = Fault{
	Name:   "compact",
	Doc:    "Have the store forget all but its last 100 revisions, through the target.",
	Proof:  "the hash of the target's store names a compacted revision",
	Levers: []Lever{Admin}, Least: 1, Can: both(can(1, Admin), asks), Target: at("one"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		revision, err := compactTo(ctx, c, hit)
		if err != nil {
			return nil, err
		}
		if err := c.Admin.Compact(ctx, hit.Nodes[0], revision); err != nil {
			return nil, err
		}
		// An earlier compaction must not speak for this one.
		if h, err := c.Admin.HashKV(ctx, hit.Nodes[0], 0); err == nil && h.Compact < revision {
			return nil, fmt.Errorf("%s is compacted up to revision %d, not %d", hit.Nodes[0], h.Compact, revision)
		}
		return nothing, nil
	},
	Verify: func(ctx context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		h, err := c.Admin.HashKV(ctx, hit.Nodes[0], 0)
		if err != nil {
			return fmt.Sprintf("hash of %s: %v", hit.Nodes[0], err), false
		}
		return fmt.Sprintf("%s is compacted up to revision %d", hit.Nodes[0], h.Compact), h.Compact > 0
	},
}

// compactTo is the revision that leaves the first target's last hundred. A member that just came back, or is starved, may
// not answer at once.
func compactTo(ctx context.Context, c *cluster.Cluster, hit Hit) (int64, error) {
	s := c.Status(ctx, hit.Nodes[0])
	for !s.Up && sleep(ctx, askEvery) == nil {
		s = c.Status(ctx, hit.Nodes[0])
	}
	if s.Revision <= compactKeeps {
		return 0, fmt.Errorf("%s is at revision %d; there is nothing to compact before %d", hit.Nodes[0], s.Revision, compactKeeps)
	}
	return s.Revision - compactKeeps, nil
}

// asks says whether members can be asked about themselves.
func asks(c *cluster.Cluster) error {
	if c.Status == nil {
		return errors.New("this cluster's members cannot be asked for their status")
	}
	return nil
}

func both(a, b func(*cluster.Cluster) error) func(*cluster.Cluster) error {
	return func(c *cluster.Cluster) error {
		return errors.Join(a(c), b(c))
	}
}
