package checker

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// checkWatch judges every watch stream by what etcd promises of watches: filtered, ordered, unique, reliable, atomic,
// resumable, bookmarkable; and by the key-value history that all clients together saw. The members' files are not asked:
// a stream is held against what another stream, an acknowledged writer or a reader saw.
func checkWatch(ctx context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	if len(h.Watches) == 0 {
		return f.done(0, "", "no watch was opened")
	}
	c := lim.chronicle(h, nil)
	w := &watchCheck{findings: f, c: c, writers: firstWriters(h), compacts: compacts(h)}
	for _, fault := range h.Faults {
		w.operator = w.operator || strings.Contains(fault.Name, "compact")
	}
	streams := 0
	for i := range h.Watches {
		if len(h.Watches[i].Responses) > 0 {
			streams++
		}
		w.stream(i)
		if why := stopped(ctx); why != "" {
			f.doubt("%s", why)
			break
		}
	}
	w.clashes()
	w.reached()
	return f.done(w.events, fmt.Sprintf("%d events of %d streams are ordered, unique, complete, atomic and as the store's history has them", w.events, streams),
		"no watch delivered an event")
}

type watchCheck struct {
	*findings
	c        *chronicle
	writers  map[pair]int // who asked first for this value of this key
	compacts []int        // operations that asked for a compaction
	operator bool         // a fault compacted, as far as it liked
	events   int
}

// firstWriters maps every put that was asked for to the operation that asked first.
func firstWriters(h *history.History) map[pair]int {
	first := map[pair]int{}
	for i := range h.Ops {
		eachPut(&h.Ops[i].Request, func(p pair) {
			if _, ok := first[p]; !ok {
				first[p] = i
			}
		})
	}
	return first
}

// compacts are the operations that may have compacted the store.
func compacts(h *history.History) (ops []int) {
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Request.Kind == history.Compact && op.Result.Outcome != history.Fail {
			ops = append(ops, i)
		}
	}
	return ops
}

// stream walks one stream in the order of its responses.
func (w *watchCheck) stream(i int) {
	s := &stream{watchCheck: w, w: &w.h.Watches[i], by: watchSource(i), keys: map[string][]*history.Event{}}
	s.first, s.last = delivered(s.w)
	for j := range s.w.Responses {
		s.at = j
		s.response(&s.w.Responses[j])
	}
	s.ev = nil
	s.reliable()
	s.at = len(s.w.Responses)
	s.compacted()
}

// stream is the state of the walk along one stream.
type stream struct {
	*watchCheck
	w           *history.Watch
	by          source
	first, last int64 // the revisions that it has to have delivered
	rev         int64 // of the last event
	bookmark    int64
	created     int64 // the header's revision when the stream was created
	open        bool  // the last response goes on in the next
	keys        map[string][]*history.Event
	at          int            // the response that is judged
	ev          *history.Event // the event of it that is judged; nil if it is the response itself
}

// bad files a violation of this stream by the response, or the event, that is judged.
func (s *stream) bad(kind string, ops []history.Op, format string, args ...any) {
	if c := s.fail(kind, watchName(s.w)+" "+fmt.Sprintf(format, args...), ops); c != nil {
		s.explain(c, s.focus())
	}
}

func (s *stream) response(r *history.WatchResponse) {
	switch {
	case r.Created:
		s.created = max(s.created, r.Header.Revision)
	case len(r.Events) > 0:
		if first := &r.Events[0].KV; first.Mod == s.rev && s.rev > 0 && !s.open && !s.delivered(first.Key, s.rev) {
			s.ev = &r.Events[0]
			s.bad("not-atomic", nil, "delivered revision %d in two responses", first.Mod)
		}
		for k := range r.Events {
			s.ev = &r.Events[k]
			s.event(r, s.ev)
		}
		s.ev, s.open = nil, r.Fragment
	case r.Progress:
		s.progress(r)
	}
}

// delivered reports whether the key's last event so far was of this revision.
func (s *stream) delivered(key string, rev int64) bool {
	seen := s.keys[key]
	return len(seen) > 0 && seen[len(seen)-1].KV.Mod == rev
}

