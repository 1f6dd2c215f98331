package exchange

import (
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// A set that grows by :add, and a text that grows by :append, have no words of their own here: nobody knows the whole
// new value when it is written. They become one key for each element, KEY/ELEMENT, and a read of the whole becomes a
// read of all keys that begin with KEY/. Every violation that is found there is one of the original; the order of a
// text's elements is lost, so that a violation in the order alone is not found.

// wholeSet is the key of a set, which Jepsen gives no name.
const wholeSet = "set"

func (in *importer) findElements() {
	for i := range in.events {
		e := &in.events[i]
		if e.f == "add" && e.key.kind == 0 {
			in.elements["x"] = true
		}
		key, value := in.keyed(*e)
		if e.f != "append" && e.f != "add" && e.f != "put" {
			continue
		}
		if e.f != "put" {
			in.elements[key] = true
		}
		known := in.known[folder(key)]
		if known == nil {
			known = map[string]bool{}
			in.known[folder(key)] = known
		}
		known[value.String()] = true
	}
}

// folder is what the keys of the elements begin with.
func folder(key string) string {
	if key == "x" {
		key = wholeSet
	}
	return key + "/"
}

// all reads every element.
func all(key string) history.Request {
	start := folder(key)
	return history.Request{Kind: history.Range, Key: start, End: start[:len(start)-1] + "0"} // "0" follows "/"
}

func (in *importer) elementRequest(e event, key string, value node) (history.Request, bool) {
	element := history.Request{Kind: history.Put, Key: folder(key) + value.String(), Value: value.String()}
	switch e.f {
	case "add", "append":
		in.note(":%s is one key for each element; the order of elements is not judged", e.f)
		return element, true
	case "read", "get":
		return all(key), true
	case "put", "write":
		clear := all(key)
		clear.Kind = history.Delete
		return history.Request{Kind: history.Txn, Then: []history.Request{clear, element}}, true
	}
	in.note(":%s operations are left out: there are no words for them", e.f)
	return history.Request{}, false
}

// elementsRead files the elements that a read saw.
func (in *importer) elementsRead(req history.Request, value node, res *history.Result) {
	var seen []string
	if value.kind == 'l' {
		for _, item := range value.items {
			seen = append(seen, item.String())
		}
	} else if text := value.String(); text != "" {
		seen = in.split(in.known[req.Key], text)
	}
	slices.Sort(seen)
	distinct := slices.Compact(slices.Clone(seen))
	if len(distinct) < len(seen) {
		in.note("reads show an element more than once: counted once")
	}
	for _, element := range distinct {
		res.KVs = append(res.KVs, history.KV{Key: req.Key + element, Value: element})
	}
	res.Count = int64(len(res.KVs))
}

// split takes a text apart into what is known to have been appended, the longest first. What nobody appended is an element of
// its own, that nobody wrote.
func (in *importer) split(known map[string]bool, text string) []string {
	var parts []string
	for text != "" {
		longest := ""
		for n := len(text); n > 0 && longest == ""; n-- {
			if known[text[:n]] {
				longest = text[:n]
			}
		}
		if longest == "" {
			in.note("reads show text that nobody appended")
			return append(parts, text)
		}
		parts = append(parts, longest)
		text = text[len(longest):]
	}
	return parts
}
