package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/terminal"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/serve"
	"github.com/whitewater-kv/whitewater/store"
)

func runCommand(a *app) *cobra.Command {
	flags := newOverrides(names())
	cmd := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Launch, drive, break, check, report: a built-in scenario or a file (default: " + scenarios.DefaultName + ")",
		Long: "Launch a cluster, drive it at a known rate, break it meanwhile, heal it, prove that its members agree, judge what\n" +
			"clients were told, and report.\n\n" +
			"Ctrl-C once ends the load; what was recorded is healed, judged and reported. Twice ends everything at once.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenarios,
	}
	flags.add(cmd, targetFlags...)
	flags.add(cmd, loadFlags...)
	flags.add(cmd, faultFlags...)
	flags.add(cmd, judgeFlags...)
	flags.add(cmd, abortFlags...)
	r := addRunning(cmd)
	repeated := addRepeating(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := scenarios.DefaultName
		if len(args) > 0 {
			name = args[0]
		}
		if name == "" {
			return usagef("the scenario's name is empty: name one of `whitewater list scenarios`, or a file")
		}
		s, err := r.scenario(flags, name)
		if err != nil {
			return err
		}
		return a.repeat(cmd.Context(), r, repeated, s)
	}
	return cmd
}

// running are the flags of every command that carries out runs.
type running struct {
	root        *string
	keep        *word
	progress    *word
	quiet       *bool
	noClaims    *bool
	metricsAddr *string
	out         *outputs
	live        *serve.LiveMetrics
	// Set by commands, not by flags:
	driver    *cluster.Driver  // in place of the scenario's
	elsewhere string           // the flags that reach its cluster, if that is not ours; nothing secret
	schedule  nemesis.Schedule // in place of the scenario's faults
}

func addRunning(cmd *cobra.Command) *running {
	return &running{
		root:        storeFlag(cmd),
		keep:        wordFlag(cmd, "keep", "", "keep the members' data with the run; its history always is", "failed", "never", "always"),
		progress:    wordFlag(cmd, "progress", "", "how progress is shown on stderr", terminal.Modes...),
		quiet:       cmd.Flags().BoolP("quiet", "q", false, "no progress: the same as --progress none"),
		noClaims:    cmd.Flags().Bool("no-claims", false, "leave out the scenario's claims"),
		metricsAddr: cmd.Flags().String("metrics-addr", "", "serve live OpenMetrics at this address, such as 127.0.0.1:9464"),
		out:         addOutputs(cmd),
	}
}

// scenario is the named scenario with the flags applied. Claims of the file are left out before those of flags count.
func (r *running) scenario(flags *overrides, name string) (*scenarios.Scenario, error) {
	if err := r.out.check(); err != nil {
		return nil, err
	}
	s, err := flags.scenario(name)
	if err != nil {
		return nil, err
	}
	if *r.noClaims {
		s.Claims = nil
	}
	return s, sound(s)
}

// drawSeed sets a seed where the scenario leaves it open. It is printed and stored, so nothing is lost by its chance.
func drawSeed(s *scenarios.Scenario) {
	if s.Seed == 0 {
		clock := uint64(time.Now().UnixNano())
		s.Seed = 1 + rand.New(rand.NewPCG(clock, uint64(os.Getpid()))).Uint64N(999_999)
	}
}

// one carries out one scenario and judges it. An error means that there is no run.
func (a *app) one(ctx context.Context, r *running, s *scenarios.Scenario, i *interrupts) (*reports.Summary, error) {
	drawSeed(s)
	d, err := r.target(s)
	if err != nil {
		return nil, err
	}
	style := terminal.Detect(a.err, r.out.color.value, a.getenv)
	mode := r.progress.value
	if *r.quiet {
		mode = "none"
	}
	progress, err := terminal.NewProgress(mode, a.err, style)
	if err != nil {
		return nil, usage(err)
	}
	if mode != "none" && mode != "json" {
		fmt.Fprintf(a.err, "%s · %s · %s · seed %d\n", program(), s.Name, r.targetName(s), s.Seed)
	}
	recorded, err := harness.Run(ctx, harness.Config{
		Scenario: s, Driver: d, Store: *r.root, Schedule: r.schedule, Progress: progress,
		Began: func(run *store.Run) { i.owns(run.Path()) },
		Live:  r.records,
	})
	progress.Close()
	if err != nil {
		return nil, environment(err)
	}
	return r.conclude(ctx, recorded, s, i)
}

// conclude judges what was recorded, also when the load was ended early.
func (r *running) conclude(ctx context.Context, recorded *harness.Recorded, s *scenarios.Scenario, i *interrupts) (*reports.Summary, error) {
	m, err := writeMachine(recorded.Run, r.elsewhere)
	if err != nil && recorded.Environment == "" { // what was recorded can be judged
		recorded.Environment = err.Error()
	}
	sum, err := harness.Judge(context.WithoutCancel(ctx), recorded, s, harness.Keep(r.keep.value), reports.Options{
		Program: program(), Allow: *r.out.allow, Signal: i.signal(),
		Reproduce: m.reproduce(recorded.Run, s, recorded.Schedule.String()),
	})
	if err != nil {
		return nil, environment(err)
	}
	return sum, nil
}

// target is the driver of a scenario, with what this call asks of it beyond the scenario.
func (r *running) target(s *scenarios.Scenario) (cluster.Driver, error) {
	d, err := driver(s.Target.Name)
	if r.driver != nil {
		d, err = *r.driver, nil
	}
	if err != nil {
		return d, err
	}
	launch := d.Launch
	d.Launch = func(ctx context.Context, spec cluster.Spec) (*cluster.Cluster, error) {
		spec.KeepData = r.keep.value != string(harness.KeepNever)
		c, err := launch(ctx, spec)
		if err != nil {
			return nil, err
		}
		if want := s.Target.Version; want != "" && c.Version != want && !strings.HasPrefix(c.Version, want+".") {
			return nil, errors.Join(&cluster.EnvironmentError{
				Doing: "check the members' version", Err: fmt.Errorf("they report %s, and the scenario asks for %s", c.Version, want),
				Hint: "choose another --binary",
			}, c.Close())
		}
		return c, nil
	}
	return d, nil
}

func (r *running) targetName(s *scenarios.Scenario) string {
	name := s.Target.Name
	if s.Target.Binary != "" {
		name += " " + s.Target.Binary
	}
	if r.elsewhere != "" {
		return name + ", not ours"
	}
	return fmt.Sprintf("%s × %d", name, s.Target.Nodes)
}
