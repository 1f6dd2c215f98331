package nemesis

import (
	"math/rand/v2"
	"time"
)

// PlanOptions say what a random schedule is made of. Zeros mean defaults.
type PlanOptions struct {
	Faults   []string // kinds; each comes once before any comes again
	Duration time.Duration
	Nodes    int
	Interval time.Duration // from one fault's start to the next's, on average; 0 = DefaultInterval
	Quiet    time.Duration // before the first fault
	// How long a fault lasts, and how long the cluster is then left alone. 0 = shares of the interval.
	HoldMin, HoldMax time.Duration
	GapMin, GapMax   time.Duration
	// Around are steps that are carried out besides; random ones are drawn into the times that they leave.
	Around Schedule
}

// DefaultInterval is long enough for an election and acknowledged writes while a fault lasts, at etcd's default election
// timeout of 1 s, and short enough for five faults in 30 s.
const DefaultInterval = 5 * time.Second

// DefaultFaults are the kinds of a random schedule.
var DefaultFaults = []string{"kill", "pause", "partition"}

const (
	tail     = 1500 * time.Millisecond // left at the end, for the last recovery
	shortest = time.Millisecond        // a fault lasts, so that there is an end to their number
)

func (o PlanOptions) filled() PlanOptions {
	set := func(d *time.Duration, or time.Duration) {
		if *d == 0 {
			*d = or
		}
	}
	set(&o.Interval, DefaultInterval)
	set(&o.Quiet, min(o.Interval*3/10, o.Duration/5))
	if o.HoldMax > 0 {
		set(&o.HoldMin, min(o.HoldMax, o.Interval*50/100))
	}
	set(&o.HoldMin, max(o.Interval*50/100, shortest))
	set(&o.HoldMax, max(o.HoldMin, o.Interval*76/100))
	set(&o.GapMin, o.Interval*24/100)
	set(&o.GapMax, max(o.GapMin, o.Interval*36/100))
	if len(o.Faults) == 0 {
		o.Faults = DefaultFaults
	}
	return o
}

// Plan draws a schedule: one fault after the other, never two at once, more often than not around the leader. Kinds that
// mean nothing in a cluster of that size are left out. The same options and numbers give the same schedule.
func Plan(rng *rand.Rand, opts PlanOptions) Schedule {
	o := opts.filled()
	var kinds []string
	for _, name := range o.Faults {
		if f, err := Find(name); err == nil && o.Nodes >= f.Least {
			kinds = append(kinds, name)
		}
	}
	if len(kinds) == 0 {
		return nil
	}
	var s Schedule
	var round []int
	at, end := o.Quiet, o.Duration-min(tail, o.Duration/10)
	for {
		free, next := o.free(at, end)
		hold := min(span(rng, o.HoldMin, o.HoldMax), free)
		if hold < o.HoldMin && next == 0 {
			return s
		}
		if hold < o.HoldMin {
			at = next
			continue
		}
		if len(round) == 0 {
			round = rng.Perm(len(kinds))
		}
		kind := kinds[round[0]]
		round = round[1:]
		c := draw(rng, kind, o.Nodes)
		s = append(s, Step{At: at, For: hold, Fault: kind, Target: c.target, Shape: c.shape})
		at += hold + span(rng, o.GapMin, o.GapMax)
	}
}

// free is how long a fault that begins then may last: until the end, or a gap before the first step that is carried out
// besides. next is when to go on behind that step; 0 = there is none.
func (o PlanOptions) free(at, end time.Duration) (free, next time.Duration) {
	for _, step := range o.Around.Sorted() {
		if behind := step.At + step.For + o.GapMin; at < behind {
			if before := step.At - o.GapMin; before < end {
				return before - at, behind
			}
		}
	}
	return end - at, 0
}

// span draws a whole number of tenths of a second, for schedules that people read, if there are any between.
func span(rng *rand.Rand, low, high time.Duration) time.Duration {
	const grain = 100 * time.Millisecond
	d := low + time.Duration(rng.Int64N(int64(max(high-low, 0))+1))
	return max(d.Truncate(grain), low)
}

// choice is a target and a shape, and how often they come beside others.
type choice struct {
	weight, least int // least: nodes
	target        Target
	shape         string
}

// choices says whom a random fault hits. The leader comes first and most often: requests that wait at a leader which is
// no longer one are the likeliest to be answered wrongly.
func choices(kind string) []choice {
	switch kind {
	case "kill", "stop", "kill-defrag", "kill-compact":
		return []choice{{5, 1, "leader", ""}, {1, 3, "follower", ""}, {2, 3, "minority", ""}, {1, 3, "majority", ""}, {1, 2, "all", ""}}
	case "pause", "duty":
		return []choice{{6, 1, "leader", ""}, {1, 3, "follower", ""}, {1, 3, "minority", ""}, {1, 3, "majority", ""}}
	case "partition":
		return []choice{
			{5, 2, "leader", isolate}, {1, 3, "leader", oneWayOut}, {1, 3, "leader", oneWayIn}, {1, 3, "follower", oneWay},
			{2, 3, "minority", majorityMinority}, {1, 5, "all", majoritiesRing}, {1, 3, "follower", bridge},
		}
	case "clients":
		return []choice{{3, 1, "leader", "replies"}, {1, 1, "leader", "both"}, {1, 1, "one", "requests"}, {1, 1, "one", "replies"}}
	case "delay":
		return []choice{{2, 2, "leader", "50ms"}, {2, 2, "leader", "200ms"}, {1, 2, "follower", "200ms"}, {1, 2, "all", "50ms"}}
	}
	f, _ := Find(kind)
	return []choice{{1, 1, f.Target(""), ""}}
}

func draw(rng *rand.Rand, kind string, nodes int) choice {
	var open []choice
	sum := 0
	for _, c := range choices(kind) {
		if nodes >= c.least {
			open = append(open, c)
			sum += c.weight
		}
	}
	n := rng.IntN(sum)
	for _, c := range open {
		if n -= c.weight; n < 0 {
			return c
		}
	}
	return open[0]
}
