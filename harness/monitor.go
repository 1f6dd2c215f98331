package harness

import (
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/terminal"
)

// monitor empties the recorder once a second: what is new goes to the run's folder, and a snapshot of it to whoever
// looks on. It is the only reader of the recorder while the run goes on, and never touches the measuring path.
type monitor struct {
	rec      *history.Recorder
	keep     func([]history.Record) error
	progress terminal.Progress
	snap     terminal.Snapshot
	meta     history.Meta
	states   map[history.NodeID]history.Status
	leadless time.Duration // since when there has been no leader; 0 = there is one
	faults   map[int]string
	online   *online // nil = the run is not certified while it goes on
	told     checker.Certified
	abort    func()        // ends the load, for a violation; nil = it goes on
	grace    time.Duration // for which it goes on all the same
	until    time.Duration // when abort is due; 0 = it is not
}

// monitorEvery is how often the recorder is emptied: a harness that is killed loses no more than this.
const monitorEvery = time.Second

// recentSeconds is how many seconds of throughput a snapshot shows.
const recentSeconds = 30

func newMonitor(rec *history.Recorder, plan Plan, keep func([]history.Record) error, p terminal.Progress) *monitor {
	m := &monitor{rec: rec, keep: keep, progress: p, states: map[history.NodeID]history.Status{}, faults: map[int]string{}}
	m.snap.Length, m.snap.Offered = plan.Duration, plan.Meta.Rate
	for _, node := range plan.Meta.Nodes {
		m.snap.Nodes = append(m.snap.Nodes, terminal.Node{ID: node, Up: true})
	}
	return m
}

// run drains until done is closed, and once more then.
func (m *monitor) run(done <-chan struct{}) error {
	tick := time.NewTicker(monitorEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := m.drain(); err != nil {
				return err
			}
			m.certified()
		case <-m.online.news():
			m.certified()
		case <-done:
			return m.drain()
		}
	}
}

func (m *monitor) drain() error {
	until := m.rec.Now()
	records := m.rec.Drain()
	m.online.offer(records, until)
	m.digest(records)
	m.progress.Show(m.snap)
	if err := m.keep(records); err != nil {
		return fmt.Errorf("write what was recorded: %w", err)
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(gcPace(live[0].Value.Uint64()))
	return nil
}

// certified tells what the certification has found since the last time, and ends the load if it shall.
func (m *monitor) certified() {
	if m.online == nil {
		return
	}
	was, c := m.told, m.online.now()
	m.told = c
	now := m.rec.Now()
	if c.Findings > was.Findings && was.Findings == 0 {
		m.progress.Event(now-m.meta.LoadStart, "violation: "+c.First[0])
		if m.abort != nil {
			m.until = now + m.grace
		}
	}
	if c.Stopped != "" && was.Stopped == "" && c.Revision > 1 {
		m.progress.Event(now-m.meta.LoadStart, fmt.Sprintf("certified to revision %d and no further: %s", c.Revision, c.Stopped))
	}
	if m.until > 0 && now >= m.until {
		m.progress.Event(now-m.meta.LoadStart, "the load ends early, because of the violation")
		m.abort()
		m.abort, m.until = nil, 0
	}
}

// digest makes the next snapshot of what has happened since the last one.
func (m *monitor) digest(records []history.Record) {
	var latencies []time.Duration
	m.snap.OK, m.snap.Fail, m.snap.Unknown = 0, 0, 0
	for _, r := range records {
		switch {
		case r.Meta != nil:
			m.meta = *r.Meta
		case r.Return != nil:
			latencies = append(latencies, r.Return.Return-r.Return.Due)
			m.count(r.Return.Result.Outcome)
		case r.Status != nil:
			m.states[r.Status.Node] = *r.Status
		case r.Fault != nil:
			m.fault(*r.Fault)
		}
	}
	m.snap.P50, m.snap.P99 = quantile(latencies, .5), quantile(latencies, .99)
	m.snap.Recent = append(m.snap.Recent, m.snap.OK)
	m.snap.Recent = m.snap.Recent[max(0, len(m.snap.Recent)-recentSeconds):]
	m.snap.At, m.snap.Stage = m.rec.Now()-m.meta.LoadStart, m.stage()
	m.members()
	if c := m.told; c.Revision > 1 && c.Stopped == "" {
		m.snap.Certified, m.snap.Behind, m.snap.Violations = c.Revision, (m.rec.Now() - c.Through).Round(100*time.Millisecond), c.Findings
	} else {
		m.snap.Certified = 0
	}
}

func (m *monitor) count(outcome history.Outcome) {
	m.snap.Ops++
	switch outcome {
	case history.OK:
		m.snap.OK++
	case history.Fail:
		m.snap.Fail++
	default:
		m.snap.Unknown++
	}
}

// stage is the part of the run that has been reached.
func (m *monitor) stage() string {
	switch meta, now := m.meta, m.rec.Now(); {
	case meta.FinalEnd > 0:
		return "checking"
	case meta.FinalStart > 0:
		return "final reads"
	case meta.LoadEnd > 0:
		return "healing"
	case meta.LoadStart == 0:
		return "launch"
	case meta.LoadStart > now:
		return "warm-up"
	}
	return "load"
}

// fault tells of a fault's course: it is recorded when it begins, takes effect and ends.
func (m *monitor) fault(f history.Fault) {
	at := m.meta.LoadStart
	_, known := m.faults[f.ID]
	switch name := fmt.Sprintf("%s %s", f.Name, nodeList(f.Nodes)); {
	case f.End > 0:
		m.faults[f.ID] = ""
		what := "healed " + name
		if !f.TookEffect {
			what += ", which took no effect: " + f.Error
		}
		m.progress.Event(f.End-at, what)
	case !known:
		m.faults[f.ID] = fmt.Sprintf("%s (%s)", name, f.Target)
		m.progress.Event(f.Start-at, "fault "+m.faults[f.ID])
	}
	m.snap.Fault = ""
	for _, active := range m.faults {
		if active != "" {
			m.snap.Fault = active
		}
	}
}

// members puts together what the members said last: the leader is whom the highest term's members name.
func (m *monitor) members() {
	m.snap.Nodes = slices.Clone(m.snap.Nodes) // the last snapshot is still being drawn
	var leader history.NodeID
	var term uint64
	for i, node := range m.snap.Nodes {
		s, ok := m.states[node.ID]
		if !ok {
			continue
		}
		m.snap.Nodes[i].State, m.snap.Nodes[i].Up = s.State, s.Up
		if s.Up && s.Term > term {
			leader, term = s.Leader, s.Term
		} else if s.Up && s.Term == term && leader == "" {
			leader = s.Leader
		}
	}
	if leader != m.snap.Leader && leader != "" && m.snap.Leader != "" {
		m.progress.Event(m.snap.At, fmt.Sprintf("leader %s, term %d", leader, term))
	}
	now := m.rec.Now()
	switch {
	case leader != "":
		m.leadless, m.snap.Leaderless = 0, 0
	case m.leadless == 0:
		m.leadless = now
	default:
		m.snap.Leaderless = now - m.leadless
	}
	if leader != "" {
		m.snap.Leader, m.snap.Term = leader, term
	}
}

func nodeList(nodes []history.NodeID) string {
	text := ""
	for i, node := range slices.Sorted(slices.Values(nodes)) {
		if i > 0 {
			text += ","
		}
		text += string(node)
	}
	return text
}
