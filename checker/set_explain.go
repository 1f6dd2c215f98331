package checker

import (
	"fmt"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// course shows who looked for an element, in the order of their calls, around the read that missed it, and who added it.
func (s *sets) course(at place, missing int) func() Table {
	return func() Table {
		t := Table{Title: "who added " + text(at.element) + ", and who was shown it", Columns: []string{"operation", "called", "returned", "member", "what", "elements"}}
		for i := range s.h.Ops {
			op := &s.h.Ops[i]
			what, size := "", ""
			eachPut(&op.Request, func(p pair) {
				if place, ok := placeOf(p); ok && place == at {
					what = "adds it: " + outcomeWord(op)
				}
			})
			if op.Result.Outcome == history.OK {
				eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
					if shown, n, looked := looksFor(r, res, at); looked && what == "" {
						what, size = "shows it", fmt.Sprint(n)
						if !shown {
							what = "does not show it"
						}
						if !s.fresh(r) {
							what += " (may be old)"
						}
					}
				})
			}
			if what != "" {
				t.add(i == missing, fmt.Sprintf("op %d", op.ID), s.h.When(op.Call), s.h.When(op.Return), string(op.Node), what, size)
			}
		}
		return t.near()
	}
}

// looksFor reports whether a read could show the element, whether it did, and how many it showed.
func looksFor(r *history.Request, res *history.Result, at place) (shown bool, size int, looked bool) {
	key := at.set
	if at.set == elementPrefix {
		key = at.element
	}
	if r.CountOnly || r.KeysOnly && at.set != elementPrefix || !inRange(key, r.Key, r.End) || res.More || r.Limit > 0 {
		return false, 0, false
	}
	if at.set == elementPrefix {
		for i := range res.KVs {
			if kv := &res.KVs[i]; strings.HasPrefix(kv.Key, elementPrefix) {
				size++
				shown = shown || kv.Key == key
			}
		}
		return shown, size, true
	}
	for i := range res.KVs {
		if kv := &res.KVs[i]; kv.Key == key {
			for _, x := range strings.Fields(kv.Value) {
				size++
				shown = shown || x == at.element
			}
		}
	}
	return shown, size, true
}
