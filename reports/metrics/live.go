package metrics

import (
	"cmp"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

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
	return &Live{ops: map[opCount]int64{}, times: map[string]*[2]*latency.Histogram{}, faults: map[int]history.Fault{},
		statuses: map[history.NodeID]history.Status{}}
}

// Add takes in what was recorded since the last time.
func (l *Live) Add(records []history.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		switch {
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
	if op.Result.Outcome != history.OK {
		return
	}
	if l.times[name] == nil {
		l.times[name] = &[2]*latency.Histogram{latency.NewHistogram(), latency.NewHistogram()}
	}
	l.times[name][latency.Due].Record(op.Return - op.Due)
	l.times[name][latency.Send].Record(op.Return - op.Call)
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
	e.family("whitewater_ops", "counter", "", "Operations of the load.")
	keys := make([]opCount, 0, len(l.ops))
	for k := range l.ops {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b opCount) int {
		return cmp.Or(cmp.Compare(a.op, b.op), cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.phase, b.phase))
	})
	for _, k := range keys {
		e.sample("whitewater_ops_total", float64(l.ops[k]), "op", k.op, "outcome", summary.OutcomeWord(k.outcome), "phase", k.phase)
	}
	latencyFamily(e)
	for _, op := range sortedKeys(l.times) {
		for _, face := range latency.Faces {
			e.latencies(l.times[op][face], "op", op, "phase", latency.All, "from", face.String())
		}
	}
	e.family("whitewater_offered_rate", "gauge", "", "Operations due per second.")
	e.sample("whitewater_offered_rate", l.meta.Rate)
	e.family("whitewater_fault_active", "gauge", "", "1 while a fault has a member in its grip.")
	for _, id := range sortedKeys(l.faults) {
		f := l.faults[id]
		active := 0.0
		if f.End == 0 {
			active = 1
		}
		for _, node := range f.Nodes {
			e.sample("whitewater_fault_active", active, "kind", f.Name, "node", string(node), "id", strconv.Itoa(id))
		}
	}
	e.family("whitewater_leader_changes", "counter", "", "How often the leader changed.")
	e.sample("whitewater_leader_changes_total", float64(l.changes))
	e.family("whitewater_member_up", "gauge", "", "1 if the member answered when it was last asked.")
	for _, node := range sortedKeys(l.statuses) {
		up := 0.0
		if l.statuses[node].Up {
			up = 1
		}
		e.sample("whitewater_member_up", up, "node", string(node), "state", l.statuses[node].State)
	}
	return e.end(w)
}

// ServeHTTP answers a scrape.
func (l *Live) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
	_ = l.Write(w) // the reader has gone: there is nobody to tell
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
