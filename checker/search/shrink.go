package search

import (
	"sort"
	"time"
)

// Shrink returns few operations of ops that are still illegal, with what they saw cut down to what the proof needs.
// Every step keeps a legal history legal, so that the result's being illegal proves that ops is:
//
//   - a prefix in time, where what had not returned becomes unknown;
//   - without an operation that wrote nothing;
//   - without a value: all who wrote it or saw it, and then the values that these wrote;
//   - without what a write saw of what it replaced, or the revision it was told.
//
// illegal decides; where it cannot, it says false. If ops itself is not illegal, it is returned as it is.
func Shrink(ops []Op, illegal func([]Op) bool) []Op {
	ops = append([]Op(nil), ops...)
	sort.SliceStable(ops, func(i, j int) bool { return ops[i].Call < ops[j].Call })
	if len(ops) > 64 {
		ops = shortestPrefix(ops, illegal)
	}
	closed := !inequalities(ops)
	if without := withoutInequalities(ops); !closed && illegal(without) {
		ops, closed = without, true
	}
	for before := -1; before != weight(ops); {
		before = weight(ops)
		if closed {
			ops = dropValues(ops, illegal)
		}
		ops = dropReads(ops, illegal)
		ops = forget(ops, illegal)
	}
	return ops
}

// weight is what Shrink lessens: operations first, then what they say.
func weight(ops []Op) int {
	n := 100 * len(ops)
	for i := range ops {
		for k := range Keys {
			if ops[i].Read[k] != None {
				n++
			}
		}
		if ops[i].Revision != 0 {
			n++
		}
	}
	return n
}

// shortestPrefix finds the earliest moment by whose returns the history is illegal.
func shortestPrefix(ops []Op, illegal func([]Op) bool) []Op {
	var ends []time.Duration
	for i := range ops {
		if !ops[i].Maybe {
			ends = append(ends, ops[i].Return)
		}
	}
	sort.Slice(ends, func(i, j int) bool { return ends[i] < ends[j] })
	i := sort.Search(len(ends), func(i int) bool { return illegal(prefix(ops, ends[i])) })
	if i < len(ends) {
		if p := prefix(ops, ends[i]); illegal(p) {
			return p
		}
	}
	return ops
}

func prefix(ops []Op, end time.Duration) []Op {
	var out []Op
	for _, o := range ops {
		switch {
		case o.Call > end:
		case o.Maybe || o.Return <= end:
			out = append(out, o)
		case o.writes():
			o.Maybe, o.Return, o.Revision = true, Forever, 0
			// What it saw came with its answer, so that this is unknown too.
			o.Read, o.Not = Nothing, [Keys]bool{}
			out = append(out, o)
		}
	}
	return out
}

func inequalities(ops []Op) bool {
	for i := range ops {
		if ops[i].Not != [Keys]bool{} {
			return true
		}
	}
	return false
}

func withoutInequalities(ops []Op) []Op {
	out := make([]Op, 0, len(ops))
	for _, o := range ops {
		for k := range Keys {
			if o.Not[k] {
				o.Not[k], o.Read[k] = false, None
			}
		}
		if o.Read != Nothing || o.Write != Nothing {
			out = append(out, o)
		}
	}
	return out
}

// dropValues removes values, many at once while that works.
func dropValues(ops []Op, illegal func([]Op) bool) []Op {
	for chunk := len(cells(ops)) / 2; chunk > 0; chunk /= 2 {
		list := cells(ops)
		for at := 0; at < len(list); at += chunk {
			drop := list[at:min(at+chunk, len(list))]
			if less := without(ops, drop); len(less) < len(ops) && len(less) > 0 && illegal(less) {
				ops = less
			}
		}
	}
	return ops
}

// cells lists the values that occur, in order of first use.
func cells(ops []Op) []cell {
	var list []cell
	seen := map[cell]bool{}
	for i := range ops {
		for k := range Keys {
			for _, v := range []int32{ops[i].Read[k], ops[i].Write[k]} {
				if c := (cell{k, v}); v != None && !seen[c] {
					seen[c] = true
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// without removes all operations that saw or wrote one of the values, and, again, those of the values that these wrote.
func without(ops []Op, drop []cell) []Op {
	gone := map[cell]bool{}
	for _, c := range drop {
		gone[c] = true
	}
	out := append([]Op(nil), ops...)
	for {
		kept := out[:0]
		for _, o := range out {
			hit := false
			for k := range Keys {
				hit = hit || gone[cell{k, o.Read[k]}] || gone[cell{k, o.Write[k]}]
			}
			if !hit {
				kept = append(kept, o)
				continue
			}
			for k, w := range o.Write {
				if w != None {
					gone[cell{k, w}] = true
				}
			}
		}
		if len(kept) == len(out) {
			return kept
		}
		out = kept
	}
}

// dropReads removes operations that wrote nothing, many at once while that works.
func dropReads(ops []Op, illegal func([]Op) bool) []Op {
	for chunk := max(len(ops)/2, 1); chunk > 0; chunk /= 2 {
		for at := 0; at < len(ops); at += chunk {
			less := append([]Op(nil), ops[:at]...)
			for i, o := range ops[at:] {
				if i >= chunk || o.writes() {
					less = append(less, o)
				}
			}
			if len(less) < len(ops) && len(less) > 0 && illegal(less) {
				ops = less
			}
		}
	}
	return ops
}

// forget takes from operations what the proof does not need.
func forget(ops []Op, illegal func([]Op) bool) []Op {
	try := func(i int, change func(*Op)) {
		changed := append([]Op(nil), ops...)
		change(&changed[i])
		if changed[i] != ops[i] && illegal(changed) {
			ops = changed
		}
	}
	for i := range ops {
		try(i, func(o *Op) { o.Revision = 0 })
		if !ops[i].writes() {
			continue
		}
		for k := range Keys {
			try(i, func(o *Op) { o.Read[k], o.Not[k] = None, false })
		}
	}
	return ops
}
