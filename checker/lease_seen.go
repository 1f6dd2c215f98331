package checker

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

func sortTerms(seen []termSeen) {
	slices.SortFunc(seen, func(a, b termSeen) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.term, b.term)) })
}

// sight is the earliest proof that a key was gone at a revision: a watch's event, or a read that did not show it.
type sight struct {
	rev  int64
	at   time.Duration
	term uint64
	op   int // the read; -1: a watch
	by   string
	past int // how many changes of the key are known up to the revision
}

// sights are the proofs by key, in order of time.
type sights map[string][]sight

// goneBy collects who saw which key gone.
func (t *tenancy) goneBy() sights {
	gone := sights{}
	for i := range t.h.Watches {
		w := &t.h.Watches[i]
		for j := range w.Responses {
			r := &w.Responses[j]
			for k := range r.Events {
				if ev := &r.Events[k]; ev.Delete && t.mine(ev.KV.Key) {
					gone[ev.KV.Key] = append(gone[ev.KV.Key], sight{ev.KV.Mod, r.At, r.Header.Term, -1, watchName(w), -1})
				}
			}
		}
	}
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		if op.Result.Outcome != history.OK || op.Result.Header.Revision == 0 {
			continue
		}
		eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
			if res.More || r.Limit > 0 || r.CountOnly || r.Revision > 0 || r.End == "" && !t.mine(r.Key) {
				return
			}
			t.absent(gone, i, r, res)
		})
	}
	for _, all := range gone {
		sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	}
	return gone
}

func (t *tenancy) absent(gone sights, i int, r *history.Request, res *history.Result) {
	op := &t.h.Ops[i]
	shown := make(map[string]bool, len(res.KVs))
	for j := range res.KVs {
		shown[res.KVs[j].Key] = true
	}
	for _, key := range t.c.within(r.Key, r.End) {
		rev := op.Result.Header.Revision
		past := t.c.upTo(key, rev)
		if shown[key] || !t.mine(key) || past == 0 {
			continue
		}
		if n := len(gone[key]); n > 0 && gone[key][n-1].past == past && gone[key][n-1].at <= op.Return {
			continue // a key that is gone is gone for every later reader: the earliest tells all
		}
		gone[key] = append(gone[key], sight{rev, op.Return, op.Result.Header.Term, i, fmt.Sprintf("op %d", op.ID), past})
	}
}

// of is the earliest sight of a key gone, after one revision and up to another.
func (s sights) of(key string, after, upTo int64) (sight, bool) {
	for _, x := range s[key] {
		if x.rev > after && x.rev <= upTo {
			return x, true
		}
	}
	return sight{}, false
}

// mayBeDeleted reports whether somebody asked for the key's deletion by a time.
func (t *tenancy) mayBeDeleted(key string, at time.Duration) bool {
	if t.deletes == nil {
		t.deletes = []deletion{}
		for i := range t.h.Ops {
			if op := &t.h.Ops[i]; op.Result.Outcome != history.Fail {
				t.deletions(&op.Request, op.Call)
			}
		}
	}
	for _, d := range t.deletes {
		if d.at > at {
			break
		}
		if inRange(key, d.key, d.end) {
			return true
		}
	}
	return t.deletedKeys[key] != 0 && t.deletedKeys[key] <= at+1
}

// deletion is a request to delete a range, with the time of its call.
type deletion struct {
	key, end string
	at       time.Duration
}

// deletions files what a request may delete: single keys by their first time plus one, ranges one by one.
func (t *tenancy) deletions(r *history.Request, at time.Duration) {
	one := func(key string) {
		if _, known := t.deletedKeys[key]; !known {
			t.deletedKeys[key] = at + 1
		}
	}
	switch r.Kind {
	case history.Delete:
		if r.End == "" {
			one(r.Key)
		} else {
			t.deletes = append(t.deletes, deletion{r.Key, r.End, at})
		}
	case history.Unlock:
		one(r.Key)
	case history.Resign:
		if r.Leader != nil {
			one(r.Leader.Key)
		}
	case history.Lock, history.Campaign: // whoever gives up waiting deletes a key that only its lease names
		one(fmt.Sprintf("%s/%x", r.Key, uint64(r.Lease)))
	case history.Txn:
		for _, side := range [][]history.Request{r.Then, r.Else} {
			for i := range side {
				t.deletions(&side[i], at)
			}
		}
	}
}

