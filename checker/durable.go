package checker

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

// checkDurable judges that what was acknowledged is still there at the end: in the final reads of every key through
// every member, and, for what was overwritten since, in every member's own account of its history from revision 1 on.
func checkDurable(ctx context.Context, h *history.History, lim Limits) Result {
	d := &durable{findings: newFindings(h), reader: lim.reader(h), keys: map[string]*finalKey{}}
	for i := range h.Ops {
		d.operation(i)
	}
	if len(d.order) == 0 {
		return Result{Verdict: Skipped, Why: "no write was acknowledged"}
	}
	for _, name := range d.order {
		if d.keys[name].acked > 0 {
			d.key(name, d.keys[name])
		}
	}
	if why := stopped(ctx); why != "" {
		return Result{Why: why}
	}
	replayed := d.replays()
	d.missingReads()
	res := d.done(d.acked, fmt.Sprintf("%d acknowledged writes accounted for: %d final reads, %d changes replayed", d.acked, d.read, replayed),
		"no write was acknowledged")
	res.Keys = len(d.order)
	return res
}

type durable struct {
	*findings
	reader *register.Reader
	keys   map[string]*finalKey
	order  []string
	acked  int
	read   int
	unread map[history.NodeID]int
}

// finalKey is what is known of one key.
type finalKey struct {
	acked  int
	writes []finalWrite
	reads  []finalRead
	maybe  bool // it was written or deleted with unknown outcome
	gone   bool // it was deleted with unknown outcome
}

type finalWrite struct {
	op      int
	rev     int64
	absent  bool
	value   string
	unknown bool
	event   bool // the store's history has to tell it: not so a delete that found nothing
}

type finalRead struct {
	op     int
	absent bool
	kv     history.KV
}

func (d *durable) at(key string) *finalKey {
	k := d.keys[key]
	if k == nil {
		k = &finalKey{}
		d.keys[key] = k
		d.order = append(d.order, key)
	}
	return k
}

// operation files what an operation wrote, or read at the end.
func (d *durable) operation(i int) {
	op := &d.h.Ops[i]
	actions, _ := d.reader.Actions(op)
	for _, a := range actions {
		for _, t := range a.Touches {
			if !t.Write.Known {
				continue
			}
			k := d.at(t.Key)
			if a.Maybe {
				k.maybe, k.gone = true, k.gone || t.Write.Absent
			} else {
				k.acked++
				d.acked++
			}
			found := t.Read.Known && (!t.Read.Absent || t.Read.Not)
			k.writes = append(k.writes, finalWrite{i, op.Result.Header.Revision, t.Write.Absent, t.Write.Value, a.Maybe, !t.Write.Absent || found})
		}
	}
	if op.Stage != history.Final || op.Result.Outcome != history.OK || op.Request.Revision != 0 || op.Request.KeysOnly || op.Request.CountOnly {
		return
	}
	switch op.Request.Kind {
	case history.Get:
		r := finalRead{op: i, absent: len(op.Result.KVs) == 0}
		if !r.absent {
			r.kv = op.Result.KVs[0]
		}
		d.at(op.Request.Key).reads = append(d.at(op.Request.Key).reads, r)
	case history.Range:
		for _, kv := range op.Result.KVs {
			d.at(kv.Key).reads = append(d.at(kv.Key).reads, finalRead{op: i, kv: kv})
		}
		d.absences(i)
	}
}

// absences files, for a range that told all there was, the keys that it did not tell.
func (d *durable) absences(i int) {
	op := &d.h.Ops[i]
	if op.Result.More {
		return
	}
	told := map[string]bool{}
	for _, kv := range op.Result.KVs {
		told[kv.Key] = true
	}
	for _, name := range d.order {
		if !told[name] && register.Within(name, op.Request.Key, op.Request.End) {
			d.keys[name].reads = append(d.keys[name].reads, finalRead{op: i, absent: true})
		}
	}
}

// key judges the final reads of one key.
func (d *durable) key(name string, k *finalKey) {
	unseen := d.reader.Wild(name) || d.reader.Exempt(name) // the store itself may delete it
	maybe, gone := k.maybe || unseen, k.gone || unseen
	byNode := map[history.NodeID]bool{}
	for i := range k.reads {
		r := &k.reads[i]
		byNode[d.h.Ops[r.op].Node] = true
		d.read++
		if d.lost(name, k, r, gone) {
			return
		}
		if first := &k.reads[0]; !maybe && (r.absent != first.absent || r.kv.Value != first.kv.Value || r.kv.Mod != first.kv.Mod) && !d.writtenSince(k, first) {
			a, b := d.h.Ops[first.op], d.h.Ops[r.op]
			d.fail("members differ", fmt.Sprintf("key %s: at the end %s answered %s to op %d and %s answered %s to op %d", name,
				a.Node, first, a.ID, b.Node, r, b.ID), []history.Op{a, b}).show(d.finals(name, k, r))
			return
		}
	}
	for _, node := range d.h.Meta.Nodes {
		if !byNode[node] {
			if d.unread == nil {
				d.unread = map[history.NodeID]int{}
			}
			d.unread[node]++
		}
	}
	if len(d.h.Meta.Nodes) == 0 && len(k.reads) == 0 {
		if d.unread == nil {
			d.unread = map[history.NodeID]int{}
		}
		d.unread["any member"]++
	}
}

