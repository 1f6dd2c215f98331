package etcd

import (
	"context"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// A watch that wants bookmarks asks for them, once it was created: this member would send one of its own accord every ten
// minutes.
func TestBookmarksAreAskedFor(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1, Direct: true})
	put := dial(t, c, "n1").Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "1"})
	if put.Outcome != history.OK {
		t.Fatalf("%+v", put)
	}
	ctx, enough := context.WithCancel(bounded(t))
	defer enough()
	var seen []history.WatchResponse
	err := c.Watch(ctx, history.Watch{Node: "n1", Key: "x", Start: 1, Progress: true}, func(r history.WatchResponse) {
		seen = append(seen, r)
		if r.Progress {
			enough()
		}
	})
	if err != nil || len(seen) < 3 {
		t.Fatalf("%v, %+v", err, seen)
	}
	if !seen[0].Created || len(seen[1].Events) != 1 || !seen[2].Progress || seen[2].Header.Revision != put.Header.Revision {
		t.Errorf("want created, an event, a bookmark of revision %d; got %+v", put.Header.Revision, seen[:3])
	}
}
