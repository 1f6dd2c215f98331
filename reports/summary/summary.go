// Package summary gathers all that a report shows of one run: it is built once, and rendered many times.
package summary

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/seed"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Summary is everything a report shows. Times in it count from the run's epoch; Since turns them into what readers
// see, the time since the load's start.
type Summary struct {
	Program string
	Meta    history.Meta
	Verdict string // "PASS", "VIOLATION", "CLAIM MISSED", "UNKNOWN", "ENVIRONMENT", "INTERNAL ERROR", "INTERRUPTED"
	Exit    int
	Reason  string   // one sentence
	Allowed []string // what would have decided the exit code, had this call not allowed it
	Expect  string   // "pass" or "violation"

	Checks          []checker.Result
	Claims          []claims.Judged
	Counterexamples []Counterexample

	Latency    *latency.Recording
	Total      int // operations of every stage
	Faults     []Fault
	Lanes      []Lane
	Leaders    []Leader
	Leaderless []Span
	LeaderPoll time.Duration // how far apart the looks at the leader were: the error of leaderless times
	Outcomes   []Outcome
	Points     []Point
	Story      string // what the throughput did, in a sentence
	Fidelity   Fidelity
	Trust      []Trust
	Cluster    []Member
	Gauges     []Gauge
	Reproduce  Reproduce
	Compared   []Difference
	Baseline   string // what Compared is against
	Forbidden  []string
	Report     string
	Files      []File
}

// Options are what a summary needs beside the history and the checks. The zero value will do.
type Options struct {
	Program     string // "whitewater 0.1.0"
	Expect      string // "violation" inverts the verdict of the checks
	Allow       []string
	Claims      []claims.Claim
	Fidelity    Fidelity
	Environment string // why the cluster could not be run: exit code 5
	Internal    string // what went wrong in us: exit code 70
	Signal      int    // 130 or 143 after SIGINT or SIGTERM
	Gauges      []Gauge
	Reproduce   Reproduce
	Compared    []Difference
	Baseline    string
	Forbidden   []string // faults that were asked for and that this machine does not allow, with the reason
	Report      string   // the report's path, as the terminal shows it
	Files       []File
}

// Fidelity is what the harness measured of itself and of the machine.
type Fidelity struct {
	GCPauseMax   time.Duration
	GeneratorCPU float64 // of this process, in cores
	Cores        int
	Steal        float64 // share of the machine's time that went to other machines, 0 to 1
	FsyncP50     time.Duration
	FsyncP99     time.Duration
}

// Gauge is a member's metric before and after the run.
type Gauge struct {
	Node          history.NodeID
	Name          string
	Unit          string
	Before, After float64
}

// Reproduce is what it takes to do it again.
type Reproduce struct {
	Command  string // "whitewater replay 20261122T061500Z-7f3a"
	File     string // the scenario's
	Scenario string // the resolved scenario, YAML
	Schedule string // the faults, a line each
	Versions []Pair // program, target, their hashes
	Env      []Pair // machine, kernel, file system
}

// Pair is a named value.
type Pair struct{ Name, Value string }

// File is a file of the run's folder.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Difference is one row of a comparison with a baseline, as text.
type Difference struct {
	Metric, Base, New, Change, Interval, P string
	Verdict                                string // "same", "better", "worse"
}

// Counterexample is a checker's counterexample with the check it is from and its folder.
type Counterexample struct {
	checker.Counterexample
	Check  string
	Folder string
}

// Summarise builds the summary of a run. The same history and options give the same summary.
func Summarise(h *history.History, results []checker.Result, opts Options) *Summary {
	s := &Summary{
		Program: opts.Program, Meta: h.Meta, Expect: opts.Expect, Checks: results, Latency: latency.Measure(h), Total: len(h.Ops),
		Fidelity: opts.Fidelity, Gauges: opts.Gauges, Reproduce: opts.Reproduce, Compared: opts.Compared,
		Baseline: opts.Baseline, Forbidden: opts.Forbidden, Report: opts.Report, Files: opts.Files,
	}
	if s.Expect == "" {
		s.Expect = "pass"
	}
	s.watchLeaders(h)
	s.Lanes = lanes(h)
	s.Faults = faults(h, s.Latency, s.Leaderless)
	s.Outcomes = s.outcomes(h)
	s.Points = points(h)
	s.Cluster = members(h)
	s.Trust = trust(s.Latency, opts.Fidelity)
	s.Story = story(h, s)
	s.Counterexamples = counterexamples(results)
	s.judgeClaims(h, opts.Claims)
	s.conclude(h, opts)
	return s
}

