package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/internal/units"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// override is a flag that sets a field of the scenario. It takes what the file would, and refuses what it would.
type override struct {
	flag, short, path string
	doc               string // in place of the field's
	alias             string // another name for it, as other tools call it
}

// targetFlags choose and configure the system under test.
var targetFlags = []override{
	{flag: "target", path: "target.name"},
	{flag: "binary", path: "target.binary"},
	{flag: "nodes", path: "target.nodes"},
	{flag: "tls", path: "target.tls"},
	{flag: "heartbeat-interval", path: "target.heartbeat-interval"},
	{flag: "election-timeout", path: "target.election-timeout"},
	{flag: "snapshot-count", path: "target.snapshot-count"},
	{flag: "unsafe-no-fsync", path: "target.unsafe-no-fsync"},
	{flag: "node-arg", path: "target.args", doc: "a further flag of the server, NAME=VALUE; may be repeated"},
	{flag: "direct", path: "target.direct"},
}

// loadFlags say what the clients do.
var loadFlags = []override{
	{flag: "workload", short: "w", path: "load.workload"},
	{flag: "mix", path: "load.mix", doc: "weights of the kinds of operation: read=60,write=30,cas=10"},
	{flag: "rate", short: "r", path: "load.rate"},
	{flag: "arrival", path: "load.arrival"},
	{flag: "clients", path: "load.clients", alias: "concurrency"},
	{flag: "conns", path: "load.conns"},
	{flag: "duration", path: "load.duration", alias: "time-limit"},
	{flag: "warmup", path: "load.warmup"},
	{flag: "total", path: "load.total"},
	{flag: "timeout", path: "load.timeout"},
	{flag: "consistency", path: "load.consistency"},
	{flag: "judge", path: "load.judge"},
	{flag: "live-keys", path: "load.keys.live"},
	{flag: "ops-per-key", path: "load.keys.ops-per-key"},
	{flag: "key-size", path: "load.keys.key-size"},
	{flag: "val-size", path: "load.keys.val-size"},
	{flag: "key-space-size", path: "load.keys.key-space"},
	{flag: "sequential-keys", path: "load.keys.sequential"},
	{flag: "ttl", path: "load.ttl"},
	{flag: "hold", path: "load.hold"},
	{flag: "limit", path: "load.limit"},
}

// faultFlags say what breaks.
var faultFlags = []override{
	{flag: "nemesis", path: "faults.random", doc: "kinds of fault to draw from, separated by commas; none; all"},
	{flag: "nemesis-interval", path: "faults.interval"},
	{flag: "nemesis-hold", path: "faults.hold"},
	{flag: "fault", path: "faults.at", doc: "an exact fault: kill:leader@20s+4s; may be repeated"},
}

// abortFlags say what ends the load early.
var abortFlags = []override{
	{flag: "stop-on-violation", path: "abort.on", doc: "end the load at the first violation that is found while it runs"},
	{flag: "stop-grace", path: "abort.grace"},
}

// judgeFlags say what the run is judged by.
var judgeFlags = []override{
	{flag: "seed", path: "seed"},
	{flag: "expect", path: "expect"},
	{flag: "checks", path: "checks", doc: "the checks to judge by, separated by commas"},
	{flag: "checker-timeout", path: "checker.timeout"},
	{flag: "checker-memory", path: "checker.memory"},
	{flag: "evidence", path: "checker.evidence"},
	{flag: "claim", path: "claims", doc: "'read.p99{quiet} < 25ms'; may be repeated"},
}

// overrides are the flags of one command that change its scenario, in the order in which they were given.
type overrides struct {
	names scenarios.Names
	// random is applied before the others, wherever it stood: "none" leaves out the file's faults, never a flag's.
	random, set []func(*scenarios.Scenario) error
}

func newOverrides(names scenarios.Names) *overrides { return &overrides{names: names} }

// add gives the flags to a command.
func (o *overrides) add(cmd *cobra.Command, list ...override) {
	for _, f := range list {
		form, doc := scenarios.Describe(f.path)
		if f.doc != "" {
			doc = f.doc
		}
		if f.path == "abort.on" {
			form = "true or false" // the one word that the field may be is the flag's name
		}
		v := &overrideValue{o: o, path: f.path, form: form}
		flag := cmd.Flags().VarPF(v, f.flag, f.short, doc)
		if form == "true or false" {
			flag.NoOptDefVal = "true"
		}
		if f.alias != "" {
			cmd.Flags().VarPF(&overrideValue{o: o, path: f.path, form: form, seconds: f.alias == "time-limit"}, f.alias, "", "the same as --"+f.flag).Hidden = true
		}
		o.complete(cmd, f)
	}
}

