package checker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// course shows who added an element and who looked for it, in the order of their calls, around the read that missed it.
func (s *sets) course(at place, missing int) func() Table {
	return func() Table {
		t := Table{Title: "who added " + text(at.element) + ", and who was shown it", Columns: []string{"operation", "called", "returned", "member", "what", "elements"}}
		for i := range s.h.Ops {
			op := &s.h.Ops[i]
			if what, size := s.about(op, at); what != "" {
				t.add(i == missing, fmt.Sprintf("op %d", op.ID), s.h.When(op.Call), s.h.When(op.Return), string(op.Node), what, size)
			}
		}
		return t.near()
	}
}

// about is what an operation had to do with an element, and how many its list had; "" if nothing.
func (s *sets) about(op *history.Op, at place) (what, size string) {
	eachPut(&op.Request, func(p pair) {
		if place, ok := placeOf(p); ok && place == at {
			what = "adds it: " + outcomeWord(op)
		}
	})
	if what != "" || op.Result.Outcome != history.OK {
		return what, ""
	}
	if n, ok := overwrites(&op.Request, &op.Result, at); ok {
		return "writes the list without it", fmt.Sprint(n)
	}
	eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
		shown, n, looked := looksFor(r, res, at)
		if !looked {
			return
		}
		what, size = "shows it", fmt.Sprint(n)
		if !shown {
			what = "does not show it"
		}
		if !s.fresh(r) {
			what += " (may be old)"
		}
	})
	return what, size
}

// whenLost is the first read that should have shown a lost element and did not, and the write before it that left the
// element out of its list (-1: none did).
func (s *sets) whenLost(at place, e *element) (by, missing int) {
	by, missing = -1, e.missing
	from := max(e.known, e.lastShown)
	for i := range s.h.Ops {
		op := &s.h.Ops[i]
		if op.Result.Outcome != history.OK || op.Return < e.known {
			continue
		}
		if _, ok := overwrites(&op.Request, &op.Result, at); ok {
			by = i
		}
		gone := false
		eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
			shown, _, looked := looksFor(r, res, at)
			gone = gone || looked && !shown && s.fresh(r)
		})
		if gone && op.Call > from {
			return by, i
		}
	}
	return by, missing
}

// overwrites reports whether an acknowledged request put a list that lacks one of its elements, and how many it put.
func overwrites(r *history.Request, res *history.Result, at place) (size int, ok bool) {
	switch r.Kind {
	case history.Put, history.CAS:
		if r.Key != at.set || r.Kind == history.CAS && !res.Succeeded {
			return 0, false
		}
		elements := strings.Fields(r.Value)
		return len(elements), !slices.Contains(elements, at.element)
	case history.Txn:
		for j, side := 0, model.Side(r, res.Succeeded); j < min(len(side), len(res.Responses)); j++ {
			if size, ok = overwrites(&side[j], &res.Responses[j], at); ok {
				return size, true
			}
		}
	}
	return 0, false
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
