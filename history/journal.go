package history

import (
	"slices"
	"time"
)

// Record is one line of the journal that a run writes as it goes: exactly one of the pointers is set.
type Record struct {
	Call     *Op    // an operation about to be sent: no result, no return
	Return   *Op    // an operation that has returned
	Watch    *Watch // a watch that was opened, or (with Closed) that ended; without its responses
	Response *WatchResponse
	WatchID  int // of Response
	Fault    *Fault
	Status   *Status
	Evidence *Evidence
	Meta     *Meta
}

// at is the record's place in the order of time.
func (r Record) at() time.Duration {
	switch {
	case r.Call != nil:
		return r.Call.Call
	case r.Return != nil:
		return r.Return.Return
	case r.Response != nil:
		return r.Response.At
	case r.Watch != nil && r.Watch.Closed > 0:
		return r.Watch.Closed
	case r.Watch != nil:
		return r.Watch.Opened
	}
	return 0
}

// Journal puts a history together again from the records that a Recorder drained. Records may be cut off anywhere, as
// by the death of the harness: what was open then has an unknown outcome.
type Journal struct {
	h     History
	ops   []*Op       // those that have returned; not copied until the end, because there are many and they are large
	open  map[int]*Op // those that have not, by ID
	watch map[int]int // a watch's ID to its place in h.Watches
	last  time.Duration

	values values
}

// Add takes the next record. The journal keeps what it points to, and changes it: large values become those that it has.
func (j *Journal) Add(r Record) {
	if j.open == nil {
		j.open, j.watch = map[int]*Op{}, map[int]int{}
	}
	j.last = max(j.last, r.at())
	switch {
	case r.Call != nil:
		j.open[r.Call.ID] = r.Call
	case r.Return != nil:
		delete(j.open, r.Return.ID)
		j.values.request(&r.Return.Request)
		j.values.result(&r.Return.Result)
		j.ops = append(j.ops, r.Return)
	case r.Watch != nil:
		j.addWatch(*r.Watch)
	case r.Response != nil:
		j.values.response(r.Response)
		w := j.addWatch(Watch{ID: r.WatchID, Resumes: -1})
		w.Responses = append(w.Responses, *r.Response)
	case r.Fault != nil:
		j.h.Faults = replaceFault(j.h.Faults, *r.Fault)
	case r.Status != nil:
		j.h.Statuses = append(j.h.Statuses, *r.Status)
	case r.Evidence != nil:
		j.values.evidence(r.Evidence)
		j.h.Evidence = append(j.h.Evidence, *r.Evidence)
	case r.Meta != nil:
		j.h.Meta = *r.Meta
	}
}

// addWatch is the watch with this ID; if it is known, only its end is news.
func (j *Journal) addWatch(w Watch) *Watch {
	place, known := j.watch[w.ID]
	if !known {
		place = len(j.h.Watches)
		j.watch[w.ID] = place
		j.h.Watches = append(j.h.Watches, w)
	} else if w.Closed > 0 {
		w.Responses = j.h.Watches[place].Responses
		j.h.Watches[place] = w
	}
	return &j.h.Watches[place]
}

// Open is the number of operations that have no answer yet.
func (j *Journal) Open() int { return len(j.open) }

// History is what was recorded: everything in order, and open operations and watches ended with the last record.
func (j *Journal) History() *History {
	h := j.h
	ops := slices.Clone(j.ops)
	for _, call := range j.open {
		op := *call
		op.Result, op.Return = Result{Error: StillOpen}, max(j.last, op.Call)
		ops = append(ops, &op)
	}
	slices.SortStableFunc(ops, func(a, b *Op) int { return compareOps(a, b) })
	if len(ops) > 0 {
		h.Ops = make([]Op, len(ops))
	}
	for i, op := range ops {
		h.Ops[i] = *op
	}
	h.Watches = slices.Clone(h.Watches)
	for i := range h.Watches {
		if h.Watches[i].Closed == 0 {
			h.Watches[i].Closed = j.last
		}
	}
	h.Sort()
	return &h
}
