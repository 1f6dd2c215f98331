package exchange

import (
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// What the keys of the different loads begin with: by it their checkers know them.
const (
	listPrefix     = "append/"
	registerPrefix = "wr/"
	elementPrefix  = "set/e/"
	lockPrefix     = "lock/"
)

// request is what was asked, if there are words for it.
func (in *importer) request(e event) (history.Request, bool) {
	if group, micros, ok := in.micros(e); ok {
		return in.transaction(group, micros)
	}
	key, value := in.keyed(e)
	switch v := &in.values; e.f {
	case "read", "get":
		switch {
		case v.counters[key]:
			in.note("counters are left out: there are no words for them")
			return history.Request{}, false
		case v.sets[key]:
			start := setOf(key)
			return history.Request{Kind: history.Range, Key: start, End: start[:len(start)-1] + "0"}, true // "0" follows "/"
		case v.lists[key]:
			return history.Request{Kind: history.Get, Key: prefixed(listPrefix, key)}, true
		}
		return history.Request{Kind: history.Get, Key: key}, true
	case "write", "put":
		return history.Request{Kind: history.Put, Key: key, Value: in.bare(value).String()}, true
	case "append":
		if v.lists[key] || e.key.kind == 0 && value.kind != 's' {
			return history.Request{Kind: history.Append, Key: prefixed(listPrefix, key), Value: in.element(value)}, true
		}
		return history.Request{Kind: history.Append, Key: key, Value: value.String()}, true
	case "add":
		if !v.sets[key] {
			in.note("counters are left out: there are no words for them")
			return history.Request{}, false
		}
		return history.Request{Kind: history.Put, Key: setOf(key) + value.String(), Value: value.String()}, true
	case "delete":
		return history.Request{Kind: history.Delete, Key: key}, true
	case "cas":
		if value = in.bare(value); len(value.items) == 2 {
			return history.Request{Kind: history.CAS, Key: key, Expect: value.items[0].String(), Value: value.items[1].String()}, true
		}
	case "acquire":
		return history.Request{Kind: history.Lock, Key: prefixed(lockPrefix, key)}, true
	case "release":
		return history.Request{Kind: history.Unlock, Key: holder(key, e.process)}, true
	case "range":
		if span := e.value.items; len(span) == 2 {
			return history.Request{Kind: history.Range, Key: span[0].String(), End: span[1].String()}, true
		}
	}
	return in.wordless(e.f, ":"+e.f+" operations")
}

// harmless are functions without words here that change no key which others read or write: what a lease may end is told
// by a function of its own as well.
var harmless = []string{"compact", "grant", "revoke", "keepalive", "timetolive", "campaign", "proclaim", "resign", "leader", "lock", "unlock", "range"}

// wordless is an operation that there are no words for. What reads, or is known to change no key, is left out. Anything
// else ends the history: it may have changed any key, and what others read of its doing would look wrong.
func (in *importer) wordless(f, what string) (history.Request, bool) {
	if slices.Contains(harmless, f) || weak(f) {
		in.note("%s are left out: there are no words for them", what)
		return history.Request{}, false
	}
	in.ended = "there are no words for " + what + ", which may have changed any key"
	return history.Request{}, false
}

// setOf is what the keys of a set's elements begin with. A set whose elements Jepsen's reads show in any order cannot be
// one value: it is one key for each element, and a read of it is a range.
func setOf(key string) string { return prefixed(elementPrefix, key) + "/" }

// holder is the key by which a process holds a lock.
func holder(key, process string) string { return prefixed(lockPrefix, key) + "/p" + process }

// element is an element of a list as it is appended: it ends with a space, so that it holds none.
func (in *importer) element(value node) string {
	text := value.String()
	if strings.Contains(text, " ") {
		in.note("spaces in the elements of lists are read as underscores")
	}
	return strings.ReplaceAll(text, " ", "_") + " "
}

// listed is a whole list.
func (in *importer) listed(value node) string {
	var b strings.Builder
	for _, item := range value.items {
		b.WriteString(in.element(item))
	}
	return b.String()
}

// result is what was told.
func (in *importer) result(e event, req history.Request) history.Result {
	_, value := in.keyed(e)
	if e.value.kind == 'l' && req.Kind == history.Range && (len(e.value.items) != 2 || e.value.items[1].kind != 'l') {
		value = e.value // the answer does not repeat the key
	}
	switch e.kind {
	case "info":
		return history.Result{Error: in.reason(e)}
	case "fail":
		if req.Kind == history.CAS && in.cas == Differed && !e.refused {
			return history.Result{Outcome: history.OK}
		}
		return history.Result{Outcome: history.Fail, Error: in.reason(e)}
	}
	res := history.Result{Outcome: history.OK, Succeeded: req.Kind == history.CAS || req.Kind == history.Txn}
	switch req.Kind {
	case history.Get:
		in.read(e, req, value, &res)
	case history.Range:
		in.ranged(req, value, &res)
	case history.Lock:
		res.Key = holder(req.Key, e.process)
	case history.Txn:
		_, micros, _ := in.micros(e)
		in.answers(req, micros, &res)
	}
	return res
}

// read files the value that was seen. An empty list, and an empty text of a tool that reads empty where nothing is, are
// nothing.
func (in *importer) read(e event, req history.Request, value node, res *history.Result) {
	text := in.bare(value).String()
	switch {
	case value.kind == 'n' || value.kind == 0 || value.kind == 'l' && len(value.items) == 0 || value.kind == 's' && value.text == "" && e.f == "get":
		return
	case strings.HasPrefix(req.Key, listPrefix) && value.kind == 'l':
		if text = in.listed(value); text == "" {
			return
		}
	case in.values.versioned && in.bare(value).kind == 'n':
		return
	}
	res.KVs = []history.KV{{Key: req.Key, Value: text}}
}

// ranged files the pairs that a range showed, or the elements of a set.
func (in *importer) ranged(req history.Request, value node, res *history.Result) {
	for i, item := range value.items {
		switch {
		case value.kind == 'l':
			res.KVs = append(res.KVs, history.KV{Key: req.Key + item.String(), Value: item.String()})
		case i%2 == 1:
			res.KVs = append(res.KVs, history.KV{Key: value.items[i-1].String(), Value: item.String()})
		}
	}
	slices.SortStableFunc(res.KVs, func(a, b history.KV) int { return strings.Compare(a.Key, b.Key) })
	res.Count = int64(len(res.KVs))
}

// reason is why an operation failed; old logs say it in the place of the value.
func (in *importer) reason(e event) string {
	if e.reason == "" && e.value.kind == 'k' {
		return e.value.text
	}
	return e.reason
}