// progress judges a bookmark: it promises that everything up to its revision was delivered, so it never goes back.
func (s *stream) progress(r *history.WatchResponse) {
	rev := r.Header.Revision
	switch {
	case rev < s.bookmark:
		s.bad("bookmark-went-back", nil, "sent a bookmark of revision %d after one of revision %d", rev, s.bookmark)
	case rev < s.rev:
		s.bad("bookmark-went-back", nil, "sent a bookmark of revision %d after an event of revision %d", rev, s.rev)
	}
	s.bookmark = max(s.bookmark, rev)
}

func (s *stream) event(r *history.WatchResponse, ev *history.Event) {
	s.events++
	rev, key := ev.KV.Mod, ev.KV.Key
	switch {
	case !inRange(key, s.w.Key, s.w.End):
		s.bad("filter", nil, "delivered key %q, outside of its range", key)
	case ev.Delete && s.w.NoDelete || !ev.Delete && s.w.NoPut:
		s.bad("filter", nil, "delivered an event of %q that its filter excludes", key)
	}
	switch {
	case rev < s.rev:
		s.bad("unordered", nil, "delivered revision %d after revision %d", rev, s.rev)
	case s.delivered(key, rev):
		s.bad("duplicate", nil, "delivered revision %d of %q twice", rev, key)
	case rev <= s.bookmark:
		s.bad("behind-bookmark", nil, "delivered revision %d after a bookmark of revision %d", rev, s.bookmark)
	case rev < s.w.Start:
		s.bad("before-start", nil, "was opened from revision %d and delivered revision %d", s.w.Start, rev)
	case s.w.Start == 0 && rev < s.created:
		s.bad("before-start", nil, "was opened at revision %d for what comes after, and delivered revision %d", s.created, rev)
	}
	if r.Header.Revision > 0 && rev > r.Header.Revision {
		s.bad("from-the-future", nil, "delivered revision %d in a response of revision %d", rev, r.Header.Revision)
	}
	s.written(r, ev)
	s.chain(ev)
	s.rev = max(s.rev, rev)
	s.keys[key] = append(s.keys[key], ev)
}

// written: an event does not come before the call of the only operation that can have caused it.
func (s *stream) written(r *history.WatchResponse, ev *history.Event) {
	if ev.Delete {
		return
	}
	i, ok := s.writers[pair{ev.KV.Key, ev.KV.Value}]
	if ok && s.h.Ops[i].Call > r.At {
		s.bad("from-the-future", s.h.Ops[i:i+1], "delivered a put of %q to %q at %s, before anybody asked for it", ev.KV.Value, ev.KV.Key, s.h.When(r.At))
	}
}

// chain holds an event against the key's last one: a stream that lost nothing shows every version of a key. What it
// says of the pair before has to be that pair.
func (s *stream) chain(ev *history.Event) {
	kv := &ev.KV
	if !ev.Delete && kv.Version > 0 {
		if created := kv.Version == 1; created != (kv.Create == kv.Mod) {
			s.bad("wrong-version", nil, "delivered %q at revision %d as version %d, created at %d", kv.Key, kv.Mod, kv.Version, kv.Create)
		}
		if seen := s.keys[kv.Key]; len(seen) > 0 && !s.w.NoPut && !s.w.NoDelete {
			s.follows(seen[len(seen)-1], kv)
		}
	}
	if ev.Prev != nil {
		s.previous(ev)
		return
	}
	if s.w.PrevKV && !s.mayBeCompacted(kv.Mod) && (ev.Delete || kv.Version > 1) {
		s.bad("no-previous", nil, "delivered %q at revision %d without the pair before it, which is not compacted", kv.Key, kv.Mod)
	}
}

// follows judges two events that came one after the other. If something between them is known, it is missing, which is
// another finding.
func (s *stream) follows(last *history.Event, kv *history.KV) {
	if n := s.c.upTo(kv.Key, kv.Mod-1); n > 0 && s.c.changes[kv.Key][n-1].rev > last.KV.Mod {
		return
	}
	create, version := kv.Mod, int64(1)
	if !last.Delete {
		create, version = last.KV.Create, last.KV.Version+1
		if last.KV.Version == 0 {
			return
		}
	}
	if kv.Mod > last.KV.Mod && (kv.Create != create || kv.Version != version) {
		s.bad("wrong-version", nil, "delivered %q at revision %d as version %d created at %d, right after revision %d: want version %d created at %d",
			kv.Key, kv.Mod, kv.Version, kv.Create, last.KV.Mod, version, create)
	}
}

