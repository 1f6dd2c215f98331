package certificate

import (
	"container/heap"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Feed makes a Stream's input of a journal: of what a Recorder drains while the run goes on, or of its file, read from
// the beginning. Records need only be in order of time by and by. A journal may also be one of operations that have all
// returned, in the order of their calls.
//
// It gives each operation the number that it has in the whole history, by its place in the order of calls.
type Feed struct {
	stream  *Stream
	open    map[int]*entry // called and not returned, by the recorder's number
	calls   entries        // not numbered yet: the earliest call first
	returns entries        // returned and not handed on: the earliest return first
	numbered
	watches map[int]watched
	latest  time.Duration // the latest moment of which a record tells
	horizon time.Duration // everything that was called or returned before it has been recorded
	last    time.Duration
}

// slack is by how much records may be out of order: a Recorder is drained log by log, and a worker files a return after
// it stamped it. More is noticed, and leaves the history undecided.
const slack = time.Second

// numbered are the operations that have their number, in the order of calls, from the first that was not handed on.
type numbered struct {
	queue []*entry
	count int
}

// entry is an operation on its way to the stream.
type entry struct {
	id   int // the recorder's
	call time.Duration
	rank int
	op   *history.Op // without its result before it has returned
	ret  time.Duration
	done bool
}

// watched is what has to be known of a watch to believe its responses.
type watched struct{ all, open bool }

// NewFeed returns a feed that has seen nothing, for a stream of its own. See NewStream for serializable.
func NewFeed(serializable bool) *Feed {
	return &Feed{stream: NewStream(serializable), returns: entries{byReturns: true}, open: map[int]*entry{}, watches: map[int]watched{}}
}

// Placed has a function told of every operation that made a revision, with its changes, in the order of revisions.
func (f *Feed) Placed(told func(rev int64, op *history.Op, changes []model.Change)) {
	f.stream.placed = told
}

// Add takes the next record of the journal, and keeps the operations in it.
func (f *Feed) Add(r history.Record) {
	switch {
	case r.Call != nil:
		f.called(r.Call)
	case r.Return != nil:
		f.returned(r.Return)
	case r.Watch != nil:
		f.watch(r.Watch)
	case r.Response != nil:
		f.last = max(f.last, r.Response.At)
		f.stream.Watched(r.Response, f.watches[r.WatchID].all)
	}
}

// Now says that everything which was recorded before a moment has been added.
func (f *Feed) Now(at time.Duration) {
	f.latest = max(f.latest, at)
	f.advance()
}

func (f *Feed) called(op *history.Op) *entry {
	if op.Call < f.horizon {
		f.stream.giveUp(fmt.Sprintf("records are out of order: a call at %v came after what was recorded at %v", op.Call, f.latest))
	}
	e := &entry{id: op.ID, call: op.Call, op: op}
	f.open[op.ID] = e
	heap.Push(&f.calls, e)
	f.stream.Named(&op.Request)
	f.Now(op.Call)
	return e
}

func (f *Feed) returned(op *history.Op) {
	f.last = max(f.last, op.Return)
	e, ok := f.open[op.ID]
	if !ok {
		e = f.called(op)
	}
	delete(f.open, op.ID)
	if op.Return < f.horizon {
		f.stream.giveUp(fmt.Sprintf("records are out of order: a return at %v came after what was recorded at %v", op.Return, f.latest))
	}
	e.op, e.ret = op, op.Return
	heap.Push(&f.returns, e)
	if ok {
		f.Now(op.Return)
	}
}

func (f *Feed) watch(w *history.Watch) {
	old := f.watches[w.ID]
	// "" and "\x00" both stand for the first key: clients cannot send the former.
	now := watched{all: (w.Key == "" || w.Key == "\x00") && w.End == "\x00" && !w.NoPut && !w.NoDelete, open: w.Closed == 0}
	f.watches[w.ID] = now
	if now.all && now.open != old.open {
		if now.open {
			f.stream.watchers++
		} else {
			f.stream.watchers--
		}
	}
}

// advance hands on what is in order by now.
func (f *Feed) advance() {
	if f.latest-slack > f.horizon {
		f.horizon = f.latest - slack
		f.upTo(f.horizon)
	}
}

// upTo hands on the operations that returned before a moment.
func (f *Feed) upTo(horizon time.Duration) {
	for len(f.calls.list) > 0 && f.calls.list[0].call < horizon {
		e := heap.Pop(&f.calls).(*entry)
		e.rank = f.count
		f.count++
		f.queue = append(f.queue, e)
	}
	for len(f.returns.list) > 0 && f.returns.list[0].ret < horizon {
		e := heap.Pop(&f.returns).(*entry)
		e.done = true
		f.hand(e, horizon)
	}
}

// hand gives an operation to the stream, under its number.
func (f *Feed) hand(e *entry, horizon time.Duration) {
	for len(f.queue) > 0 && f.queue[0].done {
		f.queue[0] = nil
		f.queue = f.queue[1:]
	}
	earliest := horizon
	if len(f.queue) > 0 {
		earliest = f.queue[0].call
	}
	op := e.op
	if op.ID != e.rank {
		own := *op
		own.ID = e.rank
		op = &own
	}
	e.op = nil
	f.stream.Add(op, earliest)
}

// Finish hands on what is left, ends what has not returned, and returns the stream's report.
func (f *Feed) Finish() StreamReport {
	const end = time.Duration(1<<63 - 1)
	for _, e := range f.open {
		f.last = max(f.last, e.call)
	}
	for _, e := range f.open {
		op := *e.op
		op.Result, op.Return = history.Result{Error: history.StillOpen}, f.last
		e.op, e.ret = &op, end-1 // behind all that have returned
		heap.Push(&f.returns, e)
	}
	clear(f.open)
	f.upTo(end)
	f.horizon = f.last
	return f.stream.Finish()
}

// Report is what was found so far.
func (f *Feed) Report() StreamReport { return f.stream.Report() }

// Through is the moment up to which everything that has returned is certified.
func (f *Feed) Through() time.Duration { return f.stream.Through(f.horizon) }

// entries is a heap by calls or by returns.
type entries struct {
	list      []*entry
	byReturns bool
}

func (h *entries) Len() int { return len(h.list) }
func (h *entries) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	x, y := a.call, b.call
	if h.byReturns {
		x, y = a.ret, b.ret
	}
	return x < y || x == y && a.id < b.id
}
func (h *entries) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }

// Push is for the heap.
func (h *entries) Push(x any) { h.list = append(h.list, x.(*entry)) }

// Pop is for the heap.
func (h *entries) Pop() any {
	last := h.list[len(h.list)-1]
	h.list[len(h.list)-1] = nil
	h.list = h.list[:len(h.list)-1]
	return last
}
