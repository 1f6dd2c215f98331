package history

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Recorder keeps a run's only clock and everything that was recorded. Its methods may be called by any goroutine; a Log
// and a WatchLog belong to one goroutine each.
type Recorder struct {
	start   time.Time // with Go's monotonic reading: the clock
	process atomic.Int64
	id      atomic.Int64
	values  values

	mu       sync.Mutex
	meta     Meta
	logs     []*Log
	owners   map[Process]*Log // whose each process is; nil = retired
	watches  []*WatchLog
	faults   []Fault
	statuses []Status
	evidence []Evidence
	pending  []Record // of meta, faults, statuses and evidence, since the last Drain
}

// NewRecorder starts the run's clock. Meta.Epoch is set to the present if it is zero.
func NewRecorder(meta Meta) *Recorder {
	now := time.Now()
	if meta.Epoch.IsZero() {
		meta.Epoch = now.Round(0).UTC()
	}
	r := &Recorder{start: now, meta: meta, owners: map[Process]*Log{}}
	r.pending = []Record{{Meta: r.metaCopy()}}
	return r
}

// Now is the time since the run's epoch.
func (r *Recorder) Now() time.Duration { return time.Since(r.start) }

// Process is a fresh process number.
func (r *Recorder) Process() Process { return Process(r.process.Add(1) - 1) }

// Log is a new log for one goroutine.
func (r *Recorder) Log() *Log {
	l := &Log{recorder: r, process: -1}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, l)
	return l
}

// OpenWatch begins the record of a watch. It sets the watch's ID and the time of opening.
func (r *Recorder) OpenWatch(w Watch) *WatchLog {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.ID, w.Opened, w.Closed, w.Responses = len(r.watches), r.Now(), 0, nil
	l := &WatchLog{recorder: r, watch: w}
	r.watches = append(r.watches, l)
	return l
}

// AddFault records a fault, or what became of it: one with the same ID is replaced.
func (r *Recorder) AddFault(f Fault) {
	f.Nodes, f.Evidence = slices.Clone(f.Nodes), slices.Clone(f.Evidence)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = append(r.pending, Record{Fault: &f})
	r.faults = replaceFault(r.faults, f)
}

// replaceFault is the list with the fault in the place of the one with its ID, or at the end.
func replaceFault(faults []Fault, f Fault) []Fault {
	for i := range faults {
		if faults[i].ID == f.ID {
			faults[i] = f
			return faults
		}
	}
	return append(faults, f)
}

// AddStatus records what a member said of itself.
func (r *Recorder) AddStatus(s Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = append(r.pending, Record{Status: &s})
	r.statuses = append(r.statuses, s)
}

// AddEvidence records what was read from a member's files after the run.
func (r *Recorder) AddEvidence(e Evidence) {
	r.values.evidence(&e)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = append(r.pending, Record{Evidence: &e})
	r.evidence = append(r.evidence, e)
}

// UpdateMeta changes the description of the run.
func (r *Recorder) UpdateMeta(change func(*Meta)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.meta)
	r.pending = append(r.pending, Record{Meta: r.metaCopy()})
}

func (r *Recorder) metaCopy() *Meta {
	meta := r.meta
	meta.Nodes, meta.Unsent = slices.Clone(meta.Nodes), slices.Clone(meta.Unsent)
	return &meta
}

// claim gives the process to the log, or panics: a process is one thread, and ends with an unknown outcome.
func (r *Recorder) claim(p Process, l *Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	owner, used := r.owners[p]
	switch {
	case used && owner == nil:
		panic(fmt.Sprintf("history: process %d is used after an unknown outcome: its operation may still take effect, so it must be retired", p))
	case used && owner != l:
		panic(fmt.Sprintf("history: process %d is used by two logs: a process has one operation at a time", p))
	}
	r.owners[p] = l
}

func (r *Recorder) retire(p Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owners[p] = nil
}

// Drain is everything new since the last Drain, in the order of time. Operations come twice: when they were called and
// when they returned. It may be called while the run goes on, by one goroutine.
func (r *Recorder) Drain() []Record {
	r.mu.Lock()
	records, logs, watches := r.pending, slices.Clone(r.logs), slices.Clone(r.watches)
	r.pending = nil
	r.mu.Unlock()
	settled := len(records)
	for _, l := range logs {
		records = l.drain(records)
	}
	for _, w := range watches {
		records = w.drain(records)
	}
	return append(records[:settled:settled], inTime(records[settled:])...)
}

// inTime is the records in the order of time, those of one moment as they came.
func inTime(records []Record) []Record {
	type place struct {
		at time.Duration
		i  int
	}
	places := make([]place, len(records))
	for i, r := range records {
		places[i] = place{r.at(), i}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.i, b.i)) })
	sorted := make([]Record, len(records))
	for i, p := range places {
		sorted[i] = records[p.i]
	}
	return sorted
}

// History is everything recorded. It is called when the workers have ended: operations still open have an unknown
// outcome and return now.
func (r *Recorder) History() *History {
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &History{Meta: *r.metaCopy(), Faults: slices.Clone(r.faults), Statuses: slices.Clone(r.statuses), Evidence: slices.Clone(r.evidence)}
	h.Ops = make([]Op, 0, r.id.Load())
	for _, l := range r.logs {
		h.Ops = l.collect(h.Ops, now)
	}
	for _, w := range r.watches {
		h.Watches = append(h.Watches, w.collect(now))
	}
	h.Sort()
	return h
}