// previous: the pair before is older, is the same key's, is one version older, and nothing is known to lie between.
func (s *stream) previous(ev *history.Event) {
	kv, prev := &ev.KV, ev.Prev
	switch {
	case prev.Key != kv.Key || prev.Mod >= kv.Mod,
		!ev.Delete && kv.Version > 0 && prev.Version > 0 && (prev.Version != kv.Version-1 || prev.Create != kv.Create):
		s.bad("wrong-previous", nil, "delivered %q at revision %d (version %d) with the pair %q of revision %d (version %d) before it", kv.Key, kv.Mod, kv.Version, prev.Key, prev.Mod, prev.Version)
		return
	}
	if n := s.c.upTo(kv.Key, kv.Mod-1); n > 0 {
		if was := s.c.changes[kv.Key][n-1]; was.rev > prev.Mod {
			s.bad("wrong-previous", s.c.op(was), "delivered %q at revision %d with the pair of revision %d before it, yet %s", kv.Key, kv.Mod, prev.Mod, s.c.saw(was))
		}
	}
}

// mayBeCompacted reports whether the state right before a revision may have been compacted.
func (w *watchCheck) mayBeCompacted(rev int64) bool {
	for _, i := range w.compacts {
		if w.h.Ops[i].Request.Revision >= rev {
			return true
		}
	}
	return w.operator
}

// reliable: nothing that is known to have happened in the span of the stream is missing from it.
func (s *stream) reliable() {
	if s.first == 0 || s.last < s.first {
		return
	}
	for _, key := range s.c.within(s.w.Key, s.w.End) {
		changes := s.c.changes[key]
		got := s.keys[key]
		for n := s.c.upTo(key, s.first-1); n < len(changes) && changes[n].rev <= s.last; n++ {
			x := changes[n]
			if x.kv == nil && s.w.NoDelete || x.kv != nil && s.w.NoPut {
				continue
			}
			k := sort.Search(len(got), func(k int) bool { return got[k].KV.Mod >= x.rev })
			if k == len(got) || got[k].KV.Mod != x.rev {
				s.missed(key, x)
			}
		}
	}
}

// compacted: a store may end a stream only if somebody had asked for a compaction that far, and the stream was behind.
func (s *stream) compacted() {
	if s.w.Compacted == 0 {
		return
	}
	next := max(s.w.Start, s.rev+1, s.bookmark+1)
	if next > s.w.Compacted {
		s.bad("wrongly-compacted", nil, "was ended as compacted up to revision %d, yet revision %d was its next", s.w.Compacted, next)
		return
	}
	for _, i := range s.compacts {
		if op := &s.h.Ops[i]; op.Request.Revision >= s.w.Compacted && op.Call <= s.w.Closed {
			return
		}
	}
	if s.operator {
		return
	}
	s.bad("wrongly-compacted", nil, "was ended as compacted up to revision %d, and nobody had asked for a compaction that far", s.w.Compacted)
}

// clashes are changes of which a watch saw something else than others did.
func (w *watchCheck) clashes() {
	for _, x := range w.c.clashes {
		for _, side := range []change{x.b, x.a} {
			i, ok := side.by.watch()
			if !ok {
				continue
			}
			ops := append(append([]history.Op(nil), w.c.op(x.a)...), w.c.op(x.b)...)
			if c := w.fail("contradiction", fmt.Sprintf("of %q at revision %d, %s and %s", x.key, x.a.rev, w.c.saw(x.a), w.c.saw(x.b)), ops); c != nil {
				w.explainClash(c, i, x.key, x.a.rev)
			}
			break
		}
	}
}

// reached: a replay that ends before what had been acknowledged when it was opened has not shown the end of the history.
func (w *watchCheck) reached() {
	for i := range w.h.Watches {
		s := &w.h.Watches[i]
		if s.Purpose != "replay" || s.Compacted != 0 {
			continue
		}
		_, last := delivered(s)
		for j := len(w.h.Ops) - 1; j >= 0; j-- {
			op := &w.h.Ops[j]
			wrote := false
			if op.Result.Outcome == history.OK && op.Return <= s.Opened {
				eachDone(&op.Request, &op.Result, func(pair) { wrote = true })
			}
			if wrote {
				if rev := op.Result.Header.Revision; rev > last {
					w.doubt("%s ended at revision %d, before revision %d, acknowledged when it was opened", watchName(s), last, rev)
				}
				break
			}
		}
	}
}
