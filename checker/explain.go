package checker

import (
	"fmt"
	"sort"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// witness is a handful of operations on one key that no order explains.
type witness struct {
	h      *history.History
	key    string
	values []string
	ops    []search.Op
}

// history returns the operations as they were recorded, in order of their calls.
func (w *witness) history() []history.Op {
	seen := map[int]bool{}
	var out []history.Op
	for _, o := range w.ops {
		if !seen[o.ID] {
			seen[o.ID] = true
			out = append(out, w.h.Ops[o.ID])
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Call < out[j].Call })
	return out
}

func (w *witness) value(n int32) string {
	switch {
	case n == search.Missing:
		return "absent"
	case n < 0 || int(n) >= len(w.values):
		return "?"
	}
	return clipText(w.values[n], valueShown)
}

func (w *witness) line(id int) string {
	return w.h.Ops[id].String()
}

// name is how a sentence speaks of an operation.
func (w *witness) name(o *search.Op) string {
	op := &w.h.Ops[o.ID]
	return fmt.Sprintf("op %d (%s of p%d at %s)", op.ID, op.Request.Kind, op.Process, op.Node)
}

// explain says in one sentence why the operations cannot be ordered.
func (w *witness) explain() string {
	for _, rule := range []func() string{w.phantom, w.early, w.stale, w.lost, w.crossed} {
		if why := rule(); why != "" {
			return why
		}
	}
	return fmt.Sprintf("key %s: no order of these %d operations explains what they saw", w.key, len(w.ops))
}

func (w *witness) writer(value int32) *search.Op {
	for i := range w.ops {
		if w.ops[i].Write[0] == value {
			return &w.ops[i]
		}
	}
	return nil
}

// phantom: a value that nobody wrote, or whose write was refused.
func (w *witness) phantom() string {
	for i := range w.ops {
		o := &w.ops[i]
		v := o.Read[0]
		if v <= search.Missing || o.Not[0] || w.writer(v) != nil {
			continue
		}
		for j := range w.h.Ops {
			op := &w.h.Ops[j]
			if op.Result.Outcome == history.Fail && writesValue(&op.Request, w.key, w.value(v)) {
				return fmt.Sprintf("key %s: %s saw %s, whose write, op %d, the store had refused (%s)",
					w.key, w.name(o), w.value(v), op.ID, op.Result.Error)
			}
		}
		return fmt.Sprintf("key %s: %s saw %s, which nobody had written", w.key, w.name(o), w.value(v))
	}
	return ""
}

func writesValue(r *history.Request, key, value string) bool {
	switch r.Kind {
	case history.Put, history.CAS:
		return r.Key == key && r.Value == value
	case history.Txn:
		for _, side := range [][]history.Request{r.Then, r.Else} {
			for i := range side {
				if writesValue(&side[i], key, value) {
					return true
				}
			}
		}
	}
	return false
}

// early: a value was seen before anybody had called for it.
func (w *witness) early() string {
	for i := range w.ops {
		r := &w.ops[i]
		if r.Read[0] <= search.Missing || r.Not[0] || r.Maybe {
			continue
		}
		soonest := -1
		for j := range w.ops {
			if w.ops[j].Write[0] == r.Read[0] && (soonest < 0 || w.ops[j].Call < w.ops[soonest].Call) {
				soonest = j
			}
		}
		if soonest >= 0 && w.ops[soonest].Call > r.Return {
			o := &w.ops[soonest]
			return fmt.Sprintf("key %s: %s saw %s and was over %s before %s, which wrote it, was called", w.key, w.name(r), w.value(r.Read[0]), certificate.Ago(o.Call-r.Return), w.name(o))
		}
	}
	return ""
}

// stale: a value was seen although a later one was certainly there before.
func (w *witness) stale() string {
	for i := range w.ops {
		r := &w.ops[i]
		if r.Read[0] == search.None || r.Not[0] || r.Maybe {
			continue
		}
		for j := range w.ops {
			newer := &w.ops[j]
			if newer.Write[0] == search.None || newer.Write[0] == r.Read[0] || i == j || !w.after(newer, r.Read[0]) {
				continue
			}
			if why := w.proofOf(newer, r); why != "" {
				return why
			}
		}
	}
	return ""
}

// after reports whether the write certainly came after every write of the value.
func (w *witness) after(newer *search.Op, value int32) bool {
	certain := false
	for i := range w.ops {
		old := &w.ops[i]
		if old.Write[0] != value {
			continue
		}
		if certain = newer.Read[0] == value && !newer.Not[0] || w.beforeCall(old, newer); !certain {
			return false
		}
	}
	return certain || value == search.Missing
}

// beforeCall reports whether the old write had happened when the newer one was called: it had returned, or somebody
// who had returned had seen it, and it alone wrote that value.
func (w *witness) beforeCall(old, newer *search.Op) bool {
	if !old.Maybe && old.Return < newer.Call {
		return true
	}
	writers, seen := 0, false
	for i := range w.ops {
		o := &w.ops[i]
		if o.Write[0] == old.Write[0] {
			writers++
		}
		seen = seen || o.Read[0] == old.Write[0] && !o.Not[0] && !o.Maybe && o.Return < newer.Call
	}
	return writers == 1 && seen
}

// proofOf says which operation, over before r was called, shows that the newer write had happened.
func (w *witness) proofOf(newer, r *search.Op) string {
	saw := fmt.Sprintf("key %s: %s saw %s, but", w.key, w.name(r), w.value(r.Read[0]))
	if !newer.Maybe && newer.Return < r.Call {
		return fmt.Sprintf("%s %s had returned %s%s before it was called", saw, w.wrote(newer), certificate.Ago(r.Call-newer.Return), w.revisions(newer, r))
	}
	for i := range w.ops {
		o := &w.ops[i]
		if o.Read[0] == newer.Write[0] && !o.Not[0] && !o.Maybe && o != r && o.Return < r.Call {
			return fmt.Sprintf("%s %s had already seen %s, %s before it was called", saw, w.name(o), w.value(newer.Write[0]), certificate.Ago(r.Call-o.Return))
		}
	}
	return ""
}

func (w *witness) wrote(o *search.Op) string {
	if o.Write[0] == search.Missing {
		return w.name(o) + ", which deleted it,"
	}
	return fmt.Sprintf("%s, which wrote %s,", w.name(o), w.value(o.Write[0]))
}

// revisions is how far the read was behind the write by the store's own count.
func (w *witness) revisions(newer, r *search.Op) string {
	a, b := w.h.Ops[newer.ID].Result.Header.Revision, w.h.Ops[r.ID].Result.Header.Revision
	if a == 0 || b == 0 || b >= a {
		return ""
	}
	return fmt.Sprintf(" (revision %d against %d)", a, b)
}

// lost: two writes both replaced the same value.
func (w *witness) lost() string {
	for i := range w.ops {
		a := &w.ops[i]
		for j := i + 1; j < len(w.ops); j++ {
			b := &w.ops[j]
			if a.Read[0] == search.None || a.Read[0] != b.Read[0] || a.Not[0] || b.Not[0] || a.Write[0] == search.None || b.Write[0] == search.None {
				continue
			}
			return fmt.Sprintf("key %s: %s and %s both replaced %s, so that one update was lost", w.key, w.name(a), w.name(b), w.value(a.Read[0]))
		}
	}
	return ""
}

// crossed: each of two values was there before the other.
func (w *witness) crossed() string {
	for i := range w.ops {
		for j := range w.ops {
			a, b := shown(&w.ops[i]), shown(&w.ops[j])
			if a == search.None || b == search.None || a >= b {
				continue
			}
			if x, y := w.precedes(a, b), w.precedes(b, a); x != "" && y != "" {
				return fmt.Sprintf("key %s: %s, but %s", w.key, x, y)
			}
		}
	}
	return ""
}

// shown is the value that an operation shows to be there: the one it wrote, or saw.
func shown(o *search.Op) int32 {
	if o.Write[0] != search.None || o.Not[0] {
		return o.Write[0]
	}
	return o.Read[0]
}

// precedes says why value a was there before value b; "" if nothing shows it.
func (w *witness) precedes(a, b int32) string {
	for i := range w.ops {
		for j := range w.ops {
			x, y := &w.ops[i], &w.ops[j]
			if shown(x) == a && shown(y) == b && !x.Maybe && x.Return < y.Call {
				return fmt.Sprintf("%s was there before %s, as %s was over %s before %s was called", w.value(a), w.value(b), w.name(x), certificate.Ago(y.Call-x.Return), w.name(y))
			}
		}
	}
	return ""
}

// notes are what was left out of the operations' answers because the proof does not need it.
func (w *witness) notes() []string {
	unknown := 0
	for i := range w.ops {
		if w.ops[i].Maybe {
			unknown++
		}
	}
	notes := []string{"confirmed by Porcupine"}
	if len(w.ops) <= search.BruteLimit {
		notes = []string{"confirmed by Porcupine and by trying every order"}
	}
	if unknown > 0 {
		notes = append(notes, fmt.Sprintf("%d of unknown outcome: they may have taken effect at any time after their call, or never", unknown))
	}
	return notes
}
