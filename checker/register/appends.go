package register

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// texts knows, by key, what appends found and left, from what was read.
//
// An append leaves a text that depends on the one before it. But where no value that is written to a key is the beginning
// of another, a text that was read falls into these values in one way: whoever appended one of them found the text up to
// there, and left that text with the value. It is then a compare-and-swap that won. An append that no text shows left one
// that nobody read, nor did anybody read what was made of it: a value of its own.
type texts map[string]*spelling

// spelling is what one key's texts are made of.
type spelling struct {
	values  []string // distinct, sorted
	pieces  map[string]*piece
	vague   bool // what was read does not tell who appended what to what
	emptied bool // something deletes the key
}

// piece is a value, and who writes it: mostly one.
type piece struct {
	makers []maker
	places map[string]time.Duration // what it was seen behind, and when that was first known
	found  map[int]string           // by operation, what its append found
}

// maker is a request that writes a value.
type maker struct {
	op        int // its ID
	call, ret time.Duration
	appends   bool // otherwise it writes the value alone
}

// read learns what the appends of a history found. A history without appends costs one look at every request.
func (t texts) read(h *history.History) {
	t.each(h, func(_ *history.Op, req *history.Request, _ *history.Result) {
		if req.Kind == history.Append && t[req.Key] == nil {
			t[req.Key] = &spelling{pieces: map[string]*piece{}}
		}
	})
	if len(t) == 0 {
		return
	}
	t.each(h, t.write)
	for _, s := range t {
		s.settle()
	}
	t.each(h, t.show)
	for _, s := range t {
		s.resolve()
	}
}

// each calls do for every request of the history that may have been carried out, with its answer.
func (t texts) each(h *history.History, do func(*history.Op, *history.Request, *history.Result)) {
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Result.Outcome != history.Fail {
			inside(&op.Request, &op.Result, func(req *history.Request, res *history.Result) { do(op, req, res) })
		}
	}
}

// inside calls do for a request, and for all in it that may have been carried out, with their answers.
func inside(req *history.Request, res *history.Result, do func(*history.Request, *history.Result)) {
	do(req, res)
	if req.Kind != history.Txn {
		return
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		answered := res.Outcome == history.OK || len(res.Responses) > 0
		if answered && len(side) > 0 && &side[0] != first(taken(req, res)) {
			continue
		}
		for i := range side {
			answer := history.Result{}
			if i < len(res.Responses) {
				answer = res.Responses[i]
			}
			inside(&side[i], &answer, do)
		}
	}
}

// write takes in what is written. Who compares with a text shows by the outcome whether it was there, without having
// been shown it: more than texts can tell.
func (t texts) write(op *history.Op, req *history.Request, _ *history.Result) {
	for i := range req.If {
		if s := t[req.If[i].Key]; s != nil && req.If[i].Target == "value" {
			s.vague = true
		}
	}
	if req.Kind == history.Delete {
		for key, s := range t {
			s.emptied = s.emptied || Within(key, req.Key, req.End)
		}
	}
	s := t[req.Key]
	if s == nil || req.Kind != history.Put && req.Kind != history.Append && req.Kind != history.CAS {
		return
	}
	s.vague = s.vague || req.Kind == history.CAS
	p := s.pieces[req.Value]
	if p == nil {
		p = &piece{places: map[string]time.Duration{}, found: map[int]string{}}
		s.pieces[req.Value] = p
		s.values = append(s.values, req.Value)
	}
	m := maker{op: op.ID, call: op.Call, ret: op.Return, appends: req.Kind == history.Append}
	if op.Result.Outcome == history.Unknown {
		m.ret = Forever
	}
	for _, other := range p.makers {
		s.vague = s.vague || other.op == m.op // twice in one transaction
	}
	p.makers = append(p.makers, m)
}

// settle finds out whether texts fall into the values in one way only. In sorted order, what begins another value also
// begins the next one.
func (s *spelling) settle() {
	sort.Strings(s.values)
	for i, v := range s.values {
		s.vague = s.vague || v == "" || i > 0 && strings.HasPrefix(v, s.values[i-1])
		s.vague = s.vague || len(s.pieces[v].makers) > 1 && s.emptied
	}
}

// show takes in the texts that a request was shown.
func (t texts) show(op *history.Op, req *history.Request, res *history.Result) {
	for _, list := range [][]history.KV{res.KVs, res.Prev} {
		for i := range list {
			if s := t[list[i].Key]; s != nil && !s.vague && !req.KeysOnly {
				s.take(list[i].Value, op.Return)
			}
		}
	}
}

