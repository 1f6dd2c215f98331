package history

import "fmt"

var watchFields = []field[Watch]{
	{"key", func(w *Watch) slot { return (*textSlot)(&w.Key) }},
	{"end", func(w *Watch) slot { return (*textSlot)(&w.End) }},
	{"start", func(w *Watch) slot { return (*numberSlot)(&w.Start) }},
	{"prev-kv", func(w *Watch) slot { return (*flagSlot)(&w.PrevKV) }},
	{"progress", func(w *Watch) slot { return (*flagSlot)(&w.Progress) }},
	{"fragment", func(w *Watch) slot { return (*flagSlot)(&w.Fragment) }},
	{"no-put", func(w *Watch) slot { return (*flagSlot)(&w.NoPut) }},
	{"no-delete", func(w *Watch) slot { return (*flagSlot)(&w.NoDelete) }},
	{"resumes", func(w *Watch) slot { return &resumesSlot{&w.Resumes} }},
	{"compacted", func(w *Watch) slot { return (*numberSlot)(&w.Compacted) }},
	{"error", func(w *Watch) slot { return (*textSlot)(&w.Error) }},
}

// resumesSlot is the number of another watch; none is -1.
type resumesSlot struct{ id *int }

func (x *resumesSlot) empty() bool     { return *x.id == -1 }
func (x *resumesSlot) write(t *text)   { t.bare(fmt.Sprint(*x.id)) }
func (x *resumesSlot) read(s *scanner) { *x.id = int(s.number("a watch's number")) }

var responseFields = []field[WatchResponse]{
	{"rev", func(r *WatchResponse) slot { return (*numberSlot)(&r.Header.Revision) }},
	{"member", func(r *WatchResponse) slot { return (*unsignedSlot)(&r.Header.Member) }},
	{"cluster", func(r *WatchResponse) slot { return (*unsignedSlot)(&r.Header.Cluster) }},
	{"term", func(r *WatchResponse) slot { return (*unsignedSlot)(&r.Header.Term) }},
	{"created", func(r *WatchResponse) slot { return (*flagSlot)(&r.Created) }},
	{"progress", func(r *WatchResponse) slot { return (*flagSlot)(&r.Progress) }},
	{"fragment", func(r *WatchResponse) slot { return (*flagSlot)(&r.Fragment) }},
}

// watch writes: watch 1 n1 [1ms 10s] observer end="\x00" start=1.
func (t *text) watch(w Watch) {
	t.bare(fmt.Sprintf("watch %d", w.ID))
	t.word(string(w.Node))
	t.times(w.Opened, w.Closed)
	t.word(w.Purpose)
	writeOptions(t, &w, watchFields)
}

func (s *scanner) watch(h *History) {
	w := Watch{ID: int(s.number("the watch's number")), Resumes: -1}
	w.Node = NodeID(s.word("a node"))
	s.expect("[")
	w.Opened = s.duration("the time of opening")
	w.Closed = s.duration("the time of closing")
	s.expect("]")
	w.Purpose = s.word("the watch's purpose (observer, replay, load)")
	readOptions(s, &w, watchFields)
	h.Watches = append(h.Watches, w)
}

// response writes: response 1 [5ms] rev=7 put (x 1 mod=7) delete (y "" mod=7) prev (y 3 mod=2).
func (t *text) response(watch int, r WatchResponse) {
	t.bare(fmt.Sprintf("response %d", watch))
	t.times(r.At)
	writeOptions(t, &r, responseFields)
	for _, e := range r.Events {
		if e.Delete {
			t.bare("delete")
		} else {
			t.bare("put")
		}
		t.pair(e.KV)
		if e.Prev != nil {
			t.bare("prev")
			t.pair(*e.Prev)
		}
	}
}

func (s *scanner) response(h *History) {
	id := int(s.number("the watch's number"))
	r := WatchResponse{At: s.moment()}
	readOptions(s, &r, responseFields)
	for !s.done() {
		e := Event{Delete: s.keyword("delete")}
		if !e.Delete && !s.keyword("put") {
			s.fail("expected an event (put or delete), found %s", s.rest())
		}
		e.KV = s.pair()
		if s.keyword("prev") {
			prev := s.pair()
			e.Prev = &prev
		}
		r.Events = append(r.Events, e)
	}
	for i := range h.Watches {
		if h.Watches[i].ID == id {
			h.Watches[i].Responses = append(h.Watches[i].Responses, r)
			return
		}
	}
	s.fail("a response to watch %d, which no line above opens", id)
}
