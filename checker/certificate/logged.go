package certificate

import (
	"slices"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// logged takes what the members' write-ahead logs tell of free revisions. A log that is whole is carried out on an empty
// store, as the member did; it is believed only if it explains every acknowledged write that it covers.
func (c *certifier) logged(free func(int64) bool) {
	var believed [][]history.Entry
	for i := range c.h.Evidence {
		log := committed(c.h.Evidence[i].WAL)
		if len(log) == 0 || slices.ContainsFunc(believed, func(other []history.Entry) bool { return begins(other, log) }) {
			continue
		}
		made, ok := c.carryOut(log, free)
		if !ok {
			continue
		}
		believed = append(believed, log)
		for i := range made {
			f := c.fact(made[i].Revision)
			for _, ch := range made[i].Changes {
				f.add(ch)
			}
			f.complete = true
		}
	}
}

// committed are the entries of a log that were carried out, from the first one ever; none if the log is not whole.
func committed(wal *history.WAL) []history.Entry {
	if wal == nil || len(wal.Entries) == 0 || wal.Entries[0].Index > 1 {
		return nil
	}
	for i := range wal.Entries {
		if e := &wal.Entries[i]; e.Index > wal.Commit || e.Index != wal.Entries[0].Index+uint64(i) {
			return wal.Entries[:i]
		}
	}
	return wal.Entries
}

// begins reports whether a log begins with all of another, which then tells nothing new.
func begins(log, with []history.Entry) bool {
	if len(log) < len(with) {
		return false
	}
	for i := range with {
		if a, b := &log[i], &with[i]; a.Index != b.Index || a.Term != b.Term || a.Digest != b.Digest || b.Digest == 0 {
			return false
		}
	}
	return true
}

// carryOut returns the changes of every free revision that a log makes, or false if an acknowledged write was not
// answered as this log would have it.
func (c *certifier) carryOut(log []history.Entry, free func(int64) bool) (made []Foreign, ok bool) {
	store := model.NewStore()
	leases := map[int64]bool{}
	var logged, answered model.Evaluator
	at := 0
	for i := range log {
		if log[i].Request == nil {
			continue
		}
		changes := applied(&logged, store, log[i].Request, leases)
		if len(changes) == 0 {
			continue
		}
		rev := store.Revision + 1
		for at < len(c.items) && c.items[at].rev < rev {
			at++
		}
		if at < len(c.items) && c.items[at].rev == rev && !c.items[at].read {
			op := &c.h.Ops[c.items[at].op]
			want, same := answered.Eval(store, rev-1, &op.Request)
			if !explains(same, &fact{changes: changes, complete: true}) || model.Differs(&op.Request, &op.Result, &want, c.rules.Told) != "" {
				return nil, false
			}
		}
		store.Apply(rev, changes)
		if free(rev) {
			made = append(made, Foreign{rev, slices.Clone(changes)})
		}
	}
	return made, true
}

// applied are the changes that a log entry's request makes.
func applied(eval *model.Evaluator, store *model.Store, req *history.Request, leases map[int64]bool) []model.Change {
	switch req.Kind {
	case history.Grant:
		leases[req.Lease] = true
	case history.Revoke:
		delete(leases, req.Lease)
		return revoked(store, req.Lease)
	default:
		if granted(req, leases) {
			_, changes := eval.Eval(store, store.Revision, req)
			return changes
		}
	}
	return nil
}

// revoked are the deletions that the end of a lease makes.
func revoked(store *model.Store, lease int64) (changes []model.Change) {
	store.Scan("", "\x00", func(kv history.KV) bool {
		if kv.Lease == lease && lease != 0 {
			changes = append(changes, model.Change{KV: history.KV{Key: kv.Key, Mod: store.Revision + 1}, Deleted: true})
		}
		return true
	})
	return changes
}

// granted reports whether all leases that a request names are there: otherwise it was refused when it was applied.
func granted(req *history.Request, leases map[int64]bool) bool {
	ok := true
	eachNamed(req, func(sub *history.Request) { ok = ok && (sub.Lease == 0 || leases[sub.Lease]) })
	return ok
}
