package memkv

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// Every bug says what it is, where it shows and who must see it, and goes wrong in at least one place.
func TestBugs(t *testing.T) {
	var names []string
	for _, b := range Bugs {
		if b.Name == "" || b.Doc == "" || b.Workload == "" || len(b.Caught) == 0 {
			t.Errorf("bug %q is not described: %+v", b.Name, b)
		}
		if slices.Contains(names, b.Name) {
			t.Errorf("two bugs are called %q", b.Name)
		}
		names = append(names, b.Name)
		h := b.hooks
		if h.door == nil && h.write == nil && h.reply == nil && h.moment == nil && h.report == nil && h.compact == nil &&
			h.skips == nil && h.early == nil && h.outlive == nil && h.jump == nil && h.open == nil && h.match == nil &&
			h.deliver == nil && h.forge == nil && h.status == nil {
			t.Errorf("bug %q does nothing", b.Name)
		}
	}
	if len(names) < 40 {
		t.Errorf("%d bugs, want 40 at least", len(names))
	}
}

// What cannot be launched says why; what can be has the members it was asked for, and names its bug.
func TestLaunch(t *testing.T) {
	for want, spec := range map[string]cluster.Spec{
		`launch memkv: bug "stale": there is none of that name`: {Binary: "stale"},
		`launch memkv: argument "sed=1": want seed=N`:           {Args: []string{"sed=1"}},
		`launch memkv: 10 nodes: 1 to 9 are possible`:           {Nodes: 10},
	} {
		if _, err := Driver.Launch(t.Context(), spec); err == nil || err.Error() != want {
			t.Errorf("launch %+v: %v, want %s", spec, err, want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c, err := Driver.Launch(t.Context(), cluster.Spec{Nodes: 5, Binary: "stale-read", Args: []string{"seed=7"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if len(c.Nodes) != 5 || c.Version != "memkv with stale-read" || c.ElectionTimeout != time.Second {
			t.Errorf("launched %d nodes of %s, election timeout %v", len(c.Nodes), c.Version, c.ElectionTimeout)
		}
	})
}

// A closed cluster answers nothing and leaves nothing behind: the test's bubble would tell.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		client, err := c.Dial(t.Context(), "n1")
		if err != nil {
			t.Fatal(err)
		}
		watching := make(chan error, 1)
		go func() { watching <- c.Watch(t.Context(), history.Watch{Node: "n2"}, func(history.WatchResponse) {}) }()
		if err := c.Process.Pause(t.Context(), "n1"); err != nil {
			t.Fatal(err)
		}
		asking := make(chan history.Result, 1)
		go func() { asking <- client.Do(t.Context(), history.Request{Kind: history.Put, Key: "a"}) }()
		time.Sleep(time.Second)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if res := <-asking; res.Outcome != history.Unknown || res.Error != errLost {
			t.Errorf("a request under way ended as %+v", res)
		}
		if err := <-watching; err == nil || err.Error() != errLost {
			t.Errorf("a watch ended with %v", err)
		}
		if res := client.Do(t.Context(), history.Request{Kind: history.Get, Key: "a"}); res.Outcome != history.Fail {
			t.Errorf("a request after the end: %+v", res)
		}
	})
}

// The files agree with what the members said: the same log on all, a term for each leader, one hash.
func TestEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{Seed: 5})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		client, err := c.Dial(t.Context(), "n1")
		if err != nil {
			t.Fatal(err)
		}
		for _, req := range []history.Request{
			{Kind: history.Put, Key: "a", Value: "1"},
			{Kind: history.CAS, Key: "a", Expect: "1", Value: "2"},
			{Kind: history.Delete, Key: "none"},
		} {
			if res := client.Do(t.Context(), req); res.Outcome != history.OK {
				t.Errorf("%v: %+v", req, res)
			}
		}
		leader := c.Status(t.Context(), "n1").Leader
		if err := c.Process.Kill(t.Context(), leader); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := c.Process.Start(t.Context(), leader); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		all, err := c.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leads, restarts := map[uint64]int{}, 0
		for _, e := range all {
			for _, l := range e.Leads {
				leads[l.Term]++
			}
			restarts += e.Restarts
			if *e.Hash != *all[0].Hash || len(e.WAL.Entries) != len(all[0].WAL.Entries) || e.WAL.Commit != 5 {
				t.Errorf("%s: %+v %d entries up to %d, and n1 has %+v", e.Node, *e.Hash, len(e.WAL.Entries), e.WAL.Commit, *all[0].Hash)
			}
			if r := e.WAL.Entries[2].Request; r == nil || r.Kind != history.Txn || r.If[0].Value != "1" || r.Then[0].Value != "2" {
				t.Errorf("%s: a compare-and-swap is in the log as %v", e.Node, r)
			}
		}
		if len(leads) != 2 || leads[1] != 1 || leads[2] != 1 || restarts != 1 {
			t.Errorf("leaders of each term: %v; %d restarts", leads, restarts)
		}
	})
}
