package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/terminal"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// controls are the scenarios that must find a violation on a real cluster.
var controls = []string{"serializable-stale", "lock-set"}

// trial is one planted mistake, and who noticed it.
type trial struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"` // "control": a real cluster, used wrongly; "bug": a store that is wrong; "mutation": a history
	Doc      string   `json:"doc"`
	Workload string   `json:"workload"`
	Expected []string `json:"expected,omitempty"` // the checkers that should notice
	Caught   []string `json:"caught"`             // those that did
	Noticed  bool     `json:"noticed"`
	Seconds  float64  `json:"seconds"`
	Error    string   `json:"error,omitempty"`
}

func selftestCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "selftest [NAME...]",
		Short: "Plant mistakes and see whether they are noticed: would it notice?",
		Long: "Run the negative controls on a real cluster, every planted bug of the in-memory store, and every mutation of valid\n" +
			"histories, and say which checks noticed. Exits 4 if a mistake went by unnoticed.",
	}
	r := addRunning(cmd)
	real := cmd.Flags().Bool("controls", true, "run the negative controls on a real cluster")
	bugs := cmd.Flags().Bool("bugs", true, "run the planted bugs of the in-memory store")
	mutated := cmd.Flags().Bool("mutations", true, "judge mutations of valid histories")
	length := cmd.Flags().Duration("duration", 15*time.Second, "how long a planted bug is looked for, in each of three runs at most")
	parallel := cmd.Flags().Int("parallel", 8, "planted bugs looked for at one time; nothing of them is measured")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := r.out.check(); err != nil {
			return err
		}
		if err := knownTrials(args); err != nil {
			return err
		}
		ctx, i, stop := a.hearing(cmd.Context())
		defer stop()
		wanted := func(name string) bool { return len(args) == 0 || slices.Contains(args, name) }
		var all []trial
		if *real {
			for _, name := range controls {
				if wanted(name) && ctx.Err() == nil {
					all = append(all, a.control(ctx, r, name, i))
				}
			}
		}
		if *bugs {
			found, err := a.bugs(ctx, wanted, *length, max(1, *parallel))
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		if *mutated {
			all = append(all, mutations(ctx, wanted)...)
		}
		return a.trials(r.out.format.value, all, i.signal())
	}
	return cmd
}

func knownTrials(names []string) error {
	known := slices.Clone(controls)
	for _, b := range memkv.Bugs {
		known = append(known, b.Name)
	}
	for _, m := range generate.Mutations() {
		known = append(known, m.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return usage(scenarios.Unknown("mistake", name, known))
		}
	}
	return nil
}

// control runs a negative control on a real cluster.
func (a *app) control(ctx context.Context, r *running, name string, i *interrupts) trial {
	t := trial{Name: name, Kind: "control"}
	began := time.Now()
	s, err := load(name)
	if err == nil {
		t.Doc, t.Workload = s.Doc, strings.Join(s.Load.Workloads, ",")
		var sum *reports.Summary
		if sum, err = a.one(ctx, r, s, i); err == nil {
			t.Caught = failed(sum)
			t.Noticed = sum.Exit == reports.ExitPass
		}
	}
	if err != nil {
		t.Error = err.Error()
	}
	t.Seconds = time.Since(began).Seconds()
	return t
}

// bugs looks for every planted bug, several at a time.
func (a *app) bugs(ctx context.Context, wanted func(string) bool, length time.Duration, parallel int) ([]trial, error) {
	dir, err := os.MkdirTemp("", "whitewater-selftest-*")
	if err != nil {
		return nil, environment(err)
	}
	var looking sync.WaitGroup
	places := make(chan struct{}, parallel)
	all := make([]*trial, len(memkv.Bugs))
	for n, b := range memkv.Bugs {
		if !wanted(b.Name) {
			continue
		}
		looking.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if ctx.Err() != nil {
				return
			}
			t := hunt(ctx, b, dir, length)
			all[n] = &t
			fmt.Fprintf(a.err, "%s %s\n", map[bool]string{true: "✓", false: "✗"}[t.Noticed], b.Name)
		})
	}
	looking.Wait()
	var found []trial
	for _, t := range all {
		if t != nil {
			found = append(found, *t)
		}
	}
	return found, os.RemoveAll(dir)
}

// huntRuns is how many runs a bug gets to show itself: it strikes by chance.
const huntRuns = 3

// hunt runs the load that should bring a bug to light.
func hunt(ctx context.Context, b memkv.Bug, dir string, length time.Duration) trial {
	t := trial{Name: b.Name, Kind: "bug", Doc: b.Doc, Workload: b.Workload, Expected: b.Caught}
	began := time.Now()
	quiet, err := terminal.NewProgress("none", nil, terminal.Style{})
	for seed := uint64(1); seed <= huntRuns && err == nil && !t.Noticed && ctx.Err() == nil; seed++ {
		s := scenarios.Default()
		s.Name, s.Seed = "selftest-"+b.Name, seed
		s.Target.Name, s.Target.Binary = memkv.Driver.Name, b.Name
		s.Load.Workloads, s.Load.Rate, s.Load.Duration, s.Load.Warmup = []string{b.Workload}, 100, length, 0
		s.Load.Timeout = 3 * time.Second
		s.Faults.Random = []string{"kill", "pause", "partition"}
		err = t.look(ctx, s, dir, quiet)
	}
	if err != nil {
		t.Error = err.Error()
	}
	t.Seconds = time.Since(began).Seconds()
	return t
}

func (t *trial) look(ctx context.Context, s *scenarios.Scenario, dir string, quiet terminal.Progress) error {
	recorded, err := harness.Run(ctx, harness.Config{Scenario: s, Driver: memkv.Driver, Store: dir, Progress: quiet})
	if err != nil {
		return err
	}
	sum, err := harness.Judge(context.WithoutCancel(ctx), recorded, s, harness.KeepNever, reports.Options{Program: program()})
	if err != nil {
		return err
	}
	t.Caught = failed(sum)
	t.Noticed = len(t.Caught) > 0
	if recorded.Environment != "" {
		return errors.New(recorded.Environment)
	}
	return nil
}

// failed names the checks that found a violation.
func failed(sum *reports.Summary) (names []string) {
	for _, c := range sum.Checks {
		if c.Verdict == checker.Fail {
			names = append(names, c.Checker)
		}
	}
	return names
}

// trials presents who noticed what.
func (a *app) trials(output string, all []trial, signal int) error {
	missed := 0
	rows := [][]string{{"", "mistake", "kind", "noticed by", "should be noticed by", ""}}
	for _, t := range all {
		if !t.Noticed {
			missed++
		}
		rows = append(rows, []string{
			map[bool]string{true: "✓", false: "✗"}[t.Noticed], t.Name, t.Kind, strings.Join(t.Caught, ","), strings.Join(t.Expected, ","),
			strings.TrimSpace(t.Doc + " " + t.Error),
		})
	}
	if output == "json" {
		if err := writeJSON(a.out, all); err != nil {
			return err
		}
	} else {
		columns(a.out, rows)
		fmt.Fprintf(a.out, "\n%d mistakes, %d noticed\n", len(all), len(all)-missed)
	}
	switch {
	case signal != 0:
		return exit(signal)
	case missed > 0 || len(all) == 0:
		return exit(reports.ExitUnknown)
	}
	return nil
}
