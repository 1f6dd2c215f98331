package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// Limits of one fault. Reaching one is recorded with the fault.
const (
	injectTimeout  = 20 * time.Second
	healTimeout    = 30 * time.Second
	leaderPatience = 10 * time.Second // how long a step waits for a leader to hit
	askTimeout     = 500 * time.Millisecond
	askEvery       = 50 * time.Millisecond
	verifyEvery    = 20 * time.Millisecond
)

// Moment is a point in the course of a fault at which the harness may act.
type Moment string

// The moments, in order. BeforeInject and AfterHeal come for every fault whose target was found, also if it failed;
// Active only when the effect was seen, BeforeHeal only while the run goes on. A hook that takes long makes the fault
// last longer.
const (
	BeforeInject Moment = "before-inject"
	Active       Moment = "active"
	BeforeHeal   Moment = "before-heal"
	AfterHeal    Moment = "after-heal"
)

// Deps is what a run gives its nemesis.
type Deps struct {
	Now    func() time.Duration                              // the run's clock
	Until  func(ctx context.Context, at time.Duration) error // waits for a moment of it
	Start  time.Duration                                     // when the schedule's time zero is
	Record func(history.Fault)                               // called again as the fault goes on; the last word counts
	Rand   *rand.Rand                                        // decides whom roles mean; not used after Run returns
	Probe  func(ctx context.Context, moment Moment, hit Hit) // nil = no probes
}

// Run carries out the schedule and returns when every fault is healed. When ctx ends, what is active is healed at once
// and what has not begun is left out. Steps that do not overlap in the schedule do not overlap in time either, even if
// one of them takes longer than planned.
func Run(ctx context.Context, c *cluster.Cluster, s Schedule, deps Deps) {
	r := &run{c: c, Deps: deps}
	ended := make([]chan struct{}, len(s))
	var wg sync.WaitGroup
	for i, step := range s {
		ended[i] = make(chan struct{})
		var before []chan struct{}
		for j, earlier := range s[:i] {
			if earlier.At+earlier.For <= step.At {
				before = append(before, ended[j])
			}
		}
		seed := deps.Rand.Uint64()
		wg.Go(func() {
			defer close(ended[i])
			if r.wait(ctx, step.At, before) {
				r.step(ctx, i, step, seed)
			}
		})
	}
	wg.Wait()
}

type run struct {
	Deps
	c       *cluster.Cluster
	acting  sync.Mutex // from choosing the nodes until they are hit, so that no two steps choose the same
	probing sync.Mutex // one probe at a time
}

// wait reports whether the step's time has come before the run's end.
func (r *run) wait(ctx context.Context, at time.Duration, before []chan struct{}) bool {
	for _, ended := range before {
		<-ended // at once when ctx ends, because healing is bounded
	}
	return r.Until(ctx, r.Start+at) == nil && ctx.Err() == nil
}

// step carries out one step from its target to its healing.
func (r *run) step(ctx context.Context, id int, planned Step, seed uint64) {
	f := history.Fault{
		ID: id, Step: planned.String(), Name: planned.Fault, Target: string(planned.Target), Shape: planned.Shape, Start: r.Now(),
	}
	defer func() { r.Record(f) }()
	step, fault, err := planned.whole()
	if err == nil {
		err = fault.Can(r.c)
	}
	if err != nil {
		f.Error, f.End = err.Error(), r.Now()
		return
	}
	f.Target, f.Shape = string(step.Target), step.Shape
	rng := rand.New(rand.NewPCG(seed, 0))
	r.acting.Lock()
	hit, err := r.choose(ctx, rng, step, &f)
	if err != nil {
		r.acting.Unlock()
		f.Error, f.End = fmt.Sprintf("choose %s: %v", step.Target, err), r.Now()
		return
	}
	f.Nodes, f.Start = hit.Nodes, r.Now()
	r.probe(ctx, BeforeInject, hit)
	r.Record(f)
	heal, err := r.inject(ctx, fault, hit)
	r.acting.Unlock()
	f.Active = r.Now()
	if err != nil {
		f.Error = "inject: " + err.Error()
	} else {
		r.hold(ctx, fault, hit, f.Active+step.For, &f)
	}
	f.Heal = r.Now()
	if heal != nil {
		if err := r.heal(ctx, heal); err != nil {
			f.Error = join(slices.DeleteFunc([]string{f.Error, "heal: " + err.Error()}, func(s string) bool { return s == "" }))
		}
	}
	f.End = r.Now()
	r.probe(ctx, AfterHeal, hit)
}