func (r *finalRead) String() string {
	switch {
	case r.absent:
		return "absent"
	case r.kv.Mod > 0:
		return fmt.Sprintf("%s (revision %d)", r.kv.Value, r.kv.Mod)
	}
	return r.kv.Value
}

// writtenSince reports whether the key was written after the first of its final reads was called.
func (d *durable) writtenSince(k *finalKey, first *finalRead) bool {
	for _, w := range k.writes {
		if d.h.Ops[w.op].Return >= d.h.Ops[first.op].Call {
			return true
		}
	}
	return false
}

// lost files the acknowledged write that a final read should have shown, or something later, and did not.
func (d *durable) lost(name string, k *finalKey, r *finalRead, gone bool) bool {
	read := &d.h.Ops[r.op]
	if r.absent && gone {
		return false // an end of a lease, or a delete of unknown outcome, may have removed it
	}
	var writers []finalWrite
	for _, w := range k.writes {
		if w.absent == r.absent && w.value == r.kv.Value {
			writers = append(writers, w)
		}
	}
	if len(writers) == 0 && !r.absent {
		d.fail("never written", fmt.Sprintf("key %s: at the end op %d found %s at %s, which nobody wrote", name, read.ID, r, read.Node), []history.Op{*read}).show(d.finals(name, k, r))
		return true
	}
	// The latest moment, and revision, at which what was found can have been written.
	latest, rev := time.Duration(-1), int64(0)
	for _, w := range writers {
		op := &d.h.Ops[w.op]
		if w.unknown {
			latest = math.MaxInt64
		} else {
			latest = max(latest, op.Return)
		}
		rev = max(rev, w.rev)
	}
	if r.kv.Mod > 0 {
		rev = r.kv.Mod
	}
	for _, w := range k.writes {
		op := &d.h.Ops[w.op]
		if w.unknown || op.Return >= read.Call {
			continue
		}
		known := rev > 0 && w.rev > 0
		if known && w.rev > rev || !known && op.Call > latest {
			d.fail("lost", fmt.Sprintf("key %s: at the end op %d found %s at %s, but op %d had been acknowledged (%s%s)", name, read.ID, r, read.Node,
				op.ID, written(w), atRevision(w.rev)), []history.Op{*op, *read}).show(d.finals(name, k, r))
			return true
		}
	}
	return false
}

func written(w finalWrite) string {
	if w.absent {
		return "deleted"
	}
	return "wrote " + clipText(w.value, valueShown)
}

func atRevision(rev int64) string {
	if rev == 0 {
		return ""
	}
	return fmt.Sprintf(", revision %d", rev)
}

// missingReads: a member that was not asked, or did not answer, may have lost anything.
func (d *durable) missingReads() {
	for _, node := range slices.Sorted(maps.Keys(d.unread)) {
		d.doubt("%d of %d keys were not read at the end through %s", d.unread[node], len(d.order), node)
	}
}

// ack is an acknowledged write that the store's history has to tell.
type ack struct {
	finalWrite
	key string
}

// replays judges every member's own account of its history: a watch of all keys from revision 1 on, opened after
// healing, tells every acknowledged write at its revision.
func (d *durable) replays() (changes int) {
	var acks []ack
	for _, name := range d.order {
		for _, w := range d.keys[name].writes {
			if !w.unknown && w.rev > 0 && w.event {
				acks = append(acks, ack{w, name})
			}
		}
	}
	slices.SortStableFunc(acks, func(a, b ack) int { return cmp.Compare(a.rev, b.rev) })
	for i := range d.h.Watches {
		if w := &d.h.Watches[i]; w.Purpose == "replay" && allKeys(w) && !w.NoPut && !w.NoDelete {
			changes += d.replay(w, acks)
		}
	}
	return changes
}

// replay judges one account, and counts the changes that it tells.
func (d *durable) replay(w *history.Watch, acks []ack) (changes int) {
	told := make([]bool, len(acks))
	at := 0
	for i := range w.Responses {
		for j := range w.Responses[i].Events {
			e := &w.Responses[i].Events[j]
			changes++
			if at > 0 && acks[at-1].rev >= e.KV.Mod { // it goes back
				at = sort.Search(len(acks), func(i int) bool { return acks[i].rev >= e.KV.Mod })
			}
			for at < len(acks) && acks[at].rev < e.KV.Mod {
				at++
			}
			for k := at; k < len(acks) && acks[k].rev == e.KV.Mod; k++ {
				told[k] = told[k] || tells(e, &acks[k])
			}
		}
	}
	first, last := delivered(w)
	first = max(first, w.Compacted)
	for k, a := range acks {
		if a.rev >= first && a.rev <= last && !told[k] {
			op := d.h.Ops[a.op]
			d.fail("not in the log", fmt.Sprintf("key %s: op %d was acknowledged (%s%s), but %s's history does not tell it", a.key, op.ID,
				written(a.finalWrite), atRevision(a.rev), w.Node), []history.Op{op}).show(d.replayed(a.key, a.rev, w))
		}
	}
	return changes
}

func tells(e *history.Event, a *ack) bool {
	return e.KV.Key == a.key && e.Delete == a.absent && (a.absent || e.KV.Value == a.value)
}
