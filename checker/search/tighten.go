package search

// Tighten narrows operations of unknown outcome by the values seen, without changing what is legal. One whose values
// nobody saw is left out: where it may have happened, it may as well not have. One whose value was seen, and that
// nobody else wrote, happened before the first to see it returned. This, more than the search itself, is what makes
// histories with unknown outcomes decidable: each of them otherwise doubles the work.
func Tighten(ops []Op) []Op {
	ops = append([]Op(nil), ops...)
	for {
		seen, blocked := observers(ops)
		kept := ops[:0]
		for _, o := range ops {
			if o.Maybe && !blocked && !wanted(&o, seen) {
				continue
			}
			kept = append(kept, o)
		}
		if len(kept) == len(ops) {
			bound(kept, seen)
			return kept
		}
		ops = kept
	}
}

type cell struct {
	key   int
	value int32
}

type sight struct {
	definite *Op // of those that certainly saw it, the first to return
	any      bool
}

// observers lists who saw each value. blocked means that somebody saw only what a value was not: then any write may
// have been the reason.
func observers(ops []Op) (seen map[cell]sight, blocked bool) {
	seen = map[cell]sight{}
	for i := range ops {
		o := &ops[i]
		for k, v := range o.Read {
			if v == None {
				continue
			}
			blocked = blocked || o.Not[k]
			at := seen[cell{k, v}]
			at.any = true
			if !o.Maybe && !o.Not[k] && (at.definite == nil || o.Return < at.definite.Return) {
				at.definite = o
			}
			seen[cell{k, v}] = at
		}
	}
	return seen, blocked
}

func wanted(o *Op, seen map[cell]sight) bool {
	for k, w := range o.Write {
		if w != None && seen[cell{k, w}].any {
			return true
		}
	}
	return false
}

func bound(ops []Op, seen map[cell]sight) {
	writers := map[cell]int{}
	for i := range ops {
		for k, w := range ops[i].Write {
			if w != None {
				writers[cell{k, w}]++
			}
		}
	}
	for i := range ops {
		o := &ops[i]
		if !o.Maybe {
			continue
		}
		for k, w := range o.Write {
			at := seen[cell{k, w}]
			// The initial state is a writer of Missing too.
			if w == None || w == Missing || writers[cell{k, w}] != 1 || at.definite == nil {
				continue
			}
			o.Return = min(o.Return, max(at.definite.Return, o.Call))
		}
	}
}
