package checker

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// checkSet judges sets that are only added to: what was added, or was once seen, is in every later read; nothing is in a
// set twice; and nothing is in it that nobody added. It follows Jepsen's set-full, element by element.
//
// A set is either a list under one key (set/all…, lockset/…/list, locketcdset/…/list) or one key for each element
// (set/e/…). A serializable read may miss what was added, unless such reads are judged as linearizable.
func checkSet(ctx context.Context, h *history.History, _ Limits) Result {
	f := newFindings(h)
	s := &sets{findings: f, elements: map[place]*element{}, lists: map[string]map[string]*reading{}}
	for i := range h.Ops {
		s.added(i)
	}
	for i := range h.Ops {
		s.present(i)
	}
	s.showLists()
	s.sort()
	for i := range h.Ops {
		s.absentKeys(i)
		if i%4096 == 0 && ctx.Err() != nil {
			f.doubt("%s", stopped(ctx))
			break
		}
	}
	s.absentFromLists(ctx)
	s.conclude()
	if s.reads == 0 && len(s.elements) > 0 {
		f.doubt("%d elements were added and nobody read them", len(s.elements))
	}
	return f.done(s.reads+len(s.elements), fmt.Sprintf("%d elements, %d reads: nothing lost, stale, doubled or made up", len(s.elements), s.reads),
		"no key of a set")
}

// place is an element of a set: a list's key with the element, or an element's own key.
type place struct{ set, element string }

// element is the course of one element. Operations are places in the history; -1 is none.
type element struct {
	add       int           // who added it, or tried to
	acked     bool          // some addition was acknowledged
	tried     bool          // some addition may have happened
	known     time.Duration // from here on it has to be in every read
	knownBy   int
	shown     int // the read that was called last and showed it
	missing   int // the read that was called last, after it was known, and did not show it
	excused   bool
	lastShown time.Duration
	lastGone  time.Duration
}

// reading is who read one value of a list: who returned first, was called last, and was called last of those whose reads
// have to be fresh (-1: none).
type reading struct{ first, last, fresh int }

type sets struct {
	*findings
	elements map[place]*element
	lists    map[string]map[string]*reading // by key and value
	keys     []string                       // of elements with keys of their own, sorted
	reads    int
}

const elementPrefix = "set/e/"

func isList(key string) bool {
	return key == "set/all" || strings.HasPrefix(key, "set/all/") ||
		(strings.HasPrefix(key, "lockset/") || strings.HasPrefix(key, "locketcdset/")) && strings.HasSuffix(key, "/list")
}

// placeOf is the element that a put adds.
func placeOf(p pair) (place, bool) {
	switch {
	case strings.HasPrefix(p.key, elementPrefix):
		return place{elementPrefix, p.key}, true
	case isList(p.key) && p.value != "":
		list := strings.TrimSuffix(p.value, " ") // an element that is appended ends with a space
		return place{p.key, list[strings.LastIndexByte(list, ' ')+1:]}, true
	}
	return place{}, false
}

func (s *sets) element(at place) *element {
	e := s.elements[at]
	if e == nil {
		e = &element{add: -1, known: forever, knownBy: -1, shown: -1, missing: -1, lastShown: -1, lastGone: -1}
		s.elements[at] = e
	}
	return e
}

// added notes who adds what, and from when on it is known to be there.
func (s *sets) added(i int) {
	op := &s.h.Ops[i]
	if r := &op.Request; r.Kind == history.Delete && (strings.HasPrefix(r.Key, elementPrefix) || r.Key < elementPrefix && inRange(elementPrefix, r.Key, r.End)) {
		s.doubt("op %d deletes elements of a set, which this check does not follow", op.ID)
	}
	eachPut(&op.Request, func(p pair) {
		if at, ok := placeOf(p); ok {
			e := s.element(at)
			if op.Result.Outcome == history.Unknown {
				e.tried, e.add = true, i
			}
			if e.add < 0 {
				e.add = i
			}
		}
	})
	if op.Result.Outcome != history.OK {
		return
	}
	eachDone(&op.Request, &op.Result, func(p pair) {
		if at, ok := placeOf(p); ok {
			e := s.element(at)
			e.tried, e.acked, e.add = true, true, i
			if op.Return < e.known {
				e.known, e.knownBy = op.Return, i
			}
		}
	})
}

