package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/internal/units"
)

// complaint is something wrong with a scenario whose every field is well written.
type complaint struct {
	path string // "target.nodes"
	why  string
}

// Validate says what makes a scenario impossible, all of it, for scenarios that flags have changed.
func (s *Scenario) Validate(names Names) error {
	var all []error
	for _, c := range s.complaints() {
		all = append(all, fmt.Errorf("%s: %s", c.path, c.why))
	}
	for _, list := range []struct {
		path           string
		words, allowed []string
	}{
		{"target.name", []string{s.Target.Name}, names.Targets},
		{"load.workload", s.Load.Workloads, names.Workloads},
		{"faults.random", s.Faults.Random, names.Faults},
		{"faults.at", doing(s.Faults.At), names.Faults},
		{"checks", s.Checks, names.Checks},
	} {
		for _, word := range list.words {
			if len(list.allowed) > 0 && !slices.Contains(list.allowed, word) {
				all = append(all, Unknown(list.path, word, list.allowed))
			}
		}
	}
	return errors.Join(all...)
}

func doing(steps []Step) (names []string) {
	for _, s := range steps {
		names = append(names, s.Do)
	}
	return names
}

// etcd's own bound: a member that misses five heartbeats may call an election, never one that misses fewer.
const heartbeatsPerElection = 5

// What is written is kept in memory until it is judged. etcd takes requests of 1.5 MiB unless it is told otherwise.
const (
	maxKeySize = units.Size(1 << 20)
	maxValSize = units.Size(64 << 20)
)

// complaints are the rules that span fields.
func (s *Scenario) complaints() (all []complaint) {
	say := func(path, format string, args ...any) {
		all = append(all, complaint{path, fmt.Sprintf(format, args...)})
	}
	if n := s.Target.Nodes; n%2 == 0 || n < 1 || n > 9 {
		say("target.nodes", "%d is not allowed: 1, 3, 5, 7 or 9 members, so that every majority is clear", n)
	}
	if h, e := s.Target.Heartbeat, s.Target.Election; h > 0 && e > 0 && e < heartbeatsPerElection*h {
		say("target.election-timeout", "%v is less than %d heartbeats of %v: the server refuses it", e, heartbeatsPerElection, h)
	}
	if s.Load.Clients.For(s.Target.Nodes) < 1 {
		say("load.clients", "at least one client is needed")
	}
	if s.Load.Duration <= 0 {
		say("load.duration", "it must be more than nothing")
	}
	if s.Load.Timeout <= 0 {
		say("load.timeout", "it must be more than nothing")
	}
	if s.Load.Keys.KeySize > maxKeySize {
		say("load.keys.key-size", "%v is too much: %v at most", s.Load.Keys.KeySize, maxKeySize)
	}
	if s.Load.Keys.ValSize > maxValSize {
		say("load.keys.val-size", "%v is too much: %v at most", s.Load.Keys.ValSize, maxValSize)
	}
	if _, ok := s.Target.Args[""]; ok {
		say("target.args", "a flag without a name")
	}
	if len(s.Load.Workloads) == 0 {
		say("load.workload", "at least one workload is needed")
	}
	if s.Target.Direct && (slices.Contains(s.Faults.Random, "partition") || slices.Contains(doing(s.Faults.At), "partition")) {
		say("target.direct", "a direct cluster has no links to cut: leave out partition, or direct")
	}
	if len(s.Faults.Random) > 0 && s.Faults.Interval <= 0 {
		say("faults.interval", "it must be more than nothing when faults are random")
	}
	for _, step := range s.Faults.At {
		if step.T+step.For > s.Load.Duration {
			say("faults.at", "%s ends after the load, which lasts %s", step, units.FormatDuration(s.Load.Duration))
		}
		if step.For <= 0 {
			say("faults.at", "%s lasts no time: say for how long", step)
		}
		if step.Target != "" && !targetForm.MatchString(step.Target) {
			say("faults.at", "%s: unknown target %q; allowed: %s", step, step.Target, targetDoc)
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(step.Target, "n")); err == nil && n > s.Target.Nodes {
			say("faults.at", "%s: there is no %s among %d members", step, step.Target, s.Target.Nodes)
		}
	}
	if s.Checker.Timeout < time.Second {
		say("checker.timeout", "it must be a second or more")
	}
	return all
}

const targetDoc = "leader, follower, one, minority, majority, all, or a node such as n2"

var targetForm = regexp.MustCompile(`^(leader|follower|one|minority|majority|all|n[1-9][0-9]*)$`)
