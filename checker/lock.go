package checker

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// checkLock judges mutual exclusion as etcd promises it: by revisions. Every contender has a key under the lock's name,
// the lock belongs to the key that was created first, and a grant says at which revision it was so. At that revision the
// holder's key exists and no older contender's does.
//
// A store without revisions shows no more than when its clients were told: there, a lock that two clients hold at one time
// was granted twice.
//
// What etcd does not promise is that a client which was held up still has the lock: its lease may have ended. Holders
// that overlap in time are counted, as what fencing is for, and are no violation.
func checkLock(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	var grants []int
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Request.Kind == history.Lock && op.Result.Outcome == history.OK {
			grants = append(grants, i)
		}
	}
	if len(grants) == 0 {
		return f.done(0, "", "no lock was taken")
	}
	x := newContests(h, lim, history.Lock)
	for _, i := range grants {
		f.grant(x, &h.Ops[i])
	}
	bare := f.overlaps(grants)
	pass := "each to the oldest contender, whose key existed"
	if bare {
		pass = "no two clients held a lock at one time"
	}
	return f.done(len(grants), fmt.Sprintf("%d grants: %s", len(grants), pass), "")
}

func (f *findings) grant(x *contests, op *history.Op) {
	rev := op.Result.Header.Revision
	all := x.of(op.Request.Key + "/")
	mine, ok := lifeAt(all, op.Result.Key, rev)
	if rev == 0 || len(all) == 0 {
		return
	}
	if !ok {
		for _, l := range all {
			if l.key == op.Result.Key && l.deleted > 0 && l.deleted <= rev {
				mine = l
			}
		}
		if mine.deleted > 0 && x.c.watched(mine.deleted, rev) {
			f.fail("granted-without-key", fmt.Sprintf("op %d: %s was granted at revision %d to a key that was gone: %s", op.ID, op.Request.Key, rev, mine), []history.Op{*op}).
				show(func() Table { return contenders(f.h, op.Request.Key, all, rev, mine.key) })
		}
		return
	}
	if other, found := x.c.elder(all, mine, rev); found {
		ops := append(f.grantsOf(other.key), *op)
		f.fail("two-holders", fmt.Sprintf("op %d: %s was granted at revision %d to %s, while an older contender was there: %s", op.ID, op.Request.Key, rev, mine, other), ops).
			show(func() Table { return contenders(f.h, op.Request.Key, all, rev, mine.key, other.key) })
	}
}

// grantsOf are the acknowledged grants to a key.
func (f *findings) grantsOf(key string) (ops []history.Op) {
	for i := range f.h.Ops {
		if op := &f.h.Ops[i]; op.Request.Kind == history.Lock && op.Result.Outcome == history.OK && op.Result.Key == key {
			ops = append(ops, *op)
		}
	}
	return ops
}

// tenure is the time in which a client believes that it holds a lock: from the grant's return to its next request to let
// go, or to do without.
type tenure struct {
	grant    int
	from, to time.Duration
}

// overlaps counts the pairs of clients that believed at one time to hold one lock, and says whether all locks were bare:
// of these there must be none.
func (f *findings) overlaps(grants []int) (allBare bool) {
	allBare = true
	ends := f.lettingGo()
	byLock := map[string][]tenure{}
	for _, i := range grants {
		op := &f.h.Ops[i]
		to := op.Return
		if op.Request.Lease == 0 {
			to = forever // until it lets go
		}
		if end, ok := ends[i]; ok {
			to = end
		}
		byLock[op.Request.Key] = append(byLock[op.Request.Key], tenure{i, op.Return, to})
	}
	for _, name := range sortedKeys(byLock) {
		held := byLock[name]
		sort.Slice(held, func(i, j int) bool { return held[i].from < held[j].from })
		if f.bare(held) {
			f.apart(name, held)
			continue
		}
		allBare = false
		n, longest, example := 0, time.Duration(0), ""
		for i := 1; i < len(held); i++ {
			for j := i - 1; j >= 0 && j >= i-8; j-- {
				a, b := held[j], held[i]
				if both := min(a.to, b.to) - b.from; both > 0 {
					n++
					if both > longest {
						longest = both
						example = fmt.Sprintf("op %d and op %d", f.h.Ops[a.grant].ID, f.h.Ops[b.grant].ID)
					}
				}
			}
		}
		if n > 0 {
			f.note("%s: %s two clients believed to hold it at once, for %s at most (%s): what fencing is for", name, count(n, "time"), certificate.Ago(longest), example)
		}
	}
	return allBare
}

// bare reports whether no grant tells a revision or hangs on a lease: then holding is all that such a lock promises.
func (f *findings) bare(held []tenure) bool {
	return !slices.ContainsFunc(held, func(t tenure) bool {
		op := &f.h.Ops[t.grant]
		return op.Result.Header.Revision != 0 || op.Request.Lease != 0
	})
}

// apart: no two clients hold a lock at one time. A tenure lasts from when its holder was told to when it began to let go,
// so that the lock is certainly held in it.
func (f *findings) apart(name string, held []tenure) {
	last := 0
	for i := 1; i < len(held); i++ {
		if a, b := held[last], held[i]; a.to > b.from {
			first, second := f.h.Ops[a.grant], f.h.Ops[b.grant]
			f.fail("two-holders", fmt.Sprintf("%s was granted to p%d by %s (op %d), which had not begun to let go when it was granted to p%d at %s (op %d)",
				name, first.Process, f.h.When(a.from), first.ID, second.Process, f.h.When(b.from), second.ID), []history.Op{first, second})
		}
		if held[i].to > held[last].to {
			last = i
		}
	}
}

// lettingGo maps a grant to the time when its holder began to let go: the call of its unlock, or of the end of its lease.
func (f *findings) lettingGo() map[int]time.Duration {
	ends := map[int]time.Duration{}
	byKey, byLease := map[string]int{}, map[int64]int{}
	end := func(i int, ok bool, at time.Duration) {
		if _, done := ends[i]; ok && !done {
			ends[i] = at
		}
	}
	for i := range f.h.Ops {
		switch op := &f.h.Ops[i]; {
		case op.Request.Kind == history.Lock && op.Result.Outcome == history.OK:
			byKey[op.Result.Key], byLease[op.Request.Lease] = i, i
		case op.Request.Kind == history.Unlock:
			grant, ok := byKey[op.Request.Key]
			kept := op.Result.Outcome == history.Fail && ok && f.h.Ops[grant].Request.Lease == 0 // and so it holds it still
			end(grant, ok && !kept, op.Call)
		case op.Request.Kind == history.Revoke:
			grant, ok := byLease[op.Request.Lease]
			end(grant, ok, op.Call)
		}
	}
	return ends
}
