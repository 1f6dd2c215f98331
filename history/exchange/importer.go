package exchange

import (
	"fmt"
	"strconv"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// event is one line of another tool's history.
type event struct {
	process, kind, f, node, reason string
	key, value                     node
	time                           int64
	timed                          bool
	refused                        bool // a :fail that did not happen, whatever others mean by it
}

// nemesis is the process that breaks things.
const nemesis = "nemesis"

// importer pairs invocations with completions and puts both into our words.
type importer struct {
	cas    FailedCAS
	events []event
	notes  map[string]int
	values values
	faults faults

	records records // of our own
	ended   string  // why the rest of the events is left out
}

func newImporter(cas FailedCAS) *importer { return &importer{cas: cas, notes: map[string]int{}} }

func (in *importer) note(format string, args ...any) { in.notes[fmt.Sprintf(format, args...)]++ }

func (in *importer) add(e event) error {
	switch e.kind {
	case "invoke", "ok", "fail", "info":
	default:
		return fmt.Errorf("unknown type %q; allowed: invoke, ok, fail, info", e.kind)
	}
	if _, err := strconv.Atoi(e.process); err != nil && e.process != nemesis {
		in.note("lines of :%s are left out", e.process)
		return nil
	}
	in.events = append(in.events, e)
	return nil
}

// history makes the operations, in the order of the lines.
func (in *importer) history() (*history.History, []string, error) {
	if h, ok, err := in.own(); ok || err != nil {
		return h, notesOf(in.notes), err
	}
	in.look()
	h := &history.History{Meta: history.Meta{Target: "import", Judge: "linearizable"}}
	open := map[string]int{} // a process's operation
	passed := map[string]bool{}
	processes := newProcesses(in.events)
	var now time.Duration
	for i, e := range in.events {
		if in.ended != "" {
			in.note("only the first %d of %d events are judged: %s", i-1, len(in.events), in.ended)
			break
		}
		now = in.at(i, e, now)
		place, waiting := open[e.process]
		switch {
		case e.process == nemesis:
			in.nemesis(e, now)
		case e.kind == "invoke" && waiting:
			return nil, nil, fmt.Errorf("event %d: process %s invokes :%s before its last operation has completed", i, e.process, e.f)
		case e.kind == "invoke":
			req, ok := in.request(e)
			if passed[e.process] = !ok; !ok {
				continue
			}
			open[e.process] = len(h.Ops)
			h.Ops = append(h.Ops, history.Op{ID: len(h.Ops), Process: processes.number(e.process), Node: history.NodeID(e.node), Request: req, Due: now, Call: now})
		case passed[e.process]:
			passed[e.process] = false
		case !waiting:
			return nil, nil, fmt.Errorf("event %d: process %s completes :%s, which it did not invoke", i, e.process, e.f)
		default:
			delete(open, e.process)
			op := &h.Ops[place]
			op.Return, op.Result = now, in.result(e, op.Request)
			if op.Result.Outcome == history.Unknown {
				processes.retire(e.process)
			}
		}
	}
	for _, place := range open {
		h.Ops[place].Return, h.Ops[place].Result = now+1, history.Result{Error: history.StillOpen}
	}
	h.Faults = in.broken(now + 1)
	h.Sort()
	return h, notesOf(in.notes), nil
}

// at is the time of an event, later than the one before: the order of the lines is part of what was recorded.
func (in *importer) at(i int, e event, before time.Duration) time.Duration {
	if !e.timed {
		return max(time.Duration(i+1)*time.Millisecond, before+1)
	}
	return max(time.Duration(e.time), before+1)
}

// processes gives an ended process's number, when a tool uses it again, to a new one.
type processes struct {
	fresh   int
	numbers map[string]int
}

func newProcesses(events []event) *processes {
	p := &processes{numbers: map[string]int{}}
	for _, e := range events {
		n, err := strconv.Atoi(e.process)
		if err != nil {
			continue // the nemesis
		}
		p.fresh = max(p.fresh, n+1)
		p.numbers[e.process] = n
	}
	return p
}

func (p *processes) number(name string) history.Process { return history.Process(p.numbers[name]) }

func (p *processes) retire(name string) {
	p.numbers[name] = p.fresh
	p.fresh++
}