// fresh reports whether what the operation read has to be the newest.
func (s *sets) fresh(r *history.Request) bool {
	return r.Revision == 0 && (!r.Serializable || s.h.Meta.Judge == "linearizable")
}

// eachAnswer calls do for every read of an acknowledged request with its answer.
func eachAnswer(r *history.Request, res *history.Result, do func(*history.Request, *history.Result)) {
	switch r.Kind {
	case history.Get, history.Range:
		do(r, res)
	case history.CAS:
		if !res.Succeeded {
			do(&history.Request{Kind: history.Get, Key: r.Key}, res)
		}
	case history.Txn:
		side := model.Side(r, res.Succeeded)
		for j := range res.Responses {
			if j < len(side) {
				eachAnswer(&side[j], &res.Responses[j], do)
			}
		}
	}
}

// present notes what was shown. What a read has shown is known from then on.
func (s *sets) present(i int) {
	op := &s.h.Ops[i]
	if op.Result.Outcome != history.OK {
		return
	}
	eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
		for j := range res.KVs {
			kv := &res.KVs[j]
			switch {
			case strings.HasPrefix(kv.Key, elementPrefix):
				s.show(place{elementPrefix, kv.Key}, i)
				if j > 0 && res.KVs[j-1].Key == kv.Key { // pairs come in the order of their keys
					s.fail("duplicated", fmt.Sprintf("op %d was shown %s twice", op.ID, kv.Key), s.ops(i))
				}
			case isList(kv.Key) && !r.KeysOnly:
				s.readList(kv.Key, kv.Value, i, s.fresh(r))
			}
		}
		if r.Kind == history.Get && isList(r.Key) && len(res.KVs) == 0 {
			s.readList(r.Key, "", i, s.fresh(r))
		}
	})
}

func (s *sets) show(at place, i int) {
	op := &s.h.Ops[i]
	e := s.element(at)
	if op.Return < e.known {
		e.known, e.knownBy = op.Return, i
	}
	if op.Call > e.lastShown {
		e.shown, e.lastShown = i, op.Call
	}
	if !e.tried && !e.excused {
		e.excused = true
		s.fail("unexpected", fmt.Sprintf("op %d was shown %s of %s, of which no addition succeeded", op.ID, at.element, at.set), s.ops(e.add, i))
	}
}

func (s *sets) readList(key, value string, i int, fresh bool) {
	s.reads++
	l := s.lists[key]
	if l == nil {
		l = map[string]*reading{}
		s.lists[key] = l
	}
	r := l[value]
	if r == nil {
		r = &reading{i, i, -1}
		l[value] = r
	}
	if s.h.Ops[i].Return < s.h.Ops[r.first].Return {
		r.first = i
	}
	r.last = i // operations come in the order of their calls
	if fresh {
		r.fresh = i
	}
}

// showLists takes every value apart, once, whoever read it.
func (s *sets) showLists() {
	for _, key := range sortedKeys(s.lists) {
		for _, value := range sortedKeys(s.lists[key]) {
			r := s.lists[key][value]
			seen := map[string]bool{}
			for _, x := range strings.Fields(value) {
				if seen[x] {
					s.fail("duplicated", fmt.Sprintf("op %d was shown %s twice in %s", s.h.Ops[r.first].ID, x, key), s.ops(r.first))
				}
				seen[x] = true
				s.show(place{key, x}, r.first)
				s.show(place{key, x}, r.last)
			}
		}
	}
}

func (s *sets) sort() {
	for at := range s.elements {
		if at.set == elementPrefix {
			s.keys = append(s.keys, at.element)
		}
	}
	sort.Strings(s.keys)
}

