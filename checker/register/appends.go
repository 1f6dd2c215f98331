package register

import (
	"sort"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// texts knows, by key, what appends found and left, from what was read.
//
// An append leaves a text that depends on the one before it. But where every value that is written to a key is written
// once, and none is the beginning of another, a text that was read falls into these values in one way: each append in it
// found the text up to its own value, and left that text with the value. It is then a compare-and-swap that won. An
// append that no text shows left one that nobody read, nor did anybody read what was made of it: a value of its own.
type texts map[string]*spelling

// spelling is what one key's texts are made of.
type spelling struct {
	values []string          // written once, sorted
	found  map[string]string // what the append of a value found
	unread map[string]string // what an append left that no text shows
	vague  bool              // the values do not tell
}

// read learns what the appends of a history found. A history without appends costs one look at every request.
func (t texts) read(h *history.History) {
	for i := range h.Ops {
		if h.Ops[i].Result.Outcome != history.Fail {
			each(&h.Ops[i].Request, &h.Ops[i].Result, func(req *history.Request, _ *history.Result) {
				if req.Kind == history.Append && t[req.Key] == nil {
					t[req.Key] = &spelling{found: map[string]string{}, unread: map[string]string{}}
				}
			})
		}
	}
	if len(t) == 0 {
		return
	}
	for i := range h.Ops {
		if h.Ops[i].Result.Outcome != history.Fail {
			each(&h.Ops[i].Request, &h.Ops[i].Result, t.write)
		}
	}
	for _, s := range t {
		s.settle()
	}
	for i := range h.Ops {
		if h.Ops[i].Result.Outcome == history.OK {
			each(&h.Ops[i].Request, &h.Ops[i].Result, t.show)
		}
	}
}

// each calls do for a request, and for all in it that may have been carried out, with their answers.
func each(req *history.Request, res *history.Result, do func(*history.Request, *history.Result)) {
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
			each(&side[i], &answer, do)
		}
	}
}

// write takes in what is written. Who compares with a text shows by the outcome whether it was there, without having
// been shown it: more than texts can tell.
func (t texts) write(req *history.Request, _ *history.Result) {
	for i := range req.If {
		if s := t[req.If[i].Key]; s != nil && req.If[i].Target == "value" {
			s.vague = true
		}
	}
	s := t[req.Key]
	if s == nil {
		return
	}
	switch req.Kind {
	case history.CAS:
		s.vague = true
	case history.Put:
		s.values = append(s.values, req.Value)
	case history.Append:
		s.values = append(s.values, req.Value)
		s.unread[req.Value] = "…" + req.Value
	}
}

// settle finds out whether texts fall into the values in one way only. In sorted order, what begins another value also
// begins the next one.
func (s *spelling) settle() {
	sort.Strings(s.values)
	for i, v := range s.values {
		s.vague = s.vague || v == "" || i > 0 && strings.HasPrefix(v, s.values[i-1])
	}
}

// show takes in the texts that a request was shown.
func (t texts) show(req *history.Request, res *history.Result) {
	for _, list := range [][]history.KV{res.KVs, res.Prev} {
		for i := range list {
			if s := t[list[i].Key]; s != nil && !s.vague && !req.KeysOnly {
				s.take(list[i].Value)
			}
		}
	}
}

// take notes what the appends in a text found. Values that cannot be told apart any more end it: then nobody wrote that
// text, and it needs no explanation.
func (s *spelling) take(text string) {
	for at := 0; at < len(text); {
		rest := text[at:]
		i := sort.SearchStrings(s.values, rest)
		if i == len(s.values) || s.values[i] != rest {
			i--
		}
		if i < 0 || !strings.HasPrefix(rest, s.values[i]) {
			return
		}
		value := s.values[i]
		if _, known := s.found[value]; s.unread[value] != "" && !known {
			s.found[value] = text[:at]
		}
		at += len(value)
	}
}

// appended is what an append found and left. found is nothing if no text shows it.
func (t texts) appended(key, piece string) (found, left Cell) {
	s := t[key]
	if s == nil || s.vague {
		return Cell{}, Cell{}
	}
	before, ok := s.found[piece]
	switch {
	case !ok:
		return Cell{}, value(s.unread[piece])
	case before == "":
		return absent, value(piece)
	}
	return value(before), value(before + piece)
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
	return r.texts.appended(req.Key, req.Value)
}
