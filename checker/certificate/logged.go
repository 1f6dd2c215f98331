package certificate

import (
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// logged takes what the members' write-ahead logs tell of free revisions. A log that is whole is carried out on an empty
// store, as the member did; it is believed only if it explains every acknowledged write that it covers.
func (c *certifier) logged(free func(int64) bool) {
	for i := range c.h.Evidence {
		wal := c.h.Evidence[i].WAL
		if wal == nil || len(wal.Entries) == 0 || wal.Entries[0].Index > 1 {
			continue
		}
		made, ok := c.carryOut(wal)
		if !ok {
			continue
		}
		for rev, changes := range made {
			if !free(rev) {
				continue
			}
			f := c.fact(rev)
			for _, ch := range changes {
				f.add(ch)
			}
			f.complete = true
		}
	}
}

// carryOut returns the changes of every revision that a log makes, or false if an acknowledged write was not answered as
// this log would have it.
func (c *certifier) carryOut(wal *history.WAL) (map[int64][]model.Change, bool) {
	acked := map[int64]int32{}
	for _, it := range c.items {
		if !it.read {
			acked[it.rev] = it.op
		}
	}
	store := model.NewStore()
	made := map[int64][]model.Change{}
	leases := map[int64]bool{}
	for i := range wal.Entries {
		e := &wal.Entries[i]
		if e.Index > wal.Commit || e.Index != wal.Entries[0].Index+uint64(i) {
			break
		}
		if e.Request == nil {
			continue
		}
		changes := applied(store, e.Request, leases)
		if len(changes) == 0 {
			continue
		}
		rev := store.Revision + 1
		if i, ok := acked[rev]; ok {
			op := &c.h.Ops[i]
			want, same := model.Eval(store, rev-1, &op.Request)
			if !explains(same, &fact{changes: changes, complete: true}) || model.Differs(&op.Request, &op.Result, &want, c.rules.Told) != "" {
				return nil, false
			}
		}
		store.Apply(rev, changes)
		made[rev] = changes
	}
	return made, true
}

// applied are the changes that a log entry's request makes.
func applied(store *model.Store, req *history.Request, leases map[int64]bool) []model.Change {
	switch req.Kind {
	case history.Grant:
		leases[req.Lease] = true
	case history.Revoke:
		delete(leases, req.Lease)
		return revoked(store, req.Lease)
	default:
		if granted(req, leases) {
			_, changes := model.Eval(store, store.Revision, req)
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
