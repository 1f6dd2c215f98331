package summary

import (
	"cmp"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Span is a stretch of the run.
type Span struct{ From, To time.Duration }

// Length is how long it lasts.
func (s Span) Length() time.Duration { return s.To - s.From }

// Leader is a leader that a majority agreed on, from when.
type Leader struct {
	At   time.Duration
	Node history.NodeID
	Term uint64
}

// Lane is the course of one member.
type Lane struct {
	Node  history.NodeID
	Spans []Stretch
	Cut   []Span // when a fault kept it from some of the others
}

// Stretch is a part of a lane.
type Stretch struct {
	Span
	State string // "leader", "follower", "no leader", "silent", "paused", "killed", "stopped", "exited"
	Term  uint64
}

// Member is what became of a member in the run.
type Member struct {
	Node     history.NodeID
	Restarts int
	DBBytes  int64
	Revision int64
	Term     uint64
	Elected  int
	Crashes  []history.LogLine
	Exits    []history.Exit
	Notes    []string
}

// watchLeaders follows what the members say of their leader. There is one when a majority names it, and it answers and
// names itself: a paused leader whose followers have not noticed is none, and neither is one that is cut off from them.
func (s *Summary) watchLeaders(h *history.History) {
	latest := map[history.NodeID]history.Status{}
	var none time.Duration = -1
	for _, status := range h.Statuses {
		latest[status.Node] = status
		leader, ok := agreed(latest, len(h.Meta.Nodes))
		ok = ok && !cutOff(h, leader.Node, status.At)
		switch {
		case !ok && none < 0 && len(latest) == len(h.Meta.Nodes):
			none = status.At
		case ok && none >= 0:
			s.Leaderless = append(s.Leaderless, Span{none, status.At})
			none = -1
		}
		if !ok {
			continue
		}
		leader.At = status.At
		if last := len(s.Leaders) - 1; last < 0 || s.Leaders[last].Term < leader.Term || s.Leaders[last].Node != leader.Node && s.Leaders[last].Term == leader.Term {
			s.Leaders = append(s.Leaders, leader)
		}
	}
	if none >= 0 {
		s.Leaderless = append(s.Leaderless, Span{none, h.Statuses[len(h.Statuses)-1].At})
	}
	s.LeaderPoll = pollPeriod(h.Statuses)
}

func agreed(latest map[history.NodeID]history.Status, nodes int) (Leader, bool) {
	votes := map[history.NodeID]int{}
	for _, status := range latest {
		if alive(status) && status.Leader != "" {
			votes[status.Leader]++
		}
	}
	for node, n := range votes {
		if n > nodes/2 && alive(latest[node]) && latest[node].Leader == node {
			return Leader{Node: node, Term: latest[node].Term}, true
		}
	}
	return Leader{}, false
}

// cutOff reports whether a member was kept from the majority at that time.
func cutOff(h *history.History, node history.NodeID, at time.Duration) bool {
	return slices.ContainsFunc(h.Faults, func(f history.Fault) bool {
		alone := f.Shape == "isolate" || f.Shape == "majority-minority" && len(f.Nodes) <= len(h.Meta.Nodes)/2
		return f.Name == "partition" && alone && f.TookEffect && slices.Contains(f.Nodes, node) && at >= f.Active && (at < f.End || f.End == 0)
	})
}

func alive(s history.Status) bool { return s.Up && (s.State == "running" || s.State == "") }

// pollPeriod is the median time between two looks at the same member.
func pollPeriod(statuses []history.Status) time.Duration {
	last := map[history.NodeID]time.Duration{}
	var gaps []time.Duration
	for _, s := range statuses {
		if before, ok := last[s.Node]; ok {
			gaps = append(gaps, s.At-before)
		}
		last[s.Node] = s.At
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// lanes draws each member's course, in stretches of the same state and term.
func lanes(h *history.History) []Lane {
	at := map[history.NodeID]int{}
	out := make([]Lane, len(h.Meta.Nodes))
	for i, node := range h.Meta.Nodes {
		out[i].Node = node
		at[node] = i
	}
	for _, status := range h.Statuses {
		i, ok := at[status.Node]
		if !ok {
			continue
		}
		lane := &out[i]
		next := Stretch{Span{status.At, status.At}, stateOf(status), status.Term}
		if last := len(lane.Spans) - 1; last >= 0 {
			if next.Term == 0 { // a member that does not answer keeps the term it had
				next.Term = lane.Spans[last].Term
			}
			lane.Spans[last].To = status.At
			if lane.Spans[last].State == next.State && lane.Spans[last].Term == next.Term {
				continue
			}
		}
		lane.Spans = append(lane.Spans, next)
	}
	for _, f := range h.Faults {
		if f.Name != "partition" {
			continue
		}
		for _, node := range f.Nodes {
			if i, ok := at[node]; ok {
				out[i].Cut = append(out[i].Cut, Span{f.Active, f.End})
			}
		}
	}
	return out
}

func stateOf(s history.Status) string {
	switch {
	case s.State != "" && s.State != "running":
		return s.State
	case !s.Up:
		return "silent"
	case s.Leader == s.Node:
		return "leader"
	case s.Leader == "":
		return "no leader"
	}
	return "follower"
}

func members(h *history.History) []Member {
	out := make([]Member, 0, len(h.Meta.Nodes))
	for _, node := range h.Meta.Nodes {
		m := Member{Node: node}
		for _, s := range h.Statuses {
			if s.Node == node && s.Up {
				m.DBBytes, m.Revision, m.Term = s.DBBytes, s.Revision, max(m.Term, s.Term)
			}
		}
		for _, e := range h.Evidence {
			if e.Node == node {
				m.Restarts += e.Restarts
				m.Elected += len(e.Leads)
				m.Crashes = append(m.Crashes, e.Crashes...)
				m.Exits = append(m.Exits, e.Exits...)
				m.Notes = append(m.Notes, e.Notes...)
			}
		}
		out = append(out, m)
	}
	return out
}

// unavailable finds the longest time without an answer, within a phase.
func unavailable(h *history.History, r *latency.Recording) func(string) (time.Duration, bool) {
	gaps, any := silences(h, r)
	return func(phase string) (time.Duration, bool) { return longestIn(gaps, r, phase), any && r.Span(phase) > 0 }
}

// silences are the spans between one answer and the next, from the load's start to its end.
func silences(h *history.History, r *latency.Recording) (gaps []Span, any bool) {
	var answers []time.Duration
	end := r.Start + r.Length
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Stage == history.Load {
			any = true
			if op.Result.Outcome == history.OK && op.Return <= end {
				answers = append(answers, op.Return)
			}
		}
	}
	slices.Sort(answers)
	at := r.Start
	for _, answer := range append(answers, end) {
		gaps = append(gaps, Span{at, answer})
		at = answer
	}
	return gaps, any
}

// longestIn is the longest of the spans' parts in a phase.
func longestIn(spans []Span, r *latency.Recording, phase string) (longest time.Duration) {
	for _, s := range spans {
		if phase == latency.All || phase == "" {
			longest = max(longest, s.Length())
			continue
		}
		for _, p := range r.Phases {
			if p.Name == phase {
				longest = max(longest, min(s.To, p.To)-max(s.From, p.From))
			}
		}
	}
	return longest
}

// watchLag measures from a write's sending to its event at each watcher, matched by revision.
func watchLag(h *history.History) *latency.Histogram {
	sent := map[int64]time.Duration{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Stage == history.Load && op.Result.Outcome == history.OK && !op.Request.ReadOnly() && op.Result.Header.Revision > 0 {
			if before, ok := sent[op.Result.Header.Revision]; !ok || op.Call < before {
				sent[op.Result.Header.Revision] = op.Call
			}
		}
	}
	lag := latency.NewHistogram()
	for _, w := range h.Watches {
		if w.Purpose == "replay" || w.Purpose == "glimpse" {
			continue // it is about the past
		}
		for _, response := range w.Responses {
			for _, e := range response.Events {
				if call, ok := sent[e.KV.Mod]; ok && response.At >= call {
					lag.Record(response.At - call)
				}
			}
		}
	}
	return lag
}

// sortedNodes are the members of a set in order of name.
func sortedNodes(nodes []history.NodeID) []history.NodeID {
	return slices.SortedFunc(slices.Values(nodes), func(a, b history.NodeID) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}
