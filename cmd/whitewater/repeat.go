package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// repeating are the flags that do a run several times.
type repeating struct {
	times     *int
	untilFail *bool
	budget    *time.Duration
}

func addRepeating(cmd *cobra.Command) *repeating {
	return &repeating{
		times:     cmd.Flags().Int("repeat", 1, "so many runs, each with the next seed"),
		untilFail: cmd.Flags().Bool("until-fail", false, "end with the first run that does not pass"),
		budget:    cmd.Flags().Duration("budget", 0, "begin no further run after so long"),
	}
}

// unbounded is how many runs --until-fail makes when nothing says otherwise.
const unbounded = 10_000

// repeat carries out a scenario once, or several times with a result for all.
func (a *app) repeat(parent context.Context, r *running, rep *repeating, s *scenarios.Scenario) error {
	times := *rep.times
	if times < 1 || times > unbounded {
		return usagef("--repeat %d: from 1 to %d", times, unbounded)
	}
	if times == 1 && !*rep.untilFail && *rep.budget == 0 {
		return a.once(parent, r, s)
	}
	if times == 1 {
		times = unbounded
	}
	drawSeed(s)
	var jobs []job
	for n := range times {
		again := *s
		again.Seed = s.Seed + uint64(n)
		jobs = append(jobs, job{fmt.Sprintf("%s seed %d", again.Name, again.Seed), &again})
	}
	return a.campaign(parent, r, batch{what: s.Name, jobs: jobs, budget: *rep.budget, untilFail: *rep.untilFail, open: times == unbounded})
}

// once carries out one run and presents it.
func (a *app) once(parent context.Context, r *running, s *scenarios.Scenario) error {
	ctx, i, stop := a.hearing(parent)
	defer stop()
	silence, err := r.serveMetrics(a)
	if err != nil {
		return err
	}
	defer silence()
	sum, err := a.one(ctx, r, s, i)
	if err != nil {
		return err
	}
	if err := a.present(r.out, sum); err != nil {
		return err
	}
	return exit(sum.Exit)
}

// job is one run to be carried out.
type job struct {
	name     string
	scenario *scenarios.Scenario
}

// batch is what all carries out, one after the other: runs that are measured never share the machine.
type batch struct {
	what      string
	jobs      []job
	budget    time.Duration
	untilFail bool
	open      bool                 // its length means nothing: what is not begun is not missing
	index     func(*series) *index // makes the page that shows all; nil: there is none
}

// campaign carries out a batch and presents it.
func (a *app) campaign(parent context.Context, r *running, b batch) error {
	ctx, i, stop := a.hearing(parent)
	defer stop()
	silence, err := r.serveMetrics(a)
	if err != nil {
		return err
	}
	defer silence()
	s := a.all(ctx, r, i, b)
	if b.index != nil {
		s.index = b.index(s)
		err = errors.Join(s.index.store(*r.root), a.browse(r.out, s.index.path))
	}
	if err := errors.Join(err, a.presentSeries(r.out, s)); err != nil {
		return err
	}
	return exit(s.code())
}

// all carries out a batch, as far as the budget and the signals let it.
func (a *app) all(ctx context.Context, r *running, i *interrupts, b batch) *series {
	s := &series{what: b.what}
	began := time.Now()
	for n, j := range b.jobs {
		if spent := b.budget > 0 && time.Since(began) >= b.budget; spent || ctx.Err() != nil {
			for _, left := range b.jobs[n:] {
				if !b.open {
					s.left = append(s.left, left.name)
				}
			}
			break
		}
		start := time.Now()
		sum, err := a.one(ctx, r, j.scenario, i)
		p := part{name: j.name, sum: sum, err: err, took: time.Since(start)}
		s.parts = append(s.parts, p)
		if b.untilFail && p.code() != reports.ExitPass {
			break
		}
	}
	return s
}