// absentKeys notes which elements of their own key a read should have shown.
func (s *sets) absentKeys(i int) {
	op := &s.h.Ops[i]
	if op.Result.Outcome != history.OK {
		return
	}
	eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
		if r.Limit > 0 || res.More || r.CountOnly || !s.fresh(r) {
			return
		}
		from := sort.SearchStrings(s.keys, r.Key)
		if from == len(s.keys) || !inRange(s.keys[from], r.Key, r.End) {
			return
		}
		s.reads++
		shown := map[string]bool{}
		for j := range res.KVs {
			shown[res.KVs[j].Key] = true
		}
		for _, key := range s.keys[from:] {
			if !inRange(key, r.Key, r.End) {
				break
			}
			if e := s.elements[place{elementPrefix, key}]; !shown[key] && op.Call > e.known {
				e.miss(i, op.Call)
			}
		}
	})
}

func (e *element) miss(i int, call time.Duration) {
	if call > e.lastGone || call == e.lastGone && i > e.missing {
		e.missing, e.lastGone = i, call
	}
}

// listWork bounds the pairs of a list's values and its elements that are compared.
const listWork = 200_000_000

// absentFromLists notes which elements the values of a list lack although they were known when the value was read.
func (s *sets) absentFromLists(ctx context.Context) {
	byList := map[string][]place{}
	for at := range s.elements {
		if at.set != elementPrefix {
			byList[at.set] = append(byList[at.set], at)
		}
	}
	work := 0
	for key, l := range s.lists {
		places := byList[key]
		work += len(places) * len(l)
		if work > listWork || ctx.Err() != nil {
			s.doubt("the lists are too long to compare every value with every element")
			return
		}
		for value, r := range l {
			if r.fresh < 0 {
				continue
			}
			holds := map[string]bool{}
			for _, x := range strings.Fields(value) {
				holds[x] = true
			}
			for _, at := range places {
				if e := s.elements[at]; !holds[at.element] && s.h.Ops[r.fresh].Call > e.known {
					e.miss(r.fresh, s.h.Ops[r.fresh].Call)
				}
			}
		}
	}
}

// conclude files what was lost (known, and not shown again after it went missing) and what was stale (missing for a
// while), and counts what nobody looked for.
func (s *sets) conclude() {
	places := make([]place, 0, len(s.elements))
	for at := range s.elements {
		places = append(places, at)
	}
	sort.Slice(places, func(i, j int) bool {
		a, b := s.elements[places[i]], s.elements[places[j]]
		if a.known != b.known {
			return a.known < b.known
		}
		if places[i].set != places[j].set {
			return places[i].set < places[j].set
		}
		return places[i].element < places[j].element
	})
	neverRead := 0
	for _, at := range places {
		e := s.elements[at]
		switch {
		case e.missing < 0:
			if e.acked && e.shown < 0 {
				neverRead++
			}
		case e.lastShown < e.lastGone:
			by, missing := -1, e.missing
			if s.byKind["lost"] < examplesPerKind { // of the others, that the last read misses it says enough
				by, missing = s.whenLost(at, e)
			}
			s.fail("lost", fmt.Sprintf("op %d, called at %s, was not shown %s, which was in %s by %s (op %d); nor was anybody later",
				s.h.Ops[missing].ID, s.h.When(s.h.Ops[missing].Call), at.element, at.set, s.h.When(e.known), s.h.Ops[e.knownBy].ID),
				s.ops(e.add, e.knownBy, e.shown, by, missing)).show(s.course(at, missing))
		default:
			s.fail("stale", fmt.Sprintf("op %d, called at %s, was not shown %s, which was in %s by %s (op %d), and later ones were",
				s.h.Ops[e.missing].ID, s.h.When(e.lastGone), at.element, at.set, s.h.When(e.known), s.h.Ops[e.knownBy].ID), s.ops(e.add, e.knownBy, e.missing, e.shown)).
				show(s.course(at, e.missing))
		}
	}
	if neverRead > 0 {
		s.note("%d elements were added and no read that could show them was made", neverRead)
	}
}

// ops are operations by their places, each once.
func (s *sets) ops(places ...int) []history.Op {
	var ops []history.Op
	done := map[int]bool{}
	for _, i := range places {
		if i >= 0 && !done[i] {
			done[i] = true
			ops = append(ops, s.h.Ops[i])
		}
	}
	return ops
}
