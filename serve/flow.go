package serve

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// flow is what a run has come to so far, second by second, made of its records as they come.
type flow struct {
	meta    history.Meta
	now     time.Duration // the latest moment that was recorded
	seconds []second      // of the run's clock, oldest first, without gaps
	open    map[int]*sample
	ops     map[string]*tally
	members map[history.NodeID]history.Status
	faults  map[int]history.Fault
	leader  history.NodeID
	term    uint64
}

// secondsKept is how far back a live page can look. The report has the rest.
const secondsKept = 3600

// openSeconds is how long a second stays open for operations that were answered in it and are told of later.
const openSeconds = 3

// second is one second of the run's clock, by the time of answers. Latencies are in seconds; null without any.
type second struct {
	T       int      `json:"t"`
	OK      int      `json:"ok"`
	Fail    int      `json:"fail"`
	Unknown int      `json:"unknown"`
	P50     *float64 `json:"p50"` // from due time
	P99     *float64 `json:"p99"`
	Max     *float64 `json:"max"`
	SendP99 *float64 `json:"send_p99"`
}

// sample are the latencies of a second that is open, of operations that were OK.
type sample struct{ due, send []time.Duration }

// tally is one operation's outcomes in the load so far.
type tally struct {
	ok, fail, unknown int64
	times             *latency.Histogram // from due time
}

func newFlow() *flow {
	return &flow{open: map[int]*sample{}, ops: map[string]*tally{}, members: map[history.NodeID]history.Status{}, faults: map[int]history.Fault{}}
}

func (f *flow) add(records []history.Record) {
	for _, r := range records {
		switch {
		case r.Meta != nil:
			f.meta = *r.Meta
		case r.Return != nil:
			f.op(r.Return)
		case r.Fault != nil:
			f.faults[r.Fault.ID] = *r.Fault
			f.now = max(f.now, r.Fault.Start, r.Fault.End)
		case r.Status != nil:
			f.status(*r.Status)
		}
	}
	f.settle(int(f.now/time.Second) - openSeconds)
}

func (f *flow) op(op *history.Op) {
	f.now = max(f.now, op.Return)
	if op.Stage != history.Load && op.Stage != history.Warmup {
		return
	}
	s, times := f.at(int(op.Return / time.Second))
	if s == nil {
		return
	}
	name := latency.OpName(op.Request.Kind)
	if f.ops[name] == nil {
		f.ops[name] = &tally{times: latency.NewHistogram()}
	}
	t := f.ops[name]
	switch op.Result.Outcome {
	case history.OK:
		s.OK++
		t.ok++
		t.times.Record(op.Return - op.Due)
		times.due, times.send = append(times.due, op.Return-op.Due), append(times.send, op.Return-op.Call)
	case history.Fail:
		s.Fail++
		t.fail++
	default:
		s.Unknown++
		t.unknown++
	}
}

// at is a second with its sample, nil if it lies too far back. Seconds without any operation are there too: that
// nothing was answered is what a live page is for.
func (f *flow) at(t int) (*second, *sample) {
	if len(f.seconds) == 0 {
		f.seconds = append(f.seconds, second{T: t})
	}
	for last := f.seconds[len(f.seconds)-1].T; last < t; {
		last = max(last+1, t-secondsKept)
		f.seconds = append(f.seconds, second{T: last})
	}
	if drop := len(f.seconds) - secondsKept; drop > 0 {
		f.seconds = slices.Clone(f.seconds[drop:])
	}
	i, ok := slices.BinarySearchFunc(f.seconds, t, func(s second, t int) int { return cmp.Compare(s.T, t) })
	if !ok {
		return nil, nil
	}
	if f.open[t] == nil {
		f.open[t] = &sample{}
	}
	return &f.seconds[i], f.open[t]
}

