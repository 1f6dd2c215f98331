package serve

import (
	"cmp"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/store"
)

// follower follows one run. All who look at the run share it, so that its history is read once.
type follower struct {
	mu     sync.Mutex
	tail   *store.Tail
	flow   *flow
	behind bool      // there is more to read
	used   time.Time // under the site's lock
}

// The bounds of following: runs at a time, and the parts of a long history that one look reads.
const (
	followersKept = 4
	partsPerLook  = 16
)

// look reads what is new and tells of it.
func (f *follower) look(tell func(*flow, bool)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind = true
	for range partsPerLook {
		records, err := f.tail.Next()
		if err != nil {
			return err
		}
		if f.behind = len(records) > 0; !f.behind {
			break
		}
		f.flow.add(records)
	}
	tell(f.flow, f.behind)
	return nil
}

// follow is the follower of a run. The one that nobody has asked for the longest makes room for it.
func (s *site) follow(f *found) (*follower, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.followers[f.path]; one != nil {
		one.used = s.now()
		return one, nil
	}
	run, err := f.reader()
	if err != nil {
		return nil, err
	}
	if len(s.followers) >= followersKept {
		var oldest string
		for path, one := range s.followers {
			if oldest == "" || one.used.Before(s.followers[oldest].used) {
				oldest = path
			}
		}
		delete(s.followers, oldest)
	}
	one := &follower{tail: run.Tail(), flow: newFlow(), used: s.now()}
	s.followers[f.path] = one
	return one, nil
}

// liveState is what a live page asks for once a second.
type liveState struct {
	Run       Run            `json:"run"`
	Meta      *history.Meta  `json:"meta"`
	Stage     string         `json:"stage"`
	Behind    bool           `json:"behind,omitempty"` // a long history is still being read
	Now       float64        `json:"now"`              // seconds of the run's clock
	LoadStart float64        `json:"load_start"`
	LoadEnd   float64        `json:"load_end"`
	Leader    history.NodeID `json:"leader"`
	Term      uint64         `json:"term"`
	Seconds   []second       `json:"seconds"`
	Ops       []opLine       `json:"ops"`
	Members   []memberLine   `json:"members"`
	Faults    []faultLine    `json:"faults"`
}

// liveJSON answers with the state of a run, and its seconds from "since" on.
func (s *site) liveJSON(w http.ResponseWriter, r *http.Request) error {
	since := 0
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.Atoi(text); err != nil {
			return badRequest("since=%q: it is a second of the run, a whole number", text)
		}
	}
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	entry, err := s.entry(f)
	if err != nil {
		return err
	}
	one, err := s.follow(f)
	if err != nil {
		return err
	}
	state := liveState{Run: entry}
	err = one.look(func(flow *flow, behind bool) { state.take(flow, behind, since) })
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, state)
}

func (l *liveState) take(f *flow, behind bool, since int) {
	meta := f.meta
	l.Meta, l.Stage, l.Behind, l.Now = &meta, f.stage(), behind, f.now.Seconds()
	l.LoadStart, l.LoadEnd = meta.LoadStart.Seconds(), meta.LoadEnd.Seconds()
	l.Leader, l.Term = f.current(), f.term
	from, _ := slices.BinarySearchFunc(f.seconds, since, func(s second, t int) int { return cmp.Compare(s.T, t) })
	l.Seconds = append([]second{}, f.seconds[from:]...) // a copy: the flow goes on
	l.Ops, l.Members, l.Faults = f.opLines(), f.memberLines(), f.faultLines()
}

// livePage is a live page before its script has filled it.
type livePage struct {
	*runPage
	API string
}

func (s *site) live(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	p, err := s.runPage(f)
	if err != nil {
		return err
	}
	api := "/api" + address(f.scenario, f.id, "live")
	return s.show(w, http.StatusOK, "live", frame{Title: "Live: " + f.id, Tab: "live", Page: livePage{p, api}})
}

// current leads to the run under way; if there is none, its page waits for one.
func (s *site) current(w http.ResponseWriter, r *http.Request) error {
	runs, err := s.under()
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return s.show(w, http.StatusOK, "live", frame{Title: "Live", Tab: "live", Page: livePage{}})
	}
	http.Redirect(w, r, address(runs[0].Scenario, runs[0].ID, "live"), http.StatusFound)
	return nil
}

// currentJSON names the runs under way, the newest first.
func (s *site) currentJSON(w http.ResponseWriter, _ *http.Request) error {
	runs, err := s.under()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"runs": runs})
}

// under are the addresses of runs under way.
func (s *site) under() ([]underWay, error) {
	entries, err := store.List(s.root)
	if err != nil {
		return nil, err
	}
	runs := []underWay{}
	for _, e := range entries {
		if !e.Finished && store.Running(e.Path) {
			id, scenario := filepath.Base(e.Path), e.Scenario
			runs = append(runs, underWay{scenario, id, address(scenario, id, "live")})
		}
	}
	return runs, nil
}

type underWay struct {
	Scenario string `json:"scenario"`
	ID       string `json:"id"`
	URL      string `json:"url"`
}
