package checker

import (
	"fmt"
	"slices"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// told is a watch of all keys that delivers these values of key x, at these revisions.
func told(id int, changes ...history.KV) history.Watch {
	w := history.Watch{ID: id, Node: "n1", End: "\x00", Start: 1}
	var prev *history.KV
	for _, kv := range changes {
		kv.Key, kv.Create, kv.Version = "x", 2, kv.Mod-1
		w.Responses = append(w.Responses, history.WatchResponse{Events: []history.Event{{KV: kv, Prev: prev}}})
		prev = &kv
	}
	return w
}

// What most watches saw is the truth, each has one vote however often it says the same, and who saw something else is
// named, whatever the order of the watches.
func TestMostWatchesAreRight(t *testing.T) {
	right := []history.KV{{Value: "a", Mod: 2}, {Value: "b", Mod: 3}, {Value: "c", Mod: 4}, {Value: "d", Mod: 5}, {Value: "e", Mod: 6}, {Value: "f", Mod: 7}, {Value: "g", Mod: 8}}
	wrong := slices.Clone(right)
	wrong[1].Value = "wrong"
	for lying := range 3 {
		h := &history.History{}
		for id := range 3 {
			w := told(id, right...)
			if id == lying {
				w = told(id, slices.Concat(wrong, wrong)...)
			}
			h.Watches = append(h.Watches, w)
		}
		c := newChronicle(h)
		var values string
		for _, x := range c.changes["x"] {
			values += x.kv.Value
		}
		if values != "abcdefg" {
			t.Errorf("with watch %d lying: %s", lying, values)
		}
		for _, x := range c.clashes {
			if got := c.saw(x.b); got != fmt.Sprintf(`watch %d on n1 saw a put of "wrong" at revision 3 (create 2, version 2, lease 0)`, lying) {
				t.Errorf("with watch %d lying: %s", lying, got)
			}
		}
		if len(c.clashes) == 0 {
			t.Errorf("with watch %d lying: no clash", lying)
		}
	}
}
