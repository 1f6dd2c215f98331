package checker

import (
	"fmt"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// unasked files a change that no operation asked for, with who saw it, and who asked for its value elsewhere or was
// refused.
func (f *revisions) unasked(why, key string, rev int64) {
	at := forever
	var seen []moment
	see := func(at time.Duration, who, what string) {
		seen = append(seen, moment{at, Row{Cells: []string{f.h.When(at), who, text(what)}}})
	}
	value := ""
	for i := range f.h.Watches {
		w := &f.h.Watches[i]
		for j := range w.Responses {
			for k := range w.Responses[j].Events {
				if ev := &w.Responses[j].Events[k]; ev.KV.Key == key && ev.KV.Mod == rev {
					value, at = ev.KV.Value, min(at, w.Responses[j].At)
					see(w.Responses[j].At, watchName(w), eventText(ev))
				}
			}
		}
	}
	var first *history.Op
	var ops []history.Op
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		eachRead(&op.Result, func(kv *history.KV) {
			if kv.Key != key || kv.Mod != rev {
				return
			}
			value, at = kv.Value, min(at, op.Return)
			see(op.Return, fmt.Sprintf("op %d at %s", op.ID, op.Node), pairText(kv))
			if first == nil {
				first = op
			}
		})
	}
	for i := range f.h.Ops {
		if op := &f.h.Ops[i]; value != "" && writesValue(&op.Request, key, value) && op != first {
			ops = append(ops, *op)
		}
	}
	ops = ops[:min(len(ops), 3)]
	if first != nil {
		ops = append(slices.Clip(ops), *first)
	}
	c := f.fail("not as numbered", why, ops).show(func() Table {
		return inTime(Table{Title: fmt.Sprintf("who saw revision %d of %s", rev, text(key)), Columns: []string{"time", "who", "what"}}, seen)
	})
	for _, op := range ops {
		at = min(at, op.Call)
	}
	c.during(f.h, at, at)
}