// complete offers the words that a flag may be, where they are known.
func (o *overrides) complete(cmd *cobra.Command, f override) {
	words := map[string][]string{
		"target.name": o.names.Targets, "load.workload": o.names.Workloads, "faults.random": append([]string{"none", "all"}, o.names.Faults...),
		"checks": o.names.Checks, "expect": {scenarios.Pass, scenarios.Violation}, "load.arrival": {"poisson", "constant"},
		"load.consistency": {"l", "s"}, "load.judge": {"linearizable", "serializable"},
	}[f.path]
	if words != nil {
		must(cmd.RegisterFlagCompletionFunc(f.flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
}

// scenario is the named scenario with the flags applied, valid as a whole; "" is the default settings alone.
func (o *overrides) scenario(name string) (*scenarios.Scenario, error) {
	s := scenarios.Default()
	if name != "" {
		var err error
		if s, err = load(name); err != nil {
			return nil, err
		}
	}
	if err := o.apply(s); err != nil {
		return nil, err
	}
	if err := errors.Join(s.Validate(o.names), checkSteps(s)); err != nil {
		return nil, usage(err)
	}
	return s, nil
}

// apply sets what the flags say.
func (o *overrides) apply(s *scenarios.Scenario) error {
	for _, set := range slices.Concat(o.random, o.set) {
		if err := set(s); err != nil {
			return usage(err)
		}
	}
	return nil
}

// overrideValue is the value of a flag that sets a field.
type overrideValue struct {
	o          *overrides
	path, form string
	seconds    bool // bare numbers are seconds
}

func (v *overrideValue) String() string { return "" }

func (v *overrideValue) Type() string {
	return strings.ReplaceAll(strings.ReplaceAll(v.form, " or ", "|"), "true|false", "bool")
}

// Set tries the value on a scenario of its own, so that what is wrong with it is said as a wrong flag, and keeps it.
func (v *overrideValue) Set(text string) error {
	if v.seconds {
		var s units.Seconds
		if err := s.Set(text); err != nil {
			return err
		}
		text = s.String()
	}
	set := func(s *scenarios.Scenario) error { return v.apply(s, text) }
	if err := set(scenarios.Default()); err != nil {
		return err
	}
	if v.path == "faults.random" {
		v.o.random = append(v.o.random, set)
	} else {
		v.o.set = append(v.o.set, set)
	}
	return nil
}

// apply sets the field. Flags that may be repeated are in addition to what the file says: claims, exact faults, the
// server's flags.
func (v *overrideValue) apply(s *scenarios.Scenario, text string) error {
	switch v.path {
	case "target.args":
		name, value, ok := strings.Cut(strings.TrimLeft(text, "-"), "=")
		if !ok {
			return fmt.Errorf("%q: write NAME=VALUE", text)
		}
		s.Target.Args = maps.Clone(s.Target.Args)
		if s.Target.Args == nil {
			s.Target.Args = map[string]string{}
		}
		s.Target.Args[name] = value
		return nil
	case "load.mix":
		return setMix(s, text)
	case "abort.on":
		is, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q must be true or false", text)
		}
		s.Abort.On = map[bool]string{true: scenarios.Violation}[is]
		return nil
	case "faults.at":
		step, err := nemesis.ParseFaultFlag(text)
		s.Faults.At = append(slices.Clone(s.Faults.At), scenarios.Step{
			T: step.At, For: step.For, Do: step.Fault, Target: string(step.Target), Shape: step.Shape,
		})
		return err
	case "claims":
		s.Claims = append(slices.Clone(s.Claims), scenarios.Claim{Expr: text})
		_, err := parseClaims(s.Claims[len(s.Claims)-1:])
		return err
	case "faults.random":
		return v.nemesis(s, text)
	}
	return s.Set(v.path, text, v.o.names)
}

// nemesis sets the kinds of random faults; none also leaves out the file's exact ones, so that a run is calm.
func (v *overrideValue) nemesis(s *scenarios.Scenario, text string) error {
	switch text {
	case "none":
		s.Faults.Random, s.Faults.At = nil, nil
		return nil
	case "all":
		s.Faults.Random = slices.Clone(v.o.names.Faults)
		return nil
	}
	return s.Set(v.path, text, v.o.names)
}

func setMix(s *scenarios.Scenario, text string) error {
	mix, sum := map[string]int{}, 0
	for part := range strings.SplitSeq(text, ",") {
		kind, number, ok := strings.Cut(part, "=")
		weight, err := strconv.Atoi(number)
		if !ok || err != nil || weight < 0 || weight > 1e6 {
			return fmt.Errorf("%q: write KIND=WEIGHT, separated by commas", part)
		}
		mix[strings.TrimSpace(kind)] = weight
		sum += weight
	}
	if sum == 0 {
		return fmt.Errorf("%q: it needs a weight above 0", text)
	}
	s.Load.Mix = mix
	return nil
}

// storeFlag adds the flag that says where runs are kept.
func storeFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("store", "runs", "the folder in which runs are kept")
}
