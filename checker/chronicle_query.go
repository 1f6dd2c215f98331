package checker

import (
	"fmt"
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// upTo is how many of the key's changes happened up to a revision.
func (c *chronicle) upTo(key string, rev int64) int {
	changes := c.changes[key]
	return sort.Search(len(changes), func(i int) bool { return changes[i].rev > rev })
}

// within are the keys of a range, as in a request.
func (c *chronicle) within(key, end string) []string {
	from := sort.SearchStrings(c.keys, key)
	to := len(c.keys)
	switch end {
	case "":
		to = from
		if from < len(c.keys) && c.keys[from] == key {
			to++
		}
	case "\x00":
	default:
		to = max(from, sort.SearchStrings(c.keys, end))
	}
	return c.keys[from:to]
}

// nothingUnseen reports whether the key cannot have vanished after from, up to to, without anybody having seen it.
func (c *chronicle) nothingUnseen(key string, from, to int64) bool {
	if c.watched(from, to) {
		return true
	}
	if c.loose[key] {
		return false
	}
	for _, w := range c.wipes {
		if from < w.rev && w.rev <= to && inRange(key, w.key, w.end) {
			return false
		}
	}
	for _, w := range c.open {
		if inRange(key, w.key, w.end) {
			return false
		}
	}
	return true
}

// watched reports whether an unfiltered watch of all keys delivered everything after from, up to to.
func (c *chronicle) watched(from, to int64) bool {
	for _, s := range c.covered {
		if s.first <= from+1 && to <= s.last {
			return true
		}
	}
	return false
}

// inRange reports whether a key is in a range as in a request.
func inRange(key, from, end string) bool {
	switch end {
	case "":
		return key == from
	case "\x00":
		return key >= from
	}
	return key >= from && key < end
}

// saw says who saw the change, for a sentence: "op 7 put x 1", "watch 2 on n1 delivered it".
func (c *chronicle) saw(x change) string {
	if i, ok := x.by.watch(); ok {
		return fmt.Sprintf("%s saw %s", watchName(&c.h.Watches[i]), x)
	}
	return fmt.Sprintf("op %d saw %s", c.h.Ops[x.by].ID, x)
}

// op is the operation that saw the change, if one did.
func (c *chronicle) op(x change) []history.Op {
	if x.by < 0 {
		return nil
	}
	return c.h.Ops[x.by : x.by+1 : x.by+1] // whoever appends to it must not write over the history
}

// String is the change as in "put 3 at revision 9".
func (x change) String() string {
	switch {
	case x.kv == nil:
		return fmt.Sprintf("a delete at revision %d", x.rev)
	case x.full:
		return fmt.Sprintf("a put of %q at revision %d (create %d, version %d, lease %x)", x.kv.Value, x.rev, x.kv.Create, x.kv.Version, x.kv.Lease)
	}
	return fmt.Sprintf("a put of %q at revision %d", x.kv.Value, x.rev)
}
