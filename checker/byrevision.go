package checker

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// byRevisions makes a counterexample of an answer about several keys that is wrong at one of them: the operation, the
// write whose value it saw there, and the one whose value it should have seen, in the order of their revisions.
func (l *linear) byRevisions(ctx context.Context, f *certificate.Finding, key string) *Counterexample {
	subject, ok := l.cell(int(f.Op), key)
	if !ok {
		return nil
	}
	rev := f.Rev
	if f.Kind == certificate.Early {
		rev = l.proved(f)
	}
	values := &numbers{list: []string{""}, of: map[string]int32{}}
	var ops []search.Op
	add := func(i int, t register.Touch, at int64) {
		o := search.Op{Call: l.h.Ops[i].Call, Return: l.h.Ops[i].Return, ID: i, Read: search.Nothing, Write: search.Nothing, Revision: at}
		if l.h.Ops[i].Result.Outcome == history.Unknown {
			o.Return = search.Forever // it is seen to have happened
		}
		if i == int(f.Op) {
			o.Read[0] = values.cell(t.Read)
		} else {
			o.Write[0] = values.cell(t.Write)
		}
		ops = append(ops, o)
	}
	last := -1
	for at, s := range l.whole.Steps {
		if s.Op < 0 || s.Revision > rev || int(s.Op) == int(f.Op) {
			continue
		}
		t, ok := l.cell(int(s.Op), key)
		if !ok || !t.Write.Known {
			continue
		}
		if t.Write == subject.Read {
			add(int(s.Op), t, s.Revision)
		}
		last = at
	}
	if last < 0 || !subject.Read.Known {
		return nil
	}
	newest := l.whole.Steps[last]
	if t, _ := l.cell(int(newest.Op), key); t.Write != subject.Read {
		add(int(newest.Op), t, newest.Revision)
	}
	at := f.Rev
	if f.Kind == certificate.Early {
		at = 0 // real time alone puts it after the newest write
	}
	add(int(f.Op), register.Touch{Read: subject.Read}, at)
	few, err := confirmed(ctx, ops)
	if err != nil {
		return nil
	}
	w := &witness{h: l.h, key: key, values: values.list, ops: few}
	c := &Counterexample{Name: key, Why: fmt.Sprintf("key %s: %s", key, l.sentence(f)), Of: l.ops, Notes: append(w.notes(), "in the order of their revisions")}
	c.Ops = inOrder(append(w.history(), l.sightings(few)...))
	c.Context = around(l.h, c.Ops)
	c.Files = pictures(ctx, l.h, few, &search.Names{Keys: []string{key}, Value: func(_ int, n int32) string { return w.value(n) }, Op: w.line})
	return c
}

// sightings are, for each of the operations that never answered, the first that shows that it happened.
func (l *linear) sightings(ops []search.Op) []history.Op {
	var out []history.Op
	for i := range ops {
		if l.h.Ops[ops[i].ID].Result.Outcome != history.Unknown {
			continue
		}
		for j := range l.h.Ops {
			seen := false
			eachRead(&l.h.Ops[j].Result, func(kv *history.KV) { seen = seen || kv.Mod == ops[i].Revision })
			if seen && !slices.ContainsFunc(ops, func(o search.Op) bool { return o.ID == j }) {
				out = append(out, l.h.Ops[j])
				break
			}
		}
	}
	return out
}

// cell is what the operation saw and wrote at one key.
func (l *linear) cell(i int, key string) (register.Touch, bool) {
	op := &l.h.Ops[i]
	actions, _ := l.reader.Actions(op)
	var touch register.Touch
	found := 0
	for _, a := range actions {
		for _, t := range a.Touches {
			if t.Key == key {
				touch = t
				found++
			}
		}
	}
	if found > 0 {
		return touch, found == 1 // one of two sides, nobody knows which
	}
	if req, res := &op.Request, &op.Result; req.Kind == history.Range && res.Outcome == history.OK && !res.More && !req.CountOnly && asks(req, key) {
		return register.Touch{Key: key, Read: register.Cell{Known: true, Absent: true}}, true
	}
	return register.Touch{}, false
}

// numbers gives values their numbers.
type numbers struct {
	list []string
	of   map[string]int32
}

func (n *numbers) cell(c register.Cell) int32 {
	switch {
	case !c.Known:
		return search.None
	case c.Absent:
		return search.Missing
	}
	i, ok := n.of[c.Value]
	if !ok {
		i = int32(len(n.list))
		n.list = append(n.list, c.Value)
		n.of[c.Value] = i
	}
	return i
}

// inOrder sorts operations by their calls.
func inOrder(ops []history.Op) []history.Op {
	sort.SliceStable(ops, func(i, j int) bool { return ops[i].Call < ops[j].Call })
	return ops
}