// afterRevoke: once the end of a lease was acknowledged, no fresh read shows a key under it and no put under it succeeds.
func (t *tenancy) afterRevoke() {
	if len(t.ended) == 0 {
		return
	}
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		if op.Result.Outcome != history.OK {
			continue
		}
		if id := op.Request.Lease; op.Request.Kind == history.Put && id != 0 && t.mine(op.Request.Key) {
			if end, ok := t.over(id, op.Call); ok {
				t.fail("put-after-revoke", fmt.Sprintf("op %d put %s under lease %x, whose end was acknowledged at %s", op.ID, op.Request.Key, uint64(id), t.h.When(end.Return)), []history.Op{end, *op}).
					show(func() Table {
						return t.course(id, op.Request.Key, op.Return, "put", fmt.Sprintf("op %d at %s", op.ID, op.Node), "acknowledged")
					})
			}
		}
		eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
			if r.Serializable || r.Revision > 0 {
				return
			}
			for j := range res.KVs {
				kv := &res.KVs[j]
				if end, ok := t.over(kv.Lease, op.Call); ok && t.mine(kv.Key) {
					t.fail("alive-after-revoke", fmt.Sprintf("op %d was shown %s under lease %x, whose end was acknowledged at %s", op.ID, kv.Key, uint64(kv.Lease), t.h.When(end.Return)), []history.Op{end, *op}).
						show(func() Table {
							return t.course(kv.Lease, kv.Key, op.Return, "shown", fmt.Sprintf("op %d at %s", op.ID, op.Node), fmt.Sprintf("of revision %d", kv.Mod))
						})
				}
			}
		})
	}
}

// over is the operation that acknowledged a lease's end before a time.
func (t *tenancy) over(id int64, at time.Duration) (history.Op, bool) {
	i, ok := t.ended[id]
	if !ok || t.reused[id] || id == 0 || t.h.Ops[i].Return >= at {
		return history.Op{}, false
	}
	return t.h.Ops[i], true
}

// timesToLive: what a lease was granted with does not change.
func (t *tenancy) timesToLive() {
	granted := map[int64]int{}
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		if op.Result.Outcome != history.OK {
			continue
		}
		switch op.Request.Kind {
		case history.Grant:
			granted[op.Result.Lease] = i
		case history.TimeToLive:
			g, ok := granted[op.Request.Lease]
			if !ok || t.reused[op.Request.Lease] || op.Result.TTL < 0 || op.Result.Granted == 0 {
				continue
			}
			if grant := &t.h.Ops[g]; grant.Result.TTL > 0 && grant.Result.TTL != op.Result.Granted {
				t.fail("granted-changed", fmt.Sprintf("lease %x was granted with %d s, and op %d was told %d s", op.Request.Lease, grant.Result.TTL, op.ID, op.Result.Granted), []history.Op{*grant, *op})
			}
		}
	}
}

// lookups is the number of acknowledged reads of services.
func (t *tenancy) lookups() (n int) {
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		read := op.Request.Kind == history.Get || op.Request.Kind == history.Range
		if read && op.Result.Outcome == history.OK && t.mine(op.Request.Key) {
			n++
		}
	}
	return n
}

// left: an instance that was deleted, acknowledged, is in no later fresh lookup, unless it registered again.
func (t *tenancy) left() {
	type leave struct {
		op  int
		rev int64
	}
	left := map[string]leave{}
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		if op.Request.Kind == history.Delete && op.Request.End == "" && op.Result.Outcome == history.OK && t.mine(op.Request.Key) {
			left[op.Request.Key] = leave{i, op.Result.Header.Revision}
		}
	}
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		if op.Result.Outcome != history.OK {
			continue
		}
		eachAnswer(&op.Request, &op.Result, func(r *history.Request, res *history.Result) {
			for j := range res.KVs {
				kv := &res.KVs[j]
				gone, ok := left[kv.Key]
				if ok && !r.Serializable && r.Revision == 0 && t.h.Ops[gone.op].Return < op.Call && kv.Mod > 0 && kv.Mod < gone.rev {
					t.fail("listed-after-leaving", fmt.Sprintf("op %d was shown %s of revision %d, which left at revision %d", op.ID, kv.Key, kv.Mod, gone.rev),
						[]history.Op{t.h.Ops[gone.op], *op})
				}
			}
		})
	}
}
