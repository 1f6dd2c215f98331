package history

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// StillOpen is the reason of operations that had no answer when the history ended.
const StillOpen = "no answer when the run ended"

// chunk is how many operations a log makes room for at a time, so that none is ever moved.
const chunk = 256

// Log is one worker's record of its operations. Its mutex is only ever shared with Drain and held for nanoseconds, never
// while an operation is in flight.
type Log struct {
	recorder *Recorder
	process  Process // the last one used; -1 = none, or retired
	open     bool    // an operation is in flight

	mu       sync.Mutex
	chunks   [][]Op // all full but the last
	invoked  int    // operations
	returned int
	// What Drain has taken so far.
	drainedCalls, drainedReturns int
}

// Invoke stamps the call and journals the operation, before it is sent. A negative due time means a closed loop: the
// operation is due when it is called. It panics if the log's last operation has not completed, or the process is another
// log's or had an unknown outcome.
func (l *Log) Invoke(p Process, node NodeID, stage Stage, due time.Duration, req Request) {
	if l.open {
		panic(fmt.Sprintf("history: Invoke by process %d before Complete of process %d: a log has one operation at a time", p, l.process))
	}
	if p != l.process {
		l.recorder.claim(p, l)
		l.process = p
	}
	l.open = true
	l.recorder.values.share(&req.Value)
	id := int(l.recorder.id.Add(1) - 1)
	call := l.recorder.Now()
	if due < 0 {
		due = call
	}
	l.mu.Lock()
	if l.invoked == len(l.chunks)*chunk {
		l.chunks = append(l.chunks, make([]Op, chunk))
	}
	op := l.at(l.invoked)
	op.ID, op.Process, op.Node, op.Stage, op.Request, op.Due, op.Call = id, p, node, stage, req, due, call
	l.invoked++
	l.mu.Unlock()
}

// Complete stamps the return, then files the operation with its result. It panics without an Invoke before.
func (l *Log) Complete(res Result) Op {
	now := l.recorder.Now()
	if !l.open {
		panic("history: Complete without Invoke: there is no operation to complete")
	}
	l.open = false
	l.recorder.values.result(&res)
	if res.Outcome == Unknown {
		l.recorder.retire(l.process)
		l.process = -1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	op := l.at(l.returned)
	op.Result, op.Return = res, now
	l.returned++
	return *op
}

func (l *Log) at(i int) *Op { return &l.chunks[i/chunk][i%chunk] }

// drain adds the calls and returns since the last time, each return before the next call: they may be of the same moment.
// A call's record is a copy, because its operation will change; a completed operation never does.
func (l *Log) drain(records []Record) []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.drainedReturns < l.drainedCalls && l.drainedReturns < l.returned:
			records = append(records, Record{Return: l.at(l.drainedReturns)})
			l.drainedReturns++
		case l.drainedCalls < l.invoked:
			call := *l.at(l.drainedCalls)
			call.Result, call.Return = Result{}, 0
			records = append(records, Record{Call: &call})
			l.drainedCalls++
		default:
			return records
		}
	}
}

// collect adds all operations; what is open returns now.
func (l *Log) collect(ops []Op, now time.Duration) []Op {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.invoked {
		op := *l.at(i)
		if i >= l.returned {
			op.Result, op.Return = Result{Error: StillOpen}, now
		}
		ops = append(ops, op)
	}
	return ops
}

// WatchLog is the record of one watch, by the goroutine that receives its responses.
type WatchLog struct {
	recorder *Recorder

	mu      sync.Mutex
	watch   Watch
	closed  bool
	drained int // responses that Drain has taken
	told    struct{ opened, closed bool }
}

// ID is the watch's number in the history.
func (w *WatchLog) ID() int { return w.watch.ID }

// Append records a response and stamps its time.
func (w *WatchLog) Append(response WatchResponse) {
	response.At = w.recorder.Now()
	w.recorder.values.response(&response)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watch.Responses = append(w.watch.Responses, response)
}

// Close records the watch's end: the revision below which the store has compacted, if that ended it, or the reason, if
// it was not by us. Only the first Close counts.
func (w *WatchLog) Close(compacted int64, reason string) {
	now := w.recorder.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		now = max(now, 1) // zero means that it is open
		w.watch.Closed, w.watch.Compacted, w.watch.Error = now, compacted, reason
	}
}

func (w *WatchLog) drain(records []Record) []Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.told.opened {
		w.told.opened = true
		opened := w.watch
		opened.Closed, opened.Compacted, opened.Error, opened.Responses = 0, 0, "", nil
		records = append(records, Record{Watch: &opened})
	}
	for ; w.drained < len(w.watch.Responses); w.drained++ {
		records = append(records, Record{Response: &w.watch.Responses[w.drained], WatchID: w.watch.ID})
	}
	if w.closed && !w.told.closed {
		w.told.closed = true
		closed := w.watch
		closed.Responses = nil
		records = append(records, Record{Watch: &closed})
	}
	return records
}

// collect is the whole watch; one that is open ends now.
func (w *WatchLog) collect(now time.Duration) Watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	whole := w.watch
	whole.Responses = slices.Clone(whole.Responses)
	if !w.closed {
		whole.Closed = now
	}
	return whole
}
