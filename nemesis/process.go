package nemesis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

var kill = Fault{
	Name:   "kill",
	Doc:    "End the processes at once, as kill -9 does; heal by starting them again on their data.",
	Proof:  "the operating system no longer has the processes",
	Limits: "what the members wrote stays in the machine's page cache: this is a crash, not a power cut",
	Levers: []Lever{Processes}, Least: 1, Can: can(1, Processes), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		return restarting(c, hit), each(hit.Nodes, ending(ctx, "kill", c.Process.Kill))
	},
	Verify: inState("killed"),
}

var stop = Fault{
	Name:   "stop",
	Doc:    "Ask the processes to end in good order (SIGTERM), which lets a leader hand over first; heal by starting them.",
	Proof:  "the operating system no longer has the processes",
	Levers: []Lever{Processes}, Least: 1, Can: can(1, Processes), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		return restarting(c, hit), each(hit.Nodes, ending(ctx, "stop", c.Process.Stop))
	},
	Verify: inState("stopped"),
}

var pause = Fault{
	Name:   "pause",
	Doc:    "Freeze the processes (SIGSTOP) with their connections open, as a long garbage collection or a stalled machine would; heal by resuming them.",
	Proof:  "the operating system reports the processes as stopped",
	Limits: "the kernel still accepts connections and bytes for a frozen process",
	Levers: []Lever{Processes}, Least: 1, Can: can(1, Processes), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		return resuming(c, hit), each(hit.Nodes, func(n history.NodeID) error { return doing("pause", n, c.Process.Pause(ctx, n)) })
	},
	Verify: inState("paused"),
}

const (
	dutyOff = 90 * time.Millisecond
	dutyOn  = 10 * time.Millisecond
)

var duty = Fault{
	Name:   "duty",
	Doc:    "Let the processes run only 10 of every 100 ms, as on a starved machine.",
	Proof:  "the operating system reports the processes as stopped, now and then",
	Limits: "a starved process runs slowly; this one runs fast and rarely",
	Levers: []Lever{Processes}, Least: 1, Can: can(1, Processes), Target: at("leader"),
	Inject: func(ctx context.Context, c *cluster.Cluster, hit Hit) (Heal, error) {
		cycling, stop := context.WithCancel(context.WithoutCancel(ctx))
		ended := make(chan error, 1)
		go func() { ended <- cycle(cycling, c.Process, hit.Nodes) }()
		return func(ctx context.Context) error {
			stop()
			select {
			case err := <-ended:
				return errors.Join(err, resuming(c, hit)(ctx))
			case <-ctx.Done():
				return fmt.Errorf("%s: a lever is stuck: %w", join(hit.Nodes), ctx.Err())
			}
		}, nil
	},
	Verify: inState("paused"),
}

// cycle pauses and resumes until the context ends or a lever fails. It leaves the nodes in either state.
func cycle(ctx context.Context, p cluster.Process, nodes []history.NodeID) error {
	move := func(lever func(context.Context, history.NodeID) error) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), injectTimeout)
		defer cancel()
		return each(nodes, func(n history.NodeID) error { return lever(ctx, n) })
	}
	for {
		if err := move(p.Pause); err != nil {
			return err
		}
		if sleep(ctx, dutyOff) != nil {
			return nil
		}
		if err := move(p.Resume); err != nil {
			return err
		}
		if sleep(ctx, dutyOn) != nil {
			return nil
		}
	}
}

// ending ends a process and sees it through, also when the run ends meanwhile: one that was asked to end, and still runs when
// the heal looks, would be left to die.
func ending(ctx context.Context, what string, end func(context.Context, history.NodeID) error) func(history.NodeID) error {
	return func(n history.NodeID) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), injectTimeout)
		defer cancel()
		return doing(what, n, end(ctx, n))
	}
}

// restarting heals members whose processes ended; one that never did is left alone.
func restarting(c *cluster.Cluster, hit Hit) Heal {
	return func(ctx context.Context) error {
		return each(hit.Nodes, func(n history.NodeID) error {
			if c.Process.State(n) == "running" {
				return nil
			}
			return doing("start", n, c.Process.Start(ctx, n))
		})
	}
}

func resuming(c *cluster.Cluster, hit Hit) Heal {
	return func(ctx context.Context) error {
		return each(hit.Nodes, func(n history.NodeID) error { return doing("resume", n, c.Process.Resume(ctx, n)) })
	}
}

// inState verifies that the operating system sees every node in the state.
func inState(want string) func(context.Context, *cluster.Cluster, Hit) (string, bool) {
	return func(_ context.Context, c *cluster.Cluster, hit Hit) (string, bool) {
		var seen []string
		ok := true
		for _, n := range hit.Nodes {
			state := c.Process.State(n)
			seen = append(seen, fmt.Sprintf("%s is %s", n, state))
			ok = ok && state == want
		}
		return strings.Join(seen, ", "), ok
	}
}
