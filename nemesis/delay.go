package nemesis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// delayReads is how many reads are timed for proof, at once; the fastest counts, so that one slow read proves nothing.
const delayReads = 3

var delay = Fault{
	Name:   "delay",
	Doc:    "Make the links between the targets and the other members slow, both ways, with a jitter of half the delay.",
	Proof:  "the fastest of three linearizable reads at a target takes at least as long as one round trip must",
	Limits: "bytes are late, never lost or reordered within a connection",
	Levers: []Lever{Links}, Least: 2, Can: can(2, Links), Target: at("leader"),
	Shapes: []string{"50ms", "20ms", "200ms"},
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		by, err := time.ParseDuration(hit.Shape)
		if err != nil {
			return nil, fmt.Errorf("delay by %q: %w", hit.Shape, err)
		}
		return shape(c.Network, slowed(hit), by, by/2)
	},
	Verify: func(ctx context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		by, _ := time.ParseDuration(hit.Shape)
		least := 2 * (by - by/2) // the shortest round trip: jitter at its lowest both ways
		took, err := fastestRead(ctx, c, hit.Nodes[0])
		if err != nil {
			return err.Error(), false
		}
		return fmt.Sprintf("a linearizable read at %s takes %v; one round trip takes at least %v", hit.Nodes[0], took.Round(time.Millisecond), least), took >= least
	},
}

func slowed(hit Hit) []link {
	hit.Shape = isolate
	return cuts(hit)
}

func shape(network cluster.Network, links []link, delay, jitter time.Duration) (Heal, error) {
	set := func(delay, jitter time.Duration) error {
		var errs []error
		for _, l := range links {
			if err := network.Delay(l.from, l.to, delay, jitter); err != nil {
				errs = append(errs, fmt.Errorf("delay %s to %s: %w", l.from, l.to, err))
			}
		}
		return errors.Join(errs...)
	}
	return func(context.Context) error { return set(0, 0) }, set(delay, jitter)
}

// fastestRead times reads that the member must ask others about. Their answers are nobody's business but ours, so they
// are not part of the history.
func fastestRead(ctx context.Context, c *cluster.Cluster, node history.NodeID) (time.Duration, error) {
	client, err := c.Dial(ctx, node)
	if err != nil {
		return 0, fmt.Errorf("dial %s: %w", node, err)
	}
	defer client.Close()
	took, errs := make([]time.Duration, delayReads), make([]error, delayReads)
	var wg sync.WaitGroup
	for i := range delayReads {
		wg.Go(func() {
			start := time.Now()
			res := client.Do(ctx, history.Request{Kind: history.Get, Key: "nemesis"})
			if took[i] = time.Since(start); res.Outcome != history.OK {
				errs[i] = fmt.Errorf("read at %s: %s", node, res.Error)
			}
		})
	}
	wg.Wait()
	return slices.Min(took), errors.Join(errs...)
}
