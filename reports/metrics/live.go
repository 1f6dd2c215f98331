package metrics

import (
	"cmp"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Live are the metrics of a run that goes on. What is new is added once a second, away from the measuring path; the
// metrics can be asked for at any time, by any number of readers.
type Live struct {
	mu       sync.Mutex
	meta     history.Meta
	ops      map[opCount]int64
	times    map[string]*[2]*latency.Histogram
	slips    *latency.Histogram
	free     map[history.Process]time.Duration // since when each client has been free to send
	faults   map[int]history.Fault
	statuses map[history.NodeID]history.Status
	changes  int
	leader   history.NodeID
	term     uint64
}

type opCount struct {
	op      string
	outcome history.Outcome
	phase   string
}

// NewLive makes the metrics of a run that has not begun.
func NewLive() *Live {
	l := &Live{ops: map[opCount]int64{}, times: map[string]*[2]*latency.Histogram{}, slips: latency.NewHistogram()}
	l.begin(history.Meta{})
	return l
}

// begin forgets what was another run's. What is counted goes on: a series of runs is one target for a scraper.
func (l *Live) begin(meta history.Meta) {
	l.free = map[history.Process]time.Duration{}
	l.faults, l.statuses = map[int]history.Fault{}, map[history.NodeID]history.Status{}
	l.leader, l.term = "", 0
	l.meta = meta
}

// Add takes in what was recorded since the last time.
func (l *Live) Add(records []history.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		switch {
		case r.Meta != nil && r.Meta.Run != l.meta.Run:
			l.begin(*r.Meta)
		case r.Meta != nil:
			l.meta = *r.Meta
		case r.Return != nil:
			l.add(r.Return)
		case r.Fault != nil:
			l.faults[r.Fault.ID] = *r.Fault
		case r.Status != nil:
			l.status(*r.Status)
		}
	}
}

func (l *Live) add(op *history.Op) {
	if op.Stage != history.Load {
		return
	}
	name := latency.OpName(op.Request.Kind)
	l.ops[opCount{name, op.Result.Outcome, l.phase()}]++
	l.slip(op)
	if op.Result.Outcome != history.OK {
		return
	}
	if l.times[name] == nil {
		l.times[name] = &[2]*latency.Histogram{latency.NewHistogram(), latency.NewHistogram()}
	}
	l.times[name][latency.Due].Record(op.Return - op.Due)
	l.times[name][latency.Send].Record(op.Return - op.Call)
}

// slip is how late the generator sent what its client was free to send, as in the report. The first operation of a
// client says nothing; a client whose operation came to nothing known is never seen again.
func (l *Live) slip(op *history.Op) {
	if before, ok := l.free[op.Process]; ok {
		l.slips.Record(op.Call - max(op.Due, before))
	}
	l.free[op.Process] = op.Return
	if op.Result.Outcome == history.Unknown {
		delete(l.free, op.Process)
	}
}

// phase is what can be said of the phase while the run goes on: when a recovery is over is known only afterwards.
func (l *Live) phase() string {
	for _, f := range l.faults {
		if f.End == 0 {
			return latency.Faulty
		}
	}
	return latency.Quiet
}

func (l *Live) status(s history.Status) {
	l.statuses[s.Node] = s
	if !s.Up || s.Leader != s.Node || s.Term <= l.term {
		return
	}
	if l.term > 0 {
		l.changes++
	}
	l.leader, l.term = s.Node, s.Term
}

// Write writes the metrics as they are now.
func (l *Live) Write(w io.Writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &exposition{}
	l.writeOps(e)
	l.writePace(e)
	l.writeFaults(e)
	l.writeMembers(e)
	return e.end(w)
}

func (l *Live) writeOps(e *exposition) {
	e.family("whitewater_ops", "counter", "", "Operations of the load.")
	keys := slices.SortedFunc(maps.Keys(l.ops), func(a, b opCount) int {
		return cmp.Or(cmp.Compare(a.op, b.op), cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.phase, b.phase))
	})
	for _, k := range keys {
		e.sample("whitewater_ops_total", float64(l.ops[k]), "op", k.op, "outcome", summary.OutcomeWord(k.outcome), "phase", k.phase)
	}
	latencyFamily(e)
	for _, op := range slices.Sorted(maps.Keys(l.times)) {
		for _, face := range latency.Faces {
			e.latencies(l.times[op][face], "op", op, "phase", latency.All, "from", face.String())
		}
	}
}

func (l *Live) writePace(e *exposition) {
	e.family("whitewater_offered_rate", "gauge", "", "Operations due per second.")
	e.sample("whitewater_offered_rate", l.meta.Rate)
	slipFamily(e, l.slips)
	e.family("whitewater_run_info", "gauge", "", "The run: always 1.")
	e.sample("whitewater_run_info", 1, "run", l.meta.Run, "scenario", l.meta.Scenario, "target", l.meta.Target, "version", l.meta.Version,
		"seed", strconv.FormatUint(l.meta.Seed, 10))
}

func (l *Live) writeFaults(e *exposition) {
	e.family("whitewater_fault_active", "gauge", "", "1 while a fault has a member in its grip.")
	for _, id := range slices.Sorted(maps.Keys(l.faults)) {
		f := l.faults[id]
		for _, node := range f.Nodes {
			e.sample("whitewater_fault_active", truth(f.End == 0), "kind", f.Name, "node", string(node), "id", strconv.Itoa(id))
		}
	}
}

func (l *Live) writeMembers(e *exposition) {
	e.family("whitewater_leader_changes", "counter", "", "How often the leader changed.")
	e.sample("whitewater_leader_changes_total", float64(l.changes))
	e.family("whitewater_term", "gauge", "", "The latest leader's term.")
	e.sample("whitewater_term", float64(l.term))
	nodes := slices.Sorted(maps.Keys(l.statuses))
	e.family("whitewater_member_leader", "gauge", "", "1 if the member was the latest to say that it leads.")
	for _, node := range nodes {
		e.sample("whitewater_member_leader", truth(node == l.leader), "node", string(node))
	}
	e.family("whitewater_member_up", "gauge", "", "1 if the member answered when it was last asked.")
	for _, node := range nodes {
		e.sample("whitewater_member_up", truth(l.statuses[node].Up), "node", string(node), "state", l.statuses[node].State)
	}
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// ServeHTTP answers a scrape.
func (l *Live) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
	_ = l.Write(w) // the reader has gone: there is nobody to tell
}
