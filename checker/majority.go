package checker

import (
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// period is the time from one moment up to another.
type period struct{ from, to time.Duration }

// overlap is how much of the time between two moments falls into the periods, which have no moment in common.
func overlap(periods []period, from, to time.Duration) (all time.Duration) {
	for _, p := range periods {
		all += max(0, min(p.to, to)-max(p.from, from))
	}
	return all
}

// withoutMajority are the times in which faults, one or several together, left no majority of members that could work
// with each other, or none of it that clients could reach: nobody could be served then, and that was meant. Only faults
// that saw their own effect count, and only in a history that says who the members are.
func withoutMajority(h *history.History) (all []period) {
	var moments []time.Duration
	for i := range h.Faults {
		if f := &h.Faults[i]; f.TookEffect {
			moments = append(moments, f.Start, faultEnd(*f))
		}
	}
	slices.Sort(moments)
	moments = slices.Compact(moments)
	for i := range max(len(moments), 1) - 1 {
		p := period{moments[i], moments[i+1]}
		if served(h, p) {
			continue
		}
		if n := len(all); n > 0 && all[n-1].to == p.from {
			all[n-1].to = p.to
			continue
		}
		all = append(all, p)
	}
	return all
}

// served reports whether clients could be served in a period, in which no fault begins or ends.
func served(h *history.History, p period) bool {
	able, reached := map[history.NodeID]bool{}, map[history.NodeID]bool{}
	for _, node := range h.Meta.Nodes {
		able[node], reached[node] = true, true
	}
	for i := range h.Faults {
		f := &h.Faults[i]
		if !f.TookEffect || f.Start > p.from || faultEnd(*f) < p.to {
			continue
		}
		for _, node := range outside(f, h.Meta.Nodes) {
			delete(able, node)
		}
		if f.Name == "clients" {
			for _, node := range f.Nodes {
				delete(reached, node)
			}
		}
	}
	if n := len(h.Meta.Nodes); n > 0 && len(able) <= n/2 {
		return false
	}
	for node := range able {
		if reached[node] {
			return true
		}
	}
	return len(h.Meta.Nodes) == 0
}

// outside are the members that can work with no majority while the fault is active.
func outside(f *history.Fault, nodes []history.NodeID) []history.NodeID {
	switch f.Name {
	case "kill", "stop", "pause", "kill-defrag", "kill-compact", "grey-leader":
		return f.Nodes
	case "partition":
	default:
		return nil
	}
	switch f.Shape {
	case "bridge", "majorities-ring": // everyone hears a majority, or somebody does
		return nil
	case "majority-minority":
		rest := slices.DeleteFunc(slices.Clone(nodes), func(n history.NodeID) bool { return slices.Contains(f.Nodes, n) })
		switch majority := len(nodes)/2 + 1; {
		case len(f.Nodes) >= majority:
			return rest
		case len(rest) < majority:
			return nodes
		}
	}
	return f.Nodes // each alone, or unheard, or deaf
}
