package checker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

const servicePrefix = "svc/"

// checkLease judges leases by what etcd promises. A key under a lease is there for as long as the lease was promised:
// from the call of a grant or keep-alive that was answered, for the time to live in the answer. No key is under a lease,
// and none can be put under it, once its end was acknowledged.
//
// A promise counts only if nothing casts doubt on who gave it, because a leader that was held up may still answer as it
// wakes: no higher term was seen before the key's end was, and no fault that stops time overlapped. Doubtful ones are
// counted. A key that outlives its lease is no violation: a new leader begins all leases anew, and expiry takes its time.
func checkLease(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	t := newTenancy(f, lim, func(key string) bool { return !strings.HasPrefix(key, servicePrefix) })
	if t.count == 0 {
		return f.done(0, "", "no lease was granted or kept alive")
	}
	t.judge()
	return f.done(t.count, fmt.Sprintf("%d grants and keep-alives, %d ends of keys: none before its lease's, and none under a lease that had ended", t.count, t.ends), "")
}

// checkDiscovery judges services that register under a lease (svc/…): an instance is listed from its registration until
// it leaves or its lease may have ended, as checkLease says, and not once its leave was acknowledged.
func checkDiscovery(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	t := newTenancy(f, lim, func(key string) bool { return strings.HasPrefix(key, servicePrefix) })
	lookups := t.lookups()
	if lookups == 0 && len(t.keys) == 0 {
		return f.done(0, "", fmt.Sprintf("no key that begins with %q", servicePrefix))
	}
	t.judge()
	t.left()
	return f.done(lookups+t.count, fmt.Sprintf("%d lookups, %d ends of instances: all were listed while their leases were kept alive, none after it had left", lookups, t.ends), "")
}

// promise is an answered grant or keep-alive: the lease lasts from its call for its time to live.
type promise struct {
	op    int
	until time.Duration
}

// tenancy follows leases and the keys under them.
type tenancy struct {
	*findings
	mine        func(key string) bool
	c           *chronicle
	keys        []string
	promises    map[int64][]promise
	attempts    map[int64]time.Duration // the last moment at which a keep-alive may have been carried out
	ended       map[int64]int           // the operation that acknowledged the lease's end
	ending      map[int64]bool          // somebody may have ended it
	reused      map[int64]bool          // granted twice
	endedAt     map[int64]ending        // at which revision the first of its keys ended that nobody deleted
	terms       []termSeen
	deletes     []deletion               // of ranges, in order of time
	deletedKeys map[string]time.Duration // first asked for, plus one
	count       int                      // grants and keep-alives
	ends        int                      // ends of keys that were judged
	doubtful    int
	latest      time.Duration // the longest time that a key outlived its lease
	lateKey     string
}

// ending is the end of a key that was put at a revision.
type ending struct {
	key      string
	rev, put int64
}

// termSeen is the first time at which somebody saw a term at least this high.
type termSeen struct {
	at   time.Duration
	term uint64
}

func newTenancy(f *findings, lim Limits, mine func(string) bool) *tenancy {
	t := &tenancy{findings: f, mine: mine, promises: map[int64][]promise{}, attempts: map[int64]time.Duration{},
		ended: map[int64]int{}, ending: map[int64]bool{}, reused: map[int64]bool{}, deletedKeys: map[string]time.Duration{}, endedAt: map[int64]ending{}}
	granted := map[int64]bool{}
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		id := op.Request.Lease
		switch op.Request.Kind {
		case history.Grant:
			id = op.Result.Lease
			if op.Result.Outcome == history.OK {
				t.reused[id] = granted[id]
				granted[id] = true
				t.promise(i, id)
			}
		case history.KeepAlive:
			if op.Result.Outcome != history.Fail {
				t.attempts[id] = max(t.attempts[id], op.Return)
			}
			if op.Result.Outcome == history.OK {
				t.promise(i, id)
			}
		case history.Revoke:
			if op.Result.Outcome != history.Fail {
				t.ending[id] = true
			}
			if _, known := t.ended[id]; op.Result.Outcome == history.OK && !known {
				t.ended[id] = i
			}
		}
	}
	if t.count > 0 {
		t.c = lim.chronicle(f.h, mine)
		for _, key := range t.c.keys {
			if mine(key) {
				t.keys = append(t.keys, key)
			}
		}
		t.terms = termsSeen(f.h)
	}
	return t
}

func (t *tenancy) promise(i int, id int64) {
	t.count++
	op := &t.h.Ops[i]
	if op.Result.TTL > 0 {
		t.promises[id] = append(t.promises[id], promise{i, op.Call + time.Duration(op.Result.TTL)*time.Second})
		t.attempts[id] = max(t.attempts[id], op.Return)
	}
}

