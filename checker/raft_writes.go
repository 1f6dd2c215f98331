package checker

import (
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// pair is a key with a value.
type pair struct{ key, value string }

// eachPut calls do for every put that the request may carry out, on either side of a transaction.
func eachPut(r *history.Request, do func(pair)) {
	switch r.Kind {
	case history.Put, history.CAS, history.Append:
		do(pair{r.Key, r.Value})
	case history.Txn:
		for i := range r.Then {
			eachPut(&r.Then[i], do)
		}
		for i := range r.Else {
			eachPut(&r.Else[i], do)
		}
	}
}

// eachDone calls do for every put that an acknowledged request carried out.
func eachDone(r *history.Request, res *history.Result, do func(pair)) {
	switch r.Kind {
	case history.Put, history.Append:
		do(pair{r.Key, r.Value})
	case history.CAS:
		if res.Succeeded {
			do(pair{r.Key, r.Value})
		}
	case history.Txn:
		side := r.Else
		if res.Succeeded {
			side = r.Then
		}
		for i := range side {
			var answer history.Result
			if i < len(res.Responses) {
				answer = res.Responses[i]
			}
			eachDone(&side[i], &answer, do)
		}
	}
}

// uniquePuts maps every put that exactly one operation asks for to that operation's place in the history.
func uniquePuts(h *history.History) map[pair]int {
	unique := map[pair]int{}
	for i := range h.Ops {
		eachPut(&h.Ops[i].Request, func(p pair) {
			if at, ok := unique[p]; ok && at != i {
				unique[p] = -1
				return
			}
			unique[p] = i
		})
	}
	for p, i := range unique {
		if i < 0 || p.value == "" {
			delete(unique, p)
		}
	}
	return unique
}

// acknowledged compares the log that was agreed on with what clients were told: every acknowledged write is in it, once,
// and nothing that a client was told had failed took effect. Only values that one operation alone wrote can be told
// apart. A log that begins behind a snapshot is judged from the first write that it still shows.
func (f *findings) acknowledged(logs []raftLog, chosen []history.Entry) {
	unique := uniquePuts(f.h)
	found := map[int]history.Entry{}
	for _, e := range chosen {
		for _, i := range writersOf(e, unique) {
			if before, ok := found[i]; ok {
				f.fail("twice-in-log", fmt.Sprintf("op %d was asked for once and is in the log as entry %d and as entry %d", f.h.Ops[i].ID, before.Index, e.Index), f.h.Ops[i:i+1]).
					show(entriesAt(logs, before.Index), entriesAt(logs, e.Index))
				continue
			}
			found[i] = e
		}
	}
	if len(found) == 0 {
		if len(chosen) > 0 && len(unique) > 0 {
			f.note("no entry of the log could be told to be a client's write")
		}
		return
	}
	f.missing(logs, chosen, unique, found)
	f.failedButApplied(logs, found)
}

// writersOf are the operations whose own values the entry writes.
func writersOf(e history.Entry, unique map[pair]int) (ops []int) {
	if e.Request == nil {
		return nil
	}
	eachPut(e.Request, func(p pair) {
		if i, ok := unique[p]; ok && !slices.Contains(ops, i) {
			ops = append(ops, i)
		}
	})
	return ops
}

// missing looks for acknowledged writes that are in no log. A member that was killed may not have saved that it had
// committed its last entries, so those count as present too.
func (f *findings) missing(logs []raftLog, chosen []history.Entry, unique map[pair]int, found map[int]history.Entry) {
	present := map[int]bool{}
	for _, l := range logs {
		for _, e := range l.entries {
			for _, i := range writersOf(e, unique) {
				present[i] = true
			}
		}
	}
	from := f.judgedFrom(chosen, found)
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		if op.Result.Outcome != history.OK || op.Result.Header.Revision < from || present[i] {
			continue
		}
		lost := false
		eachDone(&op.Request, &op.Result, func(p pair) {
			if at, ok := unique[p]; ok && at == i {
				lost = true
			}
		})
		if lost {
			f.fail("acknowledged-not-in-log", fmt.Sprintf("op %d was acknowledged at revision %d and is in no member's log", op.ID, op.Result.Header.Revision), f.h.Ops[i:i+1]).
				show(heldBy(logs, i, unique))
		}
	}
}

// judgedFrom is the revision from which every write has to be in the log: that of the first write after the last hole
// in what the members together still have; 0 if they have everything.
func (f *findings) judgedFrom(chosen []history.Entry, found map[int]history.Entry) int64 {
	first := chosen[0].Index
	for i := 1; i < len(chosen); i++ {
		if chosen[i].Index != chosen[i-1].Index+1 {
			first = chosen[i].Index
		}
	}
	if first <= 1 {
		return 0
	}
	from := int64(1<<63 - 1)
	for i, e := range found {
		if op := &f.h.Ops[i]; e.Index >= first && op.Result.Outcome == history.OK && op.Result.Header.Revision > 0 {
			from = min(from, op.Result.Header.Revision)
		}
	}
	f.note("the logs begin behind a snapshot, at entry %d: writes before revision %d are not looked for", first, from)
	return from
}

// failedButApplied: a request may be in the log and still be refused when it is applied (a lease that is gone, no space
// left), so that the log alone is no proof. The value being seen afterwards is.
func (f *findings) failedButApplied(logs []raftLog, found map[int]history.Entry) {
	suspects := map[pair]int{}
	for i := range found {
		if op := &f.h.Ops[i]; op.Result.Outcome == history.Fail {
			eachPut(&op.Request, func(p pair) { suspects[p] = i })
		}
	}
	if len(suspects) == 0 {
		return
	}
	seen := map[int]string{}
	eachSighting(f.h, func(kv *history.KV, by string) {
		if i, ok := suspects[pair{kv.Key, kv.Value}]; ok && seen[i] == "" {
			seen[i] = by
		}
	})
	for i := range f.h.Ops {
		e, ok := found[i]
		op := &f.h.Ops[i]
		if !ok || op.Result.Outcome != history.Fail {
			continue
		}
		if by := seen[i]; by != "" {
			f.fail("failed-but-applied", fmt.Sprintf("op %d was told that it failed (%s), yet it is entry %d of the log and %s saw its value", op.ID, op.Result.Error, e.Index, by), f.h.Ops[i:i+1]).
				show(entriesAt(logs, e.Index))
			continue
		}
		f.note("op %d failed (%s) and is entry %d of the log; the store may have refused it when it applied it", op.ID, op.Result.Error, e.Index)
	}
}

// eachSighting calls do for every pair that a client was shown, with who saw it.
func eachSighting(h *history.History, do func(kv *history.KV, by string)) {
	for i := range h.Ops {
		eachRead(&h.Ops[i].Result, func(kv *history.KV) { do(kv, fmt.Sprintf("op %d", h.Ops[i].ID)) })
	}
	for i := range h.Watches {
		w := &h.Watches[i]
		for j := range w.Responses {
			for k := range w.Responses[j].Events {
				if ev := &w.Responses[j].Events[k]; !ev.Delete {
					do(&ev.KV, watchName(w))
				}
			}
		}
	}
}

// eachRead calls do for every pair in a result.
func eachRead(res *history.Result, do func(*history.KV)) {
	for i := range res.KVs {
		do(&res.KVs[i])
	}
	for i := range res.Prev {
		do(&res.Prev[i])
	}
	for i := range res.Responses {
		eachRead(&res.Responses[i], do)
	}
}

func watchName(w *history.Watch) string { return fmt.Sprintf("watch %d on %s", w.ID, w.Node) }