// settle works out the latencies of the open seconds, and closes those up to a second.
func (f *flow) settle(last int) {
	for t, times := range f.open {
		i, ok := slices.BinarySearchFunc(f.seconds, t, func(s second, t int) int { return cmp.Compare(s.T, t) })
		if ok && len(times.due) > 0 {
			s := &f.seconds[i]
			slices.Sort(times.due)
			slices.Sort(times.send)
			s.P50, s.P99, s.Max, s.SendP99 = quantile(times.due, .5), quantile(times.due, .99), quantile(times.due, 1), quantile(times.send, .99)
		}
		if t <= last || !ok {
			delete(f.open, t)
		}
	}
}

func quantile(sorted []time.Duration, q float64) *float64 {
	v := sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Seconds()
	return &v
}

func (f *flow) status(s history.Status) {
	f.now = max(f.now, s.At)
	f.members[s.Node] = s
	if s.Up && s.Leader == s.Node && s.Term >= f.term {
		f.leader, f.term = s.Node, s.Term
	}
}

// current is the leader, "" if the member that was it does not say so any more.
func (f *flow) current() history.NodeID {
	if s := f.members[f.leader]; s.Up && s.Leader == f.leader {
		return f.leader
	}
	return ""
}

// stage is the part of the run that goes on, in words.
func (f *flow) stage() string {
	switch m := f.meta; {
	case m.FinalEnd > 0:
		return "checking"
	case m.FinalStart > 0:
		return "final reads"
	case m.LoadEnd > 0 && f.now >= m.LoadEnd:
		return "healing"
	case m.LoadStart > f.now:
		return "warm-up"
	case m.LoadStart > 0:
		return "load"
	}
	return "launch"
}

// memberLine, faultLine and opLine are what a live page shows of each.
type memberLine struct {
	Node  string `json:"node"`
	State string `json:"state"` // "leader", "follower", "silent", or as the supervisor knows: "paused", "killed", …
	Term  uint64 `json:"term"`
}

type faultLine struct {
	ID     int      `json:"id"`
	Text   string   `json:"text"` // "kill n1 (leader)"
	Kind   string   `json:"kind"`
	Start  float64  `json:"start"` // seconds of the run's clock
	End    *float64 `json:"end"`   // null while it lasts
	Effect bool     `json:"took_effect"`
	Error  string   `json:"error,omitempty"`
}

type opLine struct {
	Op      string  `json:"op"`
	OK      int64   `json:"ok"`
	Fail    int64   `json:"fail"`
	Unknown int64   `json:"unknown"`
	P50     float64 `json:"p50"` // of the run so far, from due time
	P99     float64 `json:"p99"`
}

func (f *flow) memberLines() (lines []memberLine) {
	nodes := slices.Clone(f.meta.Nodes)
	if len(nodes) == 0 {
		nodes = slices.Collect(maps.Keys(f.members))
	}
	slices.Sort(nodes)
	for _, node := range nodes {
		s, known := f.members[node]
		line := memberLine{string(node), "follower", s.Term}
		switch {
		case !known:
			line.State = "unknown"
		case s.State != "" && s.State != "running":
			line.State = s.State
		case !s.Up:
			line.State = "silent"
		case s.Leader == node:
			line.State = "leader"
		}
		lines = append(lines, line)
	}
	return lines
}

func (f *flow) faultLines() (lines []faultLine) {
	for _, id := range slices.Sorted(maps.Keys(f.faults)) {
		fault := f.faults[id]
		line := faultLine{ID: id, Kind: fault.Name, Start: fault.Start.Seconds(), Effect: fault.TookEffect, Error: fault.Error}
		var nodes []string
		for _, n := range fault.Nodes {
			nodes = append(nodes, string(n))
		}
		line.Text = strings.TrimSpace(fault.Name + " " + strings.Join(nodes, ", "))
		if fault.Target != "" {
			line.Text += " (" + fault.Target + ")"
		}
		if fault.End > 0 {
			end := fault.End.Seconds()
			line.End = &end
		}
		lines = append(lines, line)
	}
	return lines
}

func (f *flow) opLines() (lines []opLine) {
	for _, name := range slices.Sorted(maps.Keys(f.ops)) {
		t := f.ops[name]
		lines = append(lines, opLine{name, t.ok, t.fail, t.unknown, t.times.Quantile(.5).Seconds(), t.times.Quantile(.99).Seconds()})
	}
	return lines
}
