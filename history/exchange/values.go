package exchange

import "strings"

// values is what a history's values mean. Its lines do not say: a pair may be a key with its value, or two values.
type values struct {
	functions map[string]bool // of operations
	tuples    bool            // they are [key value]: jepsen.independent
	versioned bool            // they are [version value], as in Jepsen's test of etcd
	sets      bool            // :add adds an element; otherwise it counts
	lists     map[string]bool // keys whose reads are lists: what is appended is an element
	appended  map[string]bool // keys of transactions that append
	written   map[string]bool // keys of transactions that write
}

// look finds out what the values mean.
func (in *importer) look() {
	v := &in.values
	v.functions, v.lists = map[string]bool{}, map[string]bool{}
	v.appended, v.written = map[string]bool{}, map[string]bool{}
	for _, e := range in.events {
		v.functions[e.f] = v.functions[e.f] || e.process != nemesis
	}
	v.tuples = in.all(pairOf)
	v.versioned = in.all(func(e event, value node) bool {
		return e.f != "write" || value.kind == 'l' && len(value.items) == 2 && value.items[0].kind == 'n'
	}) && in.has("write")
	whole, scalars := 0, 0
	for _, e := range in.events {
		if e.process == nemesis {
			continue
		}
		in.lookInside(e)
		if key, value := in.keyed(e); e.kind == "ok" && (e.f == "read" || e.f == "get") {
			switch {
			case value.kind == 'l':
				v.lists[key] = in.has("append")
				whole++
			case value.kind != 'n' && value.kind != 0:
				scalars++
			}
		}
	}
	v.sets = in.has("add") && (whole > 0 || scalars == 0)
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

// has reports whether some operation is of that function.
func (in *importer) has(f string) bool { return in.values.functions[f] }

// all reports whether is holds for every invocation whose values have a form, and for one at least.
func (in *importer) all(is func(e event, value node) bool) bool {
	some := false
	for _, e := range in.events {
		if e.kind != "invoke" || e.key.kind != 0 || e.process == nemesis {
			continue
		}
		switch e.f {
		case "read", "write", "cas", "delete", "append", "add", "txn", "acquire", "release":
			_, value := in.keyed(e)
			if !is(e, value) {
				return false
			}
			some = true
		}
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
	switch {
	case e.key.kind != 0:
		return e.key.String(), e.value
	case !in.values.tuples || e.value.kind != 'l' || len(e.value.items) != 2 || e.value.items[0].kind == 'l':
		return anyKey, e.value
	case e.kind == "ok" && in.values.sets && e.f == "read" && e.value.items[1].kind != 'l' && e.value.items[1].kind != 'n':
		return anyKey, e.value // the elements alone
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
