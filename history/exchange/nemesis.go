package exchange

import (
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// faults are what the nemesis's lines tell. Each of its operations has two: what is to be done, and that it is done.
type faults struct {
	list []history.Fault
	open []int  // of the list: not healed
	last string // the function whose second line is to come
}

// endings are the functions that end what another one began.
var endings = map[string][]string{
	"stop": {"start"}, "resume": {"pause"}, "start": {"kill"}, "heal": {"partition", "start-partition"},
	"reset": {"bump", "strobe"}, "reset-clock": {"bump-clock", "strobe-clock", "scramble-clock"},
}

// ends are the functions that f may end.
func ends(f string) []string {
	if what, ok := strings.CutPrefix(f, "stop-"); ok {
		return []string{"start-" + what}
	}
	return endings[f]
}

// begins reports whether f does harm until something ends it.
func begins(f string) bool {
	if strings.HasPrefix(f, "start-") || f == "start" {
		return true
	}
	for _, begun := range endings {
		for _, b := range begun {
			if b == f {
				return true
			}
		}
	}
	return false
}

// nemesis takes a line of the process that breaks things.
func (in *importer) nemesis(e event, now time.Duration) {
	fs := &in.faults
	second := fs.last == e.f
	fs.last = ""
	if place := fs.ended(e.f, second); place >= 0 {
		if f := &fs.list[place]; second {
			f.End = now
			fs.close(place)
		} else {
			f.Heal, fs.last = now, e.f
		}
		return
	}
	switch {
	case second && len(fs.list) > 0:
		f := &fs.list[len(fs.list)-1]
		f.Active, f.TookEffect, f.Nodes = now, true, nodesOf(e.value)
		if text := e.value.String(); text != "" {
			f.Evidence = []string{text[:min(len(text), evidenceBytes)]}
		}
	case begins(e.f):
		fs.last = e.f
		fs.open = append(fs.open, len(fs.list))
		name := strings.TrimPrefix(e.f, "start-")
		if name == "start" { // which of them, only the test's author knows
			name = nemesis
		}
		fs.list = append(fs.list, history.Fault{ID: len(fs.list), Name: name, Target: e.value.String(), Step: e.f, Start: now})
	default:
		in.note(":%s of the nemesis is left out: it is not known what begins or ends it", e.f)
	}
}

// evidenceBytes is how much of what the nemesis said is kept.
const evidenceBytes = 200

// ended is the open fault that f ends; −1 if there is none. The second line of what began a fault ends nothing.
func (fs *faults) ended(f string, second bool) int {
	for i := len(fs.open) - 1; i >= 0; i-- {
		place := fs.open[i]
		if second && fs.list[place].Heal == 0 {
			continue
		}
		for _, begun := range ends(f) {
			if fs.list[place].Step == begun {
				return place
			}
		}
	}
	return -1
}

func (fs *faults) close(place int) {
	for i, open := range fs.open {
		if open == place {
			fs.open = append(fs.open[:i], fs.open[i+1:]...)
			return
		}
	}
}

// broken are the faults; those that nothing ended lasted to the end of the history.
func (in *importer) broken(end time.Duration) []history.Fault {
	for _, place := range in.faults.open {
		f := &in.faults.list[place]
		if f.Heal == 0 {
			in.note("no line ends the fault %s", f.Step)
			f.Heal = end
		}
		f.End = max(end, f.Heal)
	}
	for i := range in.faults.list {
		f := &in.faults.list[i]
		f.Active, f.Step = max(f.Active, f.Start), ""
	}
	return in.faults.list
}

// nodesOf are the members that a line of the nemesis names: the keys of a map, or the words of a list.
func nodesOf(value node) []history.NodeID {
	var nodes []history.NodeID
	for i, item := range value.items {
		if item.kind == 'l' || item.kind == 'm' || value.kind == 'm' && i%2 == 1 {
			continue
		}
		nodes = append(nodes, history.NodeID(item.String()))
	}
	return nodes
}
