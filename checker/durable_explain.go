package checker

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/history"
)

// finals shows what every member answered for a key at the end; the read that a sentence is about is marked.
func (d *durable) finals(key string, k *finalKey, about *finalRead) func() Table {
	return func() Table {
		t := Table{Title: "what members showed of " + text(key) + " at the end", Columns: []string{"member", "time", "operation", "value", "of revision"}}
		for i := range k.reads {
			r := &k.reads[i]
			op := &d.h.Ops[r.op]
			value, rev := "absent", ""
			if !r.absent {
				value, rev = text(r.kv.Value), revisionText(r.kv.Mod)
			}
			t.add(r == about, string(op.Node), d.h.When(op.Call), fmt.Sprintf("op %d, %s", op.ID, op.Request.Kind), value, rev)
		}
		return t.near()
	}
}

// replayed shows what every member's replay of its history tells of a revision; the replay that a sentence is about is
// marked.
func (d *durable) replayed(key string, rev int64, about *history.Watch) func() Table {
	return func() Table {
		t := Table{Title: fmt.Sprintf("what the members' histories, replayed, tell of revision %d", rev),
			Columns: []string{"member", "replay", "of revisions", fmt.Sprintf("at revision %d", rev), "before it", "after it"}}
		for i := range d.h.Watches {
			w := &d.h.Watches[i]
			if w.Purpose != "replay" || !inRange(key, w.Key, w.End) {
				continue
			}
			first, last := delivered(w)
			before, at, after := "", "nothing", ""
			for j := range w.Responses {
				for n := range w.Responses[j].Events {
					ev := &w.Responses[j].Events[n]
					switch {
					case ev.KV.Mod < rev:
						before = eventText(ev)
					case ev.KV.Mod == rev && at == "nothing":
						at = eventText(ev)
					case ev.KV.Mod == rev:
						at += "; " + eventText(ev)
					case after == "":
						after = eventText(ev)
					}
				}
			}
			t.add(w == about, string(w.Node), watchName(w), fmt.Sprintf("%d – %d", first, last), text(at), text(before), text(after))
		}
		return t
	}
}
