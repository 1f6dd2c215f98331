// Package register judges single registers by the values alone, whatever the store says of revisions.
//
// Where no value is written twice to a key and no key is deleted, a read names the write it saw, and linearizability is
// decided in O(n log n) by the zones of Gibbons and Korach ("Testing Shared Memories", SIAM J. Comput. 26, 1997).
package register

import (
	"math"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// None is the value number of nothing read or nothing written; Missing is that of an absent key, as at the beginning.
const (
	None    int32 = -1
	Missing int32 = 0
)

// Forever is the return of an operation that may take effect at any time after its call.
const Forever = time.Duration(math.MaxInt64)

// Op is one operation on one register.
type Op struct {
	Call, Return time.Duration
	ID           int32 // index in the history's Ops
	Read, Write  int32 // numbers of values
	Not          bool  // Read is what the value was not
	Maybe        bool  // the outcome is unknown; with a Read, it writes only where that holds
}

// Key is one register with all that happened to it.
type Key struct {
	Name   string
	Ops    []Op     // in order of Call
	Values []string // by number; the first stands for absence
	// Unique: every value has one writer, and nothing deletes. Then Check decides.
	Unique bool
	Nots   int // observations of what the value was not
	Vague  int // observations that Ops do not express in full (past revisions, ranges, compares)

	numbers map[string]int32
	writer  []int32 // by value: index in Ops of its writer, or None
}

func (k *Key) number(v string) int32 {
	n, ok := k.numbers[v]
	if !ok {
		n = int32(len(k.Values))
		k.numbers[v] = n
		k.Values = append(k.Values, v)
		k.writer = append(k.writer, None)
	}
	return n
}

func (k *Key) cell(c Cell) int32 {
	switch {
	case !c.Known:
		return None
	case c.Absent:
		return Missing
	}
	return k.number(c.Value)
}

// size is how much there will be of one key.
type size struct{ ops, values int }

// expected counts the plain requests by key: to grow slices of millions by doubling costs more than to count first.
func expected(h *history.History) map[string]size {
	sizes := map[string]size{}
	for i := range h.Ops {
		r := &h.Ops[i].Request
		n := sizes[r.Key]
		n.ops++
		if r.Kind == history.Put || r.Kind == history.CAS || r.Kind == history.Append {
			n.values++
		}
		sizes[r.Key] = n
	}
	return sizes
}

func newKey(name string, n size) *Key {
	k := &Key{Name: name, Unique: true, Ops: make([]Op, 0, n.ops), Values: make([]string, 1, n.values+1),
		writer: make([]int32, 1, n.values+1), numbers: make(map[string]int32, n.values)}
	k.writer[0] = None
	return k
}

// Split sorts what a history says of values by key, in order of first use. Keys that the store itself writes or deletes
// unseen are left out and named.
func Split(h *history.History, r *Reader) (keys []*Key, left []string) {
	byName := map[string]*Key{}
	sizes := expected(h)
	for i := range h.Ops {
		op := &h.Ops[i]
		actions, exact := r.Actions(op)
		for _, a := range actions {
			for _, t := range a.Touches {
				k := byName[t.Key]
				if k == nil {
					k = newKey(t.Key, sizes[t.Key])
					byName[t.Key] = k
					keys = append(keys, k)
				}
				k.add(op, int32(i), t, a.Maybe, exact)
			}
		}
	}
	kept := keys[:0]
	for _, k := range keys {
		k.numbers = nil
		if r.Wild(k.Name) {
			left = append(left, k.Name)
			continue
		}
		kept = append(kept, k)
	}
	return kept, left
}

func (k *Key) add(op *history.Op, id int32, t Touch, maybe, exact bool) {
	o := Op{Call: op.Call, Return: op.Return, ID: id, Maybe: maybe, Not: t.Read.Not}
	o.Read, o.Write = k.cell(t.Read), k.cell(t.Write)
	if maybe {
		o.Return = Forever
	}
	if !exact {
		k.Vague++
	}
	if o.Not {
		k.Nots++
	}
	if o.Write == Missing || o.Write > 0 && k.writer[o.Write] != None {
		k.Unique = false
	}
	if o.Write > 0 {
		k.writer[o.Write] = int32(len(k.Ops))
	}
	k.Ops = append(k.Ops, o)
}
