package exchange

import (
	"slices"
	"strings"
)

// values is what a history's values mean. Its lines do not say: a pair may be a key with its value, or two values.
type values struct {
	functions map[string]bool // of operations
	tuples    bool            // they are [key value]: jepsen.independent
	grouped   bool            // transactions are
	versioned bool            // they are [version value], as in Jepsen's test of etcd
	sets      map[string]bool // keys to which :add adds an element
	counters  map[string]bool // keys to which it adds a number
	lists     map[string]bool // keys whose reads are lists: what is appended is an element
	appended  map[string]bool // keys of transactions that append
	written   map[string]bool // keys of transactions that write
}

// look finds out what the values mean.
func (in *importer) look() {
	v := &in.values
	v.functions, v.lists = map[string]bool{}, map[string]bool{}
	v.sets, v.counters = map[string]bool{}, map[string]bool{}
	v.appended, v.written = map[string]bool{}, map[string]bool{}
	for _, e := range in.events {
		v.functions[e.f] = v.functions[e.f] || e.process != nemesis
	}
	v.tuples = in.all(plain, pairOf)
	v.grouped = in.all([]string{"txn"}, pairOf)
	v.versioned = in.all([]string{"write"}, func(_ event, value node) bool {
		return value.kind == 'l' && len(value.items) == 2 && value.items[0].kind == 'n'
	})
	scalars := map[string]bool{}
	for _, e := range in.events {
		if e.process == nemesis {
			continue
		}
		in.lookInside(e)
		key, value := in.keyed(e)
		switch {
		case e.f == "add" && e.kind == "invoke":
			v.sets[key] = true
		case e.kind != "ok" || e.f != "read" && e.f != "get":
		case value.kind == 'l':
			v.lists[key] = v.functions["append"]
		case value.kind != 'n' && value.kind != 0:
			scalars[key] = true
		}
	}
	for key := range v.sets {
		if scalars[key] {
			v.counters[key] = true
			delete(v.sets, key)
		}
	}
}

// lookInside notes which keys a transaction appends to, and which it writes.
func (in *importer) lookInside(e event) {
	group, micros, _ := in.micros(e)
	for _, m := range micros {
		if len(m.items) != 3 {
			continue
		}
		switch name := group + m.items[1].String(); m.items[0].text {
		case "append":
			in.values.appended[name] = true
		case "w":
			in.values.written[name] = true
		}
	}
}

// plain are the functions on one key.
var plain = []string{"read", "get", "write", "put", "cas", "delete", "append", "add", "acquire", "release"}

// all reports whether is holds for every invocation of the functions, and for one at least.
func (in *importer) all(functions []string, is func(e event, value node) bool) bool {
	some := false
	for _, e := range in.events {
		if e.kind != "invoke" || e.key.kind != 0 || e.process == nemesis || !slices.Contains(functions, e.f) {
			continue
		}
		if _, value := in.keyed(e); !is(e, value) {
			return false
		}
		some = true
	}
	return some
}

// pairOf reports whether a value is a key with a value of the kind that the operation has.
func pairOf(e event, value node) bool {
	if value.kind != 'l' || len(value.items) != 2 || value.items[0].kind == 'l' {
		return false
	}
	inner := value.items[1]
	switch e.f {
	case "cas":
		return inner.kind == 'l'
	case "txn":
		return inner.kind == 'l' && (len(inner.items) == 0 || inner.items[0].kind == 'l')
	}
	return true
}

// anyKey is the key of a history that has no keys.
const anyKey = "x"

// keyed is the event's key and its value without the key.
func (in *importer) keyed(e event) (string, node) {
	tuples := in.values.tuples
	if e.f == "txn" {
		tuples = in.values.grouped
	}
	switch {
	case e.key.kind != 0:
		return e.key.String(), e.value
	case !tuples || e.value.kind != 'l' || len(e.value.items) != 2 || e.value.items[0].kind == 'l':
		return anyKey, e.value
	case e.value.items[0].kind == 'n':
		return anyKey, e.value.items[1]
	}
	return e.value.items[0].String(), e.value.items[1]
}

// bare is a value without its version.
func (in *importer) bare(value node) node {
	if !in.values.versioned || value.kind != 'l' || len(value.items) != 2 {
		return value
	}
	in.note("the versions beside values are left out")
	return value.items[1]
}

// prefixed is a key by which checkers know what it is, made of one that may already be such.
func prefixed(prefix, key string) string {
	if strings.HasPrefix(key, prefix) {
		return key
	}
	return prefix + key
}
