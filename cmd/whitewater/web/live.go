package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/store"
)

// live follows the newest run by its file, as it is written, so that the run does nothing for whoever looks on.
type live struct {
	root string

	mu   sync.Mutex
	id   string
	tail *store.Tail
	view liveView
	open map[int]history.Fault
}

// liveView is what the page of the run under way shows.
type liveView struct {
	ID       string       `json:"id"`
	Scenario string       `json:"scenario"`
	Running  bool         `json:"running"`
	Verdict  string       `json:"verdict"`
	Folder   string       `json:"folder"`
	Stage    string       `json:"stage"`
	Seconds  []liveSecond `json:"seconds"` // since the run's start, each by the time of its answers
	Totals   liveSecond   `json:"totals"`
	Nodes    []liveNode   `json:"nodes"`
	Faults   []liveFault  `json:"faults"`
}

type liveSecond struct {
	OK      int     `json:"ok"`
	Fail    int     `json:"fail"`
	Unknown int     `json:"unknown"`
	MaxMS   float64 `json:"max_ms"` // the longest latency, from due time
}

type liveNode struct {
	ID     history.NodeID `json:"id"`
	State  string         `json:"state"`
	Up     bool           `json:"up"`
	Leader bool           `json:"leader"`
	Term   uint64         `json:"term"`
}

type liveFault struct {
	Name  string           `json:"name"`
	Nodes []history.NodeID `json:"nodes"`
	Start float64          `json:"start"` // seconds since the run's start
	End   float64          `json:"end"`   // 0 = it is active
	Took  bool             `json:"took_effect"`
}

// liveSeconds bounds the page: a longer run shows its last part.
const liveSeconds = 600

func (s *site) livePage(w http.ResponseWriter, _ *http.Request) { render(w, "live.gohtml", nil) }

func (s *site) liveData(w http.ResponseWriter, _ *http.Request) {
	view, err := s.live.look()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(view) // the reader has gone; there is nobody to tell
}

// look reads what is new and returns the view.
func (l *live) look() (liveView, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries, err := store.List(l.root)
	if err != nil || len(entries) == 0 {
		return liveView{Stage: "there are no runs"}, err
	}
	newest := newRow(entries[0])
	if newest.ID != l.id {
		run, err := store.Open(l.root, entries[0].Path)
		if err != nil {
			return liveView{}, err
		}
		l.id, l.tail, l.open = newest.ID, run.Tail(), map[int]history.Fault{}
		l.view = liveView{ID: newest.ID, Scenario: newest.Scenario, Folder: newest.Folder, Stage: "launch"}
	}
	for {
		records, err := l.tail.Next()
		if err != nil {
			return liveView{}, err
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			l.add(r)
		}
	}
	view := l.view
	view.Running, view.Verdict = newest.Verdict == running, newest.Verdict
	view.Seconds = view.Seconds[max(0, len(view.Seconds)-liveSeconds):]
	for _, f := range l.open {
		view.Faults = append(view.Faults, liveFault{
			Name: f.Name, Nodes: f.Nodes, Start: f.Start.Seconds(), End: f.End.Seconds(), Took: f.TookEffect,
		})
	}
	slices.SortFunc(view.Faults, func(a, b liveFault) int { return int((a.Start - b.Start) * 1e6) })
	return view, nil
}

func (l *live) add(r history.Record) {
	switch {
	case r.Meta != nil:
		l.stage(*r.Meta)
	case r.Return != nil:
		l.count(*r.Return)
	case r.Fault != nil:
		l.open[r.Fault.ID] = *r.Fault
	case r.Status != nil:
		l.status(*r.Status)
	}
}

func (l *live) stage(m history.Meta) {
	switch {
	case m.FinalEnd > 0:
		l.view.Stage = "checking"
	case m.FinalStart > 0:
		l.view.Stage = "final reads"
	case m.LoadEnd > 0:
		l.view.Stage = "healing"
	case m.LoadStart > 0:
		l.view.Stage = "load"
	}
}

func (l *live) count(op history.Op) {
	second := int(op.Return / time.Second)
	for len(l.view.Seconds) <= second {
		l.view.Seconds = append(l.view.Seconds, liveSecond{})
	}
	for _, s := range []*liveSecond{&l.view.Seconds[second], &l.view.Totals} {
		switch op.Result.Outcome {
		case history.OK:
			s.OK++
		case history.Fail:
			s.Fail++
		default:
			s.Unknown++
		}
		s.MaxMS = max(s.MaxMS, float64((op.Return-op.Due).Microseconds())/1000)
	}
}

func (l *live) status(s history.Status) {
	at := slices.IndexFunc(l.view.Nodes, func(n liveNode) bool { return n.ID == s.Node })
	if at < 0 {
		at = len(l.view.Nodes)
		l.view.Nodes = append(l.view.Nodes, liveNode{ID: s.Node})
	}
	l.view.Nodes[at] = liveNode{ID: s.Node, State: s.State, Up: s.Up, Leader: s.Up && s.Leader == s.Node, Term: s.Term}
	slices.SortFunc(l.view.Nodes, func(a, b liveNode) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
}