// take notes what the values in a text stand behind. One that cannot be told apart any more ends it: then nobody wrote
// that text, and it needs no explanation.
func (s *spelling) take(text string, by time.Duration) {
	for at := 0; at < len(text); {
		p, value := s.first(text[at:])
		if p == nil {
			return
		}
		if before, known := p.places[text[:at]]; !known || by < before {
			p.places[text[:at]] = by
		}
		at += len(value)
	}
}

// first is the value that a text begins with.
func (s *spelling) first(text string) (*piece, string) {
	i := sort.SearchStrings(s.values, text)
	if i == len(s.values) || s.values[i] != text {
		i--
	}
	if i < 0 || !strings.HasPrefix(text, s.values[i]) {
		return nil, ""
	}
	return s.pieces[s.values[i]], s.values[i]
}

// resolve finds who appended what behind what. A value that is written once is behind what it was first seen behind; if it
// was seen elsewhere as well, nobody wrote that.
func (s *spelling) resolve() {
	for _, value := range s.values {
		p := s.pieces[value]
		switch places := p.inOrder(); {
		case s.vague:
			return
		case len(p.makers) > 1:
			s.vague = !s.assign(p, places)
		case len(places) > 0:
			p.found[p.makers[0].op] = places[0]
		}
	}
}

// inOrder are the places where the value was seen, the first known first.
func (p *piece) inOrder() []string {
	places := slices.Sorted(maps.Keys(p.places))
	slices.SortStableFunc(places, func(a, b string) int { return cmp.Compare(p.places[a], p.places[b]) })
	return places
}

// assign tells by time who of several appended the value at which place: somebody who was called before it was seen
// there, and who had not returned before all that stands before it was called. It reports whether that is certain.
func (s *spelling) assign(p *piece, places []string) bool {
	free := slices.Clone(p.makers)
	for len(places) > 0 {
		before := len(places)
		places = slices.DeleteFunc(places, func(place string) bool {
			able := slices.DeleteFunc(slices.Clone(free), func(m maker) bool {
				return !m.appends && place != "" || m.call > p.places[place] || m.ret < s.called(place)
			})
			if len(able) == 1 {
				p.found[able[0].op] = place
				free = slices.DeleteFunc(free, func(m maker) bool { return m.op == able[0].op })
			}
			return len(able) < 2 // 0: nobody wrote that text
		})
		if len(places) == before {
			return false
		}
	}
	again := slices.ContainsFunc(free, func(m maker) bool { return m.appends })
	for place := range p.places {
		if again && s.recurs(place) {
			return false
		}
	}
	return true
}

// called is when the last of what a text is made of was called, at the earliest.
func (s *spelling) called(text string) (last time.Duration) {
	for text != "" {
		p, value := s.first(text)
		earliest := p.makers[0].call
		for _, m := range p.makers {
			earliest = min(earliest, m.call)
		}
		last, text = max(last, earliest), text[len(value):]
	}
	return last
}

// recurs reports whether a text may have been there more than once: no part of it was written once only.
func (s *spelling) recurs(text string) bool {
	some := text != ""
	for text != "" {
		p, value := s.first(text)
		if len(p.makers) == 1 {
			return false
		}
		text = text[len(value):]
	}
	return some
}

// appended is what an append found and left; found is nothing if no text shows it.
func (t texts) appended(key, text string, op int) (found, left Cell) {
	s := t[key]
	if s == nil || s.vague || s.pieces[text] == nil {
		return Cell{}, Cell{}
	}
	p := s.pieces[text]
	before, shown := p.found[op]
	switch {
	case !shown && len(p.makers) > 1:
		return Cell{}, value(fmt.Sprintf("…%s (op %d)", text, op))
	case !shown:
		return Cell{}, value("…" + text)
	case before == "":
		return absent, value(text)
	}
	return value(before), value(before + text)
}

// vague reports whether the key was appended to in a way that its texts do not tell.
func (t texts) vague(key string) bool { return t[key] != nil && t[key].vague }

// appended is what an append found and left: by its own answer, if such answers tell what they replaced.
func (r *Reader) appended(req *history.Request, res *history.Result, inner bool) (found, left Cell) {
	switch {
	case len(res.Prev) > 0:
		return value(res.Prev[0].Value), value(res.Prev[0].Value + req.Value)
	case r.ReportsPrev(req.Kind, inner):
		return absent, value(req.Value)
	}
	return r.texts.appended(req.Key, req.Value, r.op)
}
