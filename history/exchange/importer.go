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
}

// importer pairs invocations with completions and puts both into our words.
type importer struct {
	cas    FailedCAS
	events []event
	notes  map[string]int

	tuples   bool                       // values are [key value]: Jepsen's independent keys
	elements map[string]bool            // keys whose values grow by elements; see elements.go
	known    map[string]map[string]bool // what was appended, by the elements' folder
}

func newImporter(cas FailedCAS) *importer {
	return &importer{cas: cas, notes: map[string]int{}, elements: map[string]bool{}, known: map[string]map[string]bool{}}
}

func (in *importer) note(format string, args ...any) { in.notes[fmt.Sprintf(format, args...)]++ }

func (in *importer) add(e event) error {
	switch e.kind {
	case "invoke", "ok", "fail", "info":
	default:
		return fmt.Errorf("unknown type %q; allowed: invoke, ok, fail, info", e.kind)
	}
	if _, err := strconv.Atoi(e.process); err != nil {
		in.note("lines of :%s are left out", e.process) // :nemesis
		return nil
	}
	in.events = append(in.events, e)
	return nil
}

// history makes the operations, in the order of the lines.
func (in *importer) history() (*history.History, []string, error) {
	in.look()
	h := &history.History{Meta: history.Meta{Target: "import", Judge: "linearizable"}}
	open := map[string]int{} // a process's operation
	passed := map[string]bool{}
	processes := newProcesses(in.events)
	var now time.Duration
	for i, e := range in.events {
		now = in.at(i, e, now)
		place, waiting := open[e.process]
		switch {
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

// look finds out what kind of values the history holds.
func (in *importer) look() {
	values, tuples := 0, 0
	for _, e := range in.events {
		if e.kind != "invoke" || e.key.kind != 0 {
			continue
		}
		switch e.f {
		case "read", "write", "cas", "delete":
			values++
			if pair := e.value.kind == 'l' && len(e.value.items) == 2; pair && (e.f != "cas" || e.value.items[1].kind == 'l') {
				tuples++
			}
		}
	}
	in.tuples = values > 0 && tuples == values
	in.findElements()
}

// keyed is the event's key and its value without the key.
func (in *importer) keyed(e event) (string, node) {
	switch {
	case e.key.kind != 0:
		return e.key.String(), e.value
	case in.tuples && e.value.kind == 'l' && len(e.value.items) == 2:
		return e.value.items[0].String(), e.value.items[1]
	}
	return "x", e.value
}

// request is what was asked, if there are words for it.
func (in *importer) request(e event) (history.Request, bool) {
	key, value := in.keyed(e)
	if in.elements[key] {
		return in.elementRequest(e, key, value)
	}
	switch e.f {
	case "read", "get":
		return history.Request{Kind: history.Get, Key: key}, true
	case "write", "put":
		return history.Request{Kind: history.Put, Key: key, Value: value.String()}, true
	case "delete":
		return history.Request{Kind: history.Delete, Key: key}, true
	case "cas":
		if len(value.items) == 2 {
			return history.Request{Kind: history.CAS, Key: key, Expect: value.items[0].String(), Value: value.items[1].String()}, true
		}
	case "txn":
		return in.transaction(value)
	}
	in.note(":%s operations are left out: there are no words for them", e.f)
	return history.Request{}, false
}

// result is what was told.
func (in *importer) result(e event, req history.Request) history.Result {
	_, value := in.keyed(e)
	switch e.kind {
	case "info":
		return history.Result{Error: in.reason(e)}
	case "fail":
		if req.Kind == history.CAS && in.cas == Differed {
			return history.Result{Outcome: history.OK}
		}
		return history.Result{Outcome: history.Fail, Error: in.reason(e)}
	}
	res := history.Result{Outcome: history.OK, Succeeded: req.Kind == history.CAS || req.Kind == history.Txn}
	switch req.Kind {
	case history.Get:
		if value.kind != 'n' && value.kind != 0 && !(value.kind == 's' && value.text == "" && e.f == "get") {
			res.KVs = []history.KV{{Key: req.Key, Value: value.String()}}
		}
	case history.Range:
		in.elementsRead(req, value, &res)
	case history.Txn:
		in.answers(req, value, &res)
	}
	return res
}

// reason is why an operation failed; old logs say it in the place of the value.
func (in *importer) reason(e event) string {
	if e.reason == "" && e.value.kind == 'k' {
		return e.value.text
	}
	return e.reason
}

// processes gives an ended process's number, when a tool uses it again, to a new one.
type processes struct {
	fresh   int
	numbers map[string]int
}

func newProcesses(events []event) *processes {
	p := &processes{numbers: map[string]int{}}
	for _, e := range events {
		n, _ := strconv.Atoi(e.process) // add has seen that it is a number
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
