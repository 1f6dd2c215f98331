package checker

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// checkElection judges elections as etcd promises them: by revisions. Every candidate has a key under the election's
// name, and the one that was created first leads. A proclamation that was acknowledged at a revision proves that the
// leader's key existed then and that no older candidate's did; whoever asks who leads is told the oldest candidate.
func checkElection(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	e := &election{findings: f, lim: lim, wins: wins(h)}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Result.Outcome != history.OK {
			continue
		}
		switch op.Request.Kind {
		case history.Campaign:
			e.campaigned(op)
		case history.Proclaim:
			e.proclaimed(op)
		case history.Leader:
			e.observed(op)
		}
	}
	return f.done(e.count, fmt.Sprintf("%d campaigns won, proclamations and looks: one leader at each revision, the oldest candidate", e.count), "no election was held")
}

type election struct {
	*findings
	lim   Limits
	x     *contests
	wins  map[string][]win // by election, in the order of winning
	count int
}

// win is a campaign that was won: when its candidate was told, and the newest candidate that had won by then.
type win struct {
	at     time.Duration
	newest int64
	op     int // its campaign
}

func wins(h *history.History) map[string][]win {
	all := map[string][]win{}
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Request.Kind == history.Campaign && op.Result.Outcome == history.OK && op.Result.Leader != nil {
			name := contest(op.Result.Leader.Key)
			all[name] = append(all[name], win{op.Return, op.Result.Leader.Rev, i})
		}
	}
	for _, won := range all {
		sort.SliceStable(won, func(i, j int) bool { return won[i].at < won[j].at })
		for i := 1; i < len(won); i++ {
			if won[i-1].newest > won[i].newest {
				won[i].newest, won[i].op = won[i-1].newest, won[i-1].op
			}
		}
	}
	return all
}

func (e *election) of(name string) []life {
	e.count++
	if e.x == nil {
		e.x = newContests(e.h, e.lim, history.Campaign, history.Proclaim, history.Leader)
	}
	return e.x.of(name)
}

// campaigned: the answer names a key that was created at the revision it says. When it came the candidate led; what
// others did later with older keys is judged where they did it.
func (e *election) campaigned(op *history.Op) {
	key := op.Result.Leader
	if key == nil {
		e.count++
		return
	}
	for _, l := range e.of(op.Request.Key + "/") {
		if l.key == key.Key && l.created > key.Rev && l.deleted == 0 && key.Rev > 0 {
			e.fail("wrong-leader-key", fmt.Sprintf("op %d won with %s of revision %d, but the key is %s", op.ID, key.Key, key.Rev, l), []history.Op{*op})
		}
	}
}

// proclaimed: at the revision of an acknowledged proclamation its key leads, and no newer candidate was told before that
// it had won.
func (e *election) proclaimed(op *history.Op) {
	key, rev := op.Request.Leader, op.Result.Header.Revision
	if key == nil || rev == 0 {
		e.count++
		return
	}
	all := e.of(contest(key.Key))
	won := e.wins[contest(key.Key)]
	n := sort.Search(len(won), func(i int) bool { return won[i].at >= op.Call })
	if n > 0 && won[n-1].newest > key.Rev && key.Rev > 0 {
		other := e.h.Ops[won[n-1].op]
		e.fail("won-too-early", fmt.Sprintf("op %d was told that %s of revision %d leads, and later op %d proclaimed as %s of revision %d, which was there before",
			other.ID, other.Result.Leader.Key, other.Result.Leader.Rev, op.ID, key.Key, key.Rev), []history.Op{other, *op}).
			show(func() Table {
				return contenders(e.h, contest(key.Key), all, rev, key.Key, other.Result.Leader.Key)
			})
	}
	mine := life{key: key.Key, created: key.Rev}
	for _, l := range all {
		if l.key == key.Key && l.created == key.Rev && l.deleted > 0 && l.deleted < rev {
			e.fail("proclaimed-without-key", fmt.Sprintf("op %d proclaimed at revision %d by a key that was gone: %s", op.ID, rev, l), []history.Op{*op}).
				show(func() Table { return contenders(e.h, contest(key.Key), all, rev, key.Key) })
			return
		}
	}
	if other, ok := e.x.c.elder(all, mine, rev); ok && key.Rev > 0 {
		e.fail("two-leaders", fmt.Sprintf("op %d proclaimed %q at revision %d as %s, while an older candidate was there: %s", op.ID, op.Request.Value, rev, mine, other), append(e.winsOf(other.key), *op)).
			show(func() Table { return contenders(e.h, contest(key.Key), all, rev, key.Key, other.key) })
	}
}

// winsOf are the acknowledged campaigns of a key.
func (e *election) winsOf(key string) (ops []history.Op) {
	for i := range e.h.Ops {
		if op := &e.h.Ops[i]; op.Request.Kind == history.Campaign && op.Result.Outcome == history.OK && op.Result.Leader != nil && op.Result.Leader.Key == key {
			ops = append(ops, *op)
		}
	}
	return ops
}

// observed: the leader that is shown at a revision is the oldest candidate that existed then.
func (e *election) observed(op *history.Op) {
	rev := op.Result.Header.Revision
	all := e.of(op.Request.Key + "/")
	if rev == 0 {
		return
	}
	if len(op.Result.KVs) == 0 {
		for _, l := range all {
			if e.x.c.aliveAt(l, rev) {
				e.fail("leader-not-shown", fmt.Sprintf("op %d was told at revision %d that nobody leads %s, while there was %s", op.ID, rev, op.Request.Key, l), []history.Op{*op}).
					show(func() Table { return contenders(e.h, op.Request.Key, all, rev, l.key) })
				return
			}
		}
		return
	}
	kv := &op.Result.KVs[0]
	if !strings.HasPrefix(kv.Key, op.Request.Key) {
		e.fail("wrong-election", fmt.Sprintf("op %d asked who leads %s and was shown %s", op.ID, op.Request.Key, kv.Key), []history.Op{*op})
		return
	}
	shown := life{key: kv.Key, created: kv.Create}
	for _, l := range all {
		if l.key == kv.Key && l.created == kv.Create && l.deleted > 0 && l.deleted <= rev {
			e.fail("leader-gone", fmt.Sprintf("op %d was shown at revision %d a leader that was gone: %s", op.ID, rev, l), []history.Op{*op}).
				show(func() Table { return contenders(e.h, op.Request.Key, all, rev, l.key) })
			return
		}
	}
	if other, ok := e.x.c.elder(all, shown, rev); ok {
		e.fail("wrong-leader", fmt.Sprintf("op %d was shown %s as the leader at revision %d, while an older candidate was there: %s", op.ID, shown, rev, other), []history.Op{*op}).
			show(func() Table { return contenders(e.h, op.Request.Key, all, rev, shown.key, other.key) })
	}
}
