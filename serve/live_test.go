package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// text reads a history's text as its records.
func text(t *testing.T, lines string) []history.Record {
	t.Helper()
	h, err := history.ParseHistory(lines)
	if err != nil {
		t.Fatal(err)
	}
	return h.Records()[1:] // without the meta of no run
}

// told is a state in a few lines: what a live page shows.
func told(l liveState) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, leader %q term %d, %g s\n", l.Run.Words(), l.Stage, l.Leader, l.Term, l.Now)
	for _, s := range l.Seconds {
		fmt.Fprintf(&b, "second %d: ok %d fail %d unknown %d", s.T, s.OK, s.Fail, s.Unknown)
		if s.P50 != nil {
			fmt.Fprintf(&b, " p50 %g max %g p99 from send %g", *s.P50, *s.Max, *s.SendP99)
		}
		b.WriteByte('\n')
	}
	for _, m := range l.Members {
		fmt.Fprintf(&b, "%s %s\n", m.Node, m.State)
	}
	for _, f := range l.Faults {
		fmt.Fprintf(&b, "fault %s, ended %v, took effect %v\n", f.Text, f.End != nil, f.Effect)
	}
	for _, o := range l.Ops {
		fmt.Fprintf(&b, "%s: %d ok, %d fail, %d unknown\n", o.Op, o.OK, o.Fail, o.Unknown)
	}
	return b.String()
}

func (s *shop) live(target string) liveState {
	s.t.Helper()
	var state liveState
	if err := json.Unmarshal(s.get(target, http.StatusOK).Body.Bytes(), &state); err != nil {
		s.t.Fatal(err)
	}
	return state
}

func (s *shop) record(append func([]history.Record) error, records []history.Record) {
	s.t.Helper()
	if err := append(records); err != nil {
		s.t.Fatal(err)
	}
}

// A live page follows the run as it is written, through its faults to its verdict.
func TestLive(t *testing.T) {
	s := open(t)
	s.has(s.get("/live", http.StatusOK), "No run is under way")
	s.has(s.get("/api/live", http.StatusOK), `{"runs":[]}`)
	run := s.begin("register-chaos", "2026-11-22T06:15:00Z")
	at := address("register-chaos", run.ID(), "live")
	if w := s.get("/live", http.StatusFound); w.Header().Get("Location") != at {
		t.Errorf("leads to %s", w.Header().Get("Location"))
	}
	s.has(s.get(at, http.StatusOK), `data-api="/api`+at+`"`, "RUNNING")

	s.record(run.Record, []history.Record{{Meta: &history.Meta{Run: run.ID(), Nodes: []history.NodeID{"n1", "n2", "n3"}, LoadStart: time.Second}}})
	s.record(run.Record, text(t, `
p1 n1 [1.1s 1.2s] put x 1 -> ok rev=2
p2 n2 [1.4s 1.6s due=1.3s] get x -> 1 mod=2 rev=2
p3 n3 [1.5s 1.7s] put x 2 -> fail no leader
status n1 [1.9s] up running leader=n1 term=2 rev=2
status n2 [1.9s] up running leader=n1 term=2 rev=2
`))
	if got, want := told(s.live("/api"+at)), `RUNNING load, leader "n1" term 2, 1.9 s
second 1: ok 2 fail 1 unknown 0 p50 0.3 max 0.3 p99 from send 0.2
n1 leader
n2 follower
n3 unknown
read: 1 ok, 0 fail, 0 unknown
write: 1 ok, 1 fail, 0 unknown
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.record(run.Record, []history.Record{{Fault: &history.Fault{ID: 0, Name: "kill", Target: "leader", Nodes: []history.NodeID{"n1"}, Start: 2 * time.Second, TookEffect: true}}})
	s.record(run.Record, text(t, `
p4 n2 [1.8s 4.1s] put x 3 -> unknown deadline exceeded
status n1 [3s] down killed
status n3 [3s] up running leader=n1 term=2
`))
	if got, want := told(s.live("/api"+at+"?since=2")), `RUNNING load, leader "" term 2, 4.1 s
second 2: ok 0 fail 0 unknown 0
second 3: ok 0 fail 0 unknown 0
second 4: ok 0 fail 0 unknown 1
n1 killed
n2 follower
n3 follower
fault kill n1 (leader), ended false, took effect true
read: 1 ok, 0 fail, 0 unknown
write: 1 ok, 1 fail, 1 unknown
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.end(run, "PASS", 0)
	if state := s.live("/api" + at); state.Run.State != "finished" || state.Run.Verdict != "PASS" || state.Run.URL != address("register-chaos", run.ID()) {
		t.Errorf("at the end: %+v", state.Run)
	}
	s.get("/api"+at+"?since=soon", http.StatusBadRequest)
}

// Many look at once, at more runs than are kept, and each sees all of its run.
func TestLiveMany(t *testing.T) {
	s := open(t)
	var lookers sync.WaitGroup
	for i := range followersKept + 2 {
		run := s.begin("calm", fmt.Sprintf("2026-11-22T06:15:%02dZ", i))
		s.record(run.Record, text(t, "p1 n1 [1.1s 1.2s] put x 1 -> ok rev=2"))
		for range 3 {
			lookers.Go(func() {
				for range 5 {
					if state := s.live("/api" + address("calm", run.ID(), "live")); state.Run.ID != run.ID() || len(state.Seconds) != 1 || state.Seconds[0].OK != 1 {
						t.Errorf("%+v", state)
					}
				}
			})
		}
	}
	lookers.Wait()
}

// The flow keeps an hour; what is older, or told of late, changes nothing that was closed.
func TestFlowBounds(t *testing.T) {
	f := newFlow()
	at := func(seconds int) []history.Record {
		end := time.Duration(seconds) * time.Second
		return []history.Record{{Return: &history.Op{Due: end - time.Millisecond, Call: end, Return: end, Result: history.Result{Outcome: history.OK}}}}
	}
	for _, t := range []int{1, 2, 2 + secondsKept, 2 + 100*secondsKept, 1} {
		f.add(at(t))
	}
	if n := len(f.seconds); n != secondsKept || f.seconds[n-1].T != 2+100*secondsKept || f.seconds[0].T != 3+99*secondsKept {
		t.Errorf("%d seconds, from %d to %d", n, f.seconds[0].T, f.seconds[n-1].T)
	}
	if len(f.open) > openSeconds+1 {
		t.Errorf("%d seconds are open", len(f.open))
	}
	if f.seconds[secondsKept-1].OK != 1 || f.ops["read"].ok != 4 {
		t.Errorf("%+v, %d", f.seconds[secondsKept-1], f.ops["read"].ok)
	}
}

func TestStage(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		want string
		now  time.Duration
		meta history.Meta
	}{
		{"launch", 0, history.Meta{}}, {"warm-up", s, history.Meta{LoadStart: 3 * s}}, {"load", 4 * s, history.Meta{LoadStart: 3 * s}},
		{"healing", 9 * s, history.Meta{LoadStart: 3 * s, LoadEnd: 8 * s}}, {"final reads", 9 * s, history.Meta{LoadStart: 3 * s, LoadEnd: 8 * s, FinalStart: 9 * s}},
		{"checking", 9 * s, history.Meta{LoadStart: 3 * s, LoadEnd: 8 * s, FinalStart: 9 * s, FinalEnd: 9 * s}},
	} {
		if got := (&flow{meta: c.meta, now: c.now}).stage(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.meta, got, c.want)
		}
	}
}