// judge looks at every end of every key, and at every sight of one.
func (t *tenancy) judge() {
	gone := t.goneBy()
	for _, key := range t.keys {
		changes := t.c.changes[key]
		for n, x := range changes {
			if x.kv == nil || !x.full || x.kv.Lease == 0 || t.reused[x.kv.Lease] {
				continue
			}
			next := int64(1<<63 - 1)
			if n+1 < len(changes) {
				next = changes[n+1].rev
				if changes[n+1].kv != nil {
					continue // replaced, not ended
				}
			}
			if next < 1<<63-1 {
				t.together(key, x, next)
			}
			if end, ok := gone.of(key, x.rev, next); ok {
				t.end(key, x, end)
			}
		}
	}
	t.afterRevoke()
	t.timesToLive()
	if t.doubtful > 0 {
		t.note("%d keys vanished before a promise that was given while it was in doubt who led: not counted", t.doubtful)
	}
	if t.lateKey != "" {
		t.note("the key that outlived its lease the longest, as far as was seen: %s, by %s", t.lateKey, certificate.Ago(t.latest))
	}
}

// together: all keys of a lease end at one revision, whether it was revoked or ran out.
func (t *tenancy) together(key string, x change, deleted int64) {
	id := x.kv.Lease
	if t.mayBeDeleted(key, forever-1) {
		return
	}
	before, known := t.endedAt[id]
	switch {
	case !known:
		t.endedAt[id] = ending{key, deleted, x.rev}
	case before.rev != deleted && x.rev < before.rev && before.put < deleted:
		t.fail("ended-in-parts", fmt.Sprintf("keys of lease %x ended at two revisions: %s at %d and %s at %d", uint64(id), before.key, before.rev, key, deleted), t.c.op(x)).
			show(func() Table { return t.endsOf(id) })
	}
}

// end judges one end of a key under a lease that nobody asked for.
func (t *tenancy) end(key string, x change, seen sight) {
	id := x.kv.Lease
	if t.ending[id] || t.mayBeDeleted(key, seen.at) {
		return
	}
	t.ends++
	for _, p := range t.promises[id] {
		op := &t.h.Ops[p.op]
		if op.Return > seen.at || seen.at >= p.until-margin(p.until-op.Call) {
			continue
		}
		if t.inDoubt(op, seen) {
			t.doubtful++
			return
		}
		ops := append([]history.Op{*op}, t.c.op(x)...)
		if seen.op >= 0 {
			ops = append(ops, t.h.Ops[seen.op])
		}
		t.fail("vanished", fmt.Sprintf("%s was gone by %s (%s), though op %d had been promised at %s that lease %x lasts until %s at least",
			key, t.h.When(seen.at), seen.by, op.ID, t.h.When(op.Return), uint64(id), t.h.When(p.until)), ops).
			show(func() Table { return t.course(id, key, seen.at, seen.words()...) }).during(t.h, op.Call, seen.at)
		return
	}
	if last, ok := t.attempts[id]; ok && len(t.promises[id]) > 0 {
		p := t.promises[id][len(t.promises[id])-1]
		ttl := p.until - t.h.Ops[p.op].Call
		if late := seen.at - last - ttl; late > t.latest {
			t.latest, t.lateKey = late, key
		}
	}
}

// margin is what two clocks of one machine may differ by over a time.
func margin(d time.Duration) time.Duration { return d/100 + 10*time.Millisecond }

// stopsTime are the faults after which a member may answer for a time that is over.
var stopsTime = []string{"pause", "freeze", "stall", "slow", "delay", "starve", "cpu", "clock", "hold", "disk"}

// settling is how long before a new term is seen somebody may have begun to lead in it.
const settling = 2 * time.Second

// inDoubt reports whether the promise may have been given by a leader that was none any more. The term in an answer is
// that of the member which passed it on, so a change of term close to it is reason enough.
func (t *tenancy) inDoubt(op *history.Op, seen sight) bool {
	for i, s := range t.terms {
		if s.at > seen.at {
			break
		}
		if s.term > op.Result.Header.Term || i > 0 && s.at >= op.Call-settling-2*t.h.Meta.ElectionTimeout {
			return true
		}
	}
	if seen.term > op.Result.Header.Term {
		return true
	}
	for _, fault := range t.h.Faults {
		if fault.Start > seen.at || faultEnd(fault) < op.Call {
			continue
		}
		for _, name := range stopsTime {
			if strings.Contains(fault.Name, name) {
				return true
			}
		}
		if op.Result.Header.Term == 0 {
			return true
		}
	}
	return false
}

// termsSeen are the moments at which a higher term than ever was seen.
func termsSeen(h *history.History) (seen []termSeen) {
	first := map[uint64]time.Duration{}
	saw := func(term uint64, at time.Duration) {
		if before, known := first[term]; !known || at < before {
			first[term] = at
		}
	}
	for i := range h.Ops {
		if term := h.Ops[i].Result.Header.Term; term > 0 {
			saw(term, h.Ops[i].Return)
		}
	}
	for i := range h.Statuses {
		saw(h.Statuses[i].Term, h.Statuses[i].At)
	}
	for i := range h.Evidence {
		for _, lead := range h.Evidence[i].Leads {
			saw(lead.Term, lead.At)
		}
	}
	var all []termSeen
	for term, at := range first {
		all = append(all, termSeen{at, term})
	}
	sortTerms(all)
	for _, s := range all {
		if len(seen) == 0 || s.term > seen[len(seen)-1].term {
			seen = append(seen, s)
		}
	}
	return seen
}
