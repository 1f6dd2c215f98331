package harness

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/workloads"
)

// Where a store is compacted, watches are opened again and again at the first revision that is left; where it is not,
// nobody looks.
func TestGlimpses(t *testing.T) {
	for workload, want := range map[string]bool{"watch": true, "register": false} {
		h := rehearse(t, small(workload, 3), "")
		begins := map[int64]bool{}
		for _, w := range h.Watches {
			if w.Purpose != "glimpse" {
				continue
			}
			if w.Progress {
				t.Errorf("%s: a glimpse asks for bookmarks", workload)
			}
			if w.Start > 1 && len(w.Responses) > 0 {
				begins[w.Start] = true
			}
		}
		if got := len(begins) >= 5; got != want {
			t.Errorf("%s: glimpses of %d beginnings", workload, len(begins))
		}
	}
}

// refusing is a client of a member that is down.
type refusing struct{ asked int }

func (r *refusing) Do(context.Context, history.Request) history.Result {
	r.asked++
	return history.Result{Outcome: history.Fail, Error: "connection refused"}
}
func (r *refusing) Close() error { return nil }

// A closed loop does not fill the history with the refusals of a member that is down.
func TestClosedLoopWaitsWhenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder(history.Meta{})
		d := &drive{rec: rec, cluster: &cluster.Cluster{Nodes: []history.NodeID{"n1"}}, log: slog.New(slog.DiscardHandler), end: 2 * time.Second}
		d.plan.Timeout = time.Second
		client := &refusing{}
		next := func(history.Op) (history.Request, bool) { return history.Request{Kind: history.Get, Key: "k"}, true }
		w := &worker{run: d, node: "n1", client: client, next: workloads.Generator(next), log: rec.Log(), process: rec.Process()}
		w.closedLoop(t.Context(), func() bool { return true })
		if want := int(d.end / refusedWait); client.asked != want {
			t.Errorf("asked %d times in two seconds; want %d", client.asked, want)
		}
	})
}