func (r *run) inject(ctx context.Context, fault Fault, hit Hit) (Heal, error) {
	ctx, cancel := context.WithTimeout(ctx, injectTimeout)
	defer cancel()
	return fault.Inject(ctx, r.c, hit)
}

// heal runs under a context that outlives the run.
func (r *run) heal(ctx context.Context, heal Heal) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healTimeout)
	defer cancel()
	return heal(ctx)
}

// hold keeps the fault until its time is up, looking for its effect meanwhile. The last look comes after the probes,
// because some faults show only when somebody runs into them.
func (r *run) hold(ctx context.Context, fault Fault, hit Hit, end time.Duration, f *history.Fault) {
	last := "its effect was never looked for"
	look := func(limit time.Duration) bool {
		asking, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		evidence, ok := fault.Verify(asking, r.c, hit)
		if last = evidence; ok {
			f.TookEffect, f.Evidence = true, append(f.Evidence, evidence)
			r.Record(*f)
		}
		return ok
	}
	for ctx.Err() == nil && r.Now() < end {
		if look(end - r.Now()) {
			r.probe(ctx, Active, hit)
			break
		}
		_ = r.Until(ctx, min(r.Now()+verifyEvery, end))
	}
	if r.Until(ctx, end) == nil {
		r.probe(ctx, BeforeHeal, hit)
	}
	if !f.TookEffect && !look(askTimeout) {
		f.Evidence = append(f.Evidence, "not seen: "+last)
	}
}

// choose resolves the step's target, waiting for a leader if it needs one.
func (r *run) choose(ctx context.Context, rng *rand.Rand, step Step, f *history.Fault) (Hit, error) {
	for deadline := r.Now() + leaderPatience; ; {
		leader, term := findLeader(ctx, r.c)
		nodes, err := step.Target.Pick(rng, r.c.Nodes, leader, running(r.c))
		if err == nil {
			f.LeaderBefore, f.TermBefore = leader, term
			others := slices.DeleteFunc(slices.Clone(r.c.Nodes), func(n history.NodeID) bool { return slices.Contains(nodes, n) })
			return Hit{Nodes: nodes, Others: others, Leader: leader, Shape: step.Shape, Seed: rng.Uint64()}, nil
		}
		if !errors.Is(err, ErrNoLeader) {
			return Hit{}, err
		}
		if r.Now() >= deadline {
			return Hit{}, fmt.Errorf("%w, for %v", err, leaderPatience)
		}
		if err := r.Until(ctx, r.Now()+askEvery); err != nil {
			return Hit{}, err
		}
	}
}

func (r *run) probe(ctx context.Context, m Moment, hit Hit) {
	if r.Probe != nil {
		r.probing.Lock()
		defer r.probing.Unlock()
		r.Probe(ctx, m, hit)
	}
}

// findLeader asks every member and believes the one that takes itself for the leader in the highest term; "" = nobody does.
func findLeader(ctx context.Context, c *cluster.Cluster) (leader history.NodeID, term uint64) {
	if c.Status == nil {
		return "", 0
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	said := make([]history.Status, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		wg.Go(func() { said[i] = c.Status(ctx, n) })
	}
	wg.Wait()
	for i, s := range said {
		if s.Up && s.Leader == c.Nodes[i] && s.Term >= term {
			leader, term = s.Leader, s.Term
		}
	}
	return leader, term
}

// running lists the nodes whose processes run; all of them if the cluster does not tell.
func running(c *cluster.Cluster) []history.NodeID {
	if c.Process == nil {
		return c.Nodes
	}
	return slices.DeleteFunc(slices.Clone(c.Nodes), func(n history.NodeID) bool { return c.Process.State(n) != "running" })
}

// HealAll puts every lever to rest: all links open, every process running.
func HealAll(ctx context.Context, c *cluster.Cluster) error {
	var errs []error
	if c.Network != nil {
		errs = append(errs, c.Network.MendAll())
	}
	if c.Process != nil {
		errs = append(errs, each(c.Nodes, func(n history.NodeID) error {
			switch c.Process.State(n) {
			case "running":
				return nil
			case "paused":
				return doing("resume", n, c.Process.Resume(ctx, n))
			default:
				return doing("start", n, c.Process.Start(ctx, n))
			}
		}))
	}
	return errors.Join(errs...)
}

func doing(what string, n history.NodeID, err error) error {
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, n, err)
	}
	return nil
}
