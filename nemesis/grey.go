package nemesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// The times of a grey leader, for an election timeout of one second; they scale with it.
const (
	greyDelay   = 350 // ms by which a link is late before it holds, at most
	greySlow    = 800 // ms for which the links are late before the first one holds
	greyWindow  = 600 // ms within which the links begin to hold, each at its own time
	greyFreeze  = 500 // ms after the first may hold, the leader freezes, at the earliest
	greyWiden   = 400 // ms that the freeze may come later
	greyRelease = 60  // ms at most between two releases
)

var greyLeader = Fault{
	Name: "grey-leader",
	Doc: "Let the leader fade: each direction of its links is late by a time of its own, then begins to hold at a time of its own, then the process freezes. Heal by resuming it, " +
		"then releasing the links one by one in random order, so that a deposed leader runs on old words. A sudden, symmetric cut never leaves a completed request with a leftover acknowledgement; this does.",
	Proof:  "the operating system reports the process as stopped, and bytes are stuck in its links",
	Limits: "a link is released as a whole, not message by message",
	Levers: []Lever{Processes, Links}, Least: 3, Can: can(3, Processes, Links), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		fading := fade(hit, pace(c))
		return fading.heal(c), fading.inject(ctx, c)
	},
	Verify: func(ctx context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		frozen, ok := inState("paused")(ctx, c, hit)
		held, full := stuck(c.Network, slowed(hit))
		return frozen + "; " + held, ok && full
	},
}

// pace is the cluster's millisecond: what a thousandth of its election timeout is.
func pace(c *cluster.Cluster) time.Duration {
	if c.ElectionTimeout == 0 {
		return time.Millisecond
	}
	return c.ElectionTimeout / 1000
}

// hold is one link, how late it is at first, and when it begins to hold.
type hold struct {
	link
	delay, at time.Duration
}

// fading is a grey leader's whole course, decided beforehand.
type fading struct {
	nodes    []history.NodeID
	holds    []hold // by time
	freeze   time.Duration
	releases []link          // in this order
	gaps     []time.Duration // before each
}

func fade(hit Hit, ms time.Duration) fading {
	rng := rand.New(rand.NewPCG(hit.Seed, 1))
	within := func(n int) time.Duration { return time.Duration(rng.IntN(n+1)) * ms }
	f := fading{nodes: hit.Nodes}
	window := []int{greyWindow, greyWindow / 10}[rng.IntN(2)] // one by one, or nearly at once
	for _, l := range slowed(hit) {
		f.holds = append(f.holds, hold{l, within(greyDelay), greySlow*ms + within(window)})
		f.releases = append(f.releases, l)
		f.gaps = append(f.gaps, within(greyRelease))
	}
	f.freeze = (greySlow+greyFreeze)*ms + within(greyWiden)
	slices.SortStableFunc(f.holds, func(a, b hold) int { return cmp.Compare(a.at, b.at) })
	rng.Shuffle(len(f.releases), func(i, j int) { f.releases[i], f.releases[j] = f.releases[j], f.releases[i] })
	return f
}

func (f fading) inject(ctx context.Context, c *cluster.Cluster) error {
	for _, h := range f.holds {
		if err := c.Network.Delay(h.from, h.to, h.delay, 0); err != nil {
			return fmt.Errorf("delay %s to %s: %w", h.from, h.to, err)
		}
	}
	var now time.Duration
	for _, h := range f.holds {
		at := min(h.at, f.freeze) // from the freeze on, all hold
		if err := sleep(ctx, at-now); err != nil {
			return err
		}
		now = at
		if err := c.Network.Cut(h.from, h.to); err != nil {
			return fmt.Errorf("hold %s to %s: %w", h.from, h.to, err)
		}
	}
	if err := sleep(ctx, f.freeze-now); err != nil {
		return err
	}
	return each(f.nodes, func(n history.NodeID) error { return c.Process.Pause(ctx, n) })
}

// heal opens every link whatever else happens; only the time it takes itself for that depends on the context.
func (f fading) heal(c *cluster.Cluster) Heal {
	return func(ctx context.Context) error {
		var errs []error
		for _, h := range f.holds {
			errs = append(errs, c.Network.Delay(h.from, h.to, 0, 0))
		}
		errs = append(errs, each(f.nodes, func(n history.NodeID) error { return c.Process.Resume(ctx, n) }))
		for i, l := range f.releases {
			_ = sleep(ctx, f.gaps[i]) // cut short, the rest is released at once
			errs = append(errs, c.Network.Mend(l.from, l.to))
		}
		return errors.Join(errs...)
	}
}