func (s *Summary) judgeClaims(h *history.History, all []claims.Claim) {
	facts := claims.Facts{
		Recording: s.Latency, LeaderChanges: len(s.Leaders) - 1, ElectionTimeout: h.Meta.ElectionTimeout, Checks: s.Checks,
		Unavailable: unavailable(h, s.Latency), Untrusted: untrusted(s.Trust), WatchLag: watchLag(h),
	}
	if len(h.Statuses) > 0 {
		facts.LeaderGap = func(phase string) (time.Duration, bool) {
			return longestIn(s.Leaderless, s.Latency, phase), true
		}
	}
	for _, f := range s.Faults {
		facts.Recoveries = append(facts.Recoveries, claims.Recovery{Fault: s.Describe(f.Fault), FirstOK: f.FirstOK, LeaderGap: f.LeaderGap})
	}
	for i, c := range all {
		var rng *rand.Rand = seed.Seed(h.Meta.Seed).Stream("bootstrap", i)
		s.Claims = append(s.Claims, claims.Judge(c, facts, rng))
	}
}

// Since is a moment as readers see it: seconds since the load's start.
func (s *Summary) Since(at time.Duration) time.Duration { return at - s.Latency.Start }

// When writes a moment as readers see it.
func (s *Summary) When(at time.Duration) string { return history.Seconds(s.Since(at)) + " s" }

// Span writes a span of time as readers see it.
func (s *Summary) Span(from, to time.Duration) string {
	return history.Seconds(s.Since(from)) + " – " + history.Seconds(s.Since(to)) + " s"
}

// counterexamples gathers them from all checks, each with a folder of its own.
func counterexamples(results []checker.Result) (all []Counterexample) {
	taken := map[string]bool{}
	for _, r := range results {
		for _, c := range r.Counterexample {
			name := folder(c.Name)
			if taken[name] {
				name = folder(r.Checker + "-" + c.Name)
			}
			for base, n := name, 2; taken[name]; n++ {
				name = fmt.Sprintf("%s-%d", base, n)
			}
			taken[name] = true
			all = append(all, Counterexample{c, r.Checker, "counterexample/" + name})
		}
	}
	return all
}

// Foremost are a few of the counterexamples: what each failed check puts first before any further ones, and of one
// check's those that it drew a picture of before others.
func (s *Summary) Foremost(most int) (some []Counterexample) {
	seen := map[string]int{}
	rank := make([]int, len(s.Counterexamples)) // of each within its check
	for _, drawn := range []bool{true, false} {
		for i, c := range s.Counterexamples {
			if c.drawn() == drawn {
				rank[i] = seen[c.Check]
				seen[c.Check]++
			}
		}
	}
	order := make([]int, len(rank))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(rank[i], rank[j]) })
	for _, i := range order[:min(most, len(order))] {
		some = append(some, s.Counterexamples[i])
	}
	return some
}

func (c Counterexample) drawn() bool {
	for name := range c.Files {
		if path.Ext(name) == ".svg" {
			return true
		}
	}
	return false
}

// accused is the first operation or watch that a sentence names.
var accused = regexp.MustCompile(`\b(op|watch) (\d+)\b`)

// Accused reports whether the operation is the one that the counterexample's sentence is about.
func (c Counterexample) Accused(op history.Op) bool {
	found := accused.FindStringSubmatch(c.Why)
	return found != nil && found[1] == "op" && found[2] == strconv.Itoa(op.ID)
}

// folder makes a file name of a counterexample's name.
func folder(name string) string {
	clean := []rune(name)
	for i, r := range clean {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.') || i == 0 && r == '.' {
			clean[i] = '_'
		}
	}
	if len(clean) > 64 {
		clean = clean[:64]
	}
	if len(clean) == 0 {
		return "unnamed"
	}
	return string(clean)
}
