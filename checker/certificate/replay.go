package certificate

import (
	"context"
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// replay goes through the revisions in order, carries out what made each, and compares every answer.
func (c *certifier) replay(ctx context.Context) {
	c.cert.Steps = make([]Step, 0, len(c.items))
	c.cert.Revision, c.cert.Reads = c.last, len(c.snapshots)
	missing := c.freeRevisions()
	at, past := 0, 0
	for at < len(c.items) || len(missing) > 0 {
		rev := c.last
		if at < len(c.items) {
			rev = c.items[at].rev
		}
		if len(missing) > 0 && missing[0] <= rev {
			rev = missing[0]
			missing = missing[1:]
			past = c.reads(past, rev-1)
			c.unclaimed(rev)
		}
		past = c.reads(past, rev-1)
		for ; at < len(c.items) && c.items[at].rev == rev; at++ {
			c.answered(c.items[at])
			if at&4095 == 0 && ctx.Err() != nil {
				return
			}
		}
	}
	c.reads(past, c.last)
	for _, i := range c.unknown {
		if !c.used[i] {
			c.cert.Never = append(c.cert.Never, i)
		}
	}
}

// freeRevisions lists the revisions that no answer claims and of which something is known, and counts the others.
func (c *certifier) freeRevisions() []int64 {
	var known []int64
	for rev := range c.facts {
		known = append(known, rev)
	}
	slices.Sort(known)
	before, next := int64(1), 0
	gap := func(to int64) { // revisions strictly between before and to
		n := to - before - 1
		for next < len(known) && known[next] < to {
			if known[next] > before {
				n--
			}
			next++
		}
		if n > 0 {
			if c.unresolved == 0 {
				c.firstGap = before + 1
			}
			c.unresolved += n
		}
		before = to
	}
	for _, it := range c.items {
		if !it.read && it.rev > before {
			gap(it.rev)
		}
	}
	gap(c.last + 1)
	return known
}

// answered carries out an acknowledged operation and compares its answer.
func (c *certifier) answered(it item) {
	op := &c.h.Ops[it.op]
	c.cert.Steps = append(c.cert.Steps, Step{it.op, it.rev})
	if !it.read && c.store.Revision >= it.rev {
		other := c.maker(it.rev)
		c.find(Finding{Kind: Reused, Op: it.op, With: other, Rev: it.rev, Why: fmt.Sprintf("has revision %d, which another write has", it.rev)})
		return
	}
	rev := it.rev
	if !it.read {
		rev--
	}
	c.store.Revision = rev
	want, changes := c.eval.Eval(c.store, rev, &op.Request)
	if d := model.Differs(&op.Request, &op.Result, &want, c.rules.Told); d != "" {
		c.differs(it, &want, d)
	} else if len(changes) == 0 && !it.read || len(changes) > 0 && it.read {
		c.differs(it, &want, fmt.Sprintf("it should have made %d changes", len(changes)))
	}
	if !it.read {
		c.store.Apply(it.rev, changes)
	}
}

// maker is the step that made the revision.
func (c *certifier) maker(rev int64) []int32 {
	for i := len(c.cert.Steps) - 1; i >= 0; i-- {
		s := c.cert.Steps[i]
		if s.Revision < rev {
			break
		}
		if s.Op >= 0 && s.Revision == rev && i < len(c.cert.Steps)-1 && Wrote(&c.h.Ops[s.Op].Request, &c.h.Ops[s.Op].Result) {
			return []int32{s.Op}
		}
	}
	return nil
}

// differs files an answer that is not what the store held.
func (c *certifier) differs(it item, want *history.Result, why string) {
	if c.unresolved > 0 && c.firstGap <= it.rev {
		c.doubt = "an answer differs, but revisions before it are unknown: " + why
		return
	}
	op := &c.h.Ops[it.op]
	c.find(Finding{Kind: Answer, Op: it.op, Rev: it.rev, Keys: differing(&op.Request, &op.Result, want),
		Why: fmt.Sprintf("was answered at revision %d, but then %s", it.rev, why)})
}

// differing lists the keys at which two answers to a request differ.
func differing(req *history.Request, got, want *history.Result) []string {
	var keys []string
	add := func(key string) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, pair := range [][2][]history.KV{{got.KVs, want.KVs}, {got.Prev, want.Prev}} {
		a, b := map[string]history.KV{}, map[string]history.KV{}
		for _, kv := range pair[0] {
			a[kv.Key] = kv
		}
		for _, kv := range pair[1] {
			b[kv.Key] = kv
			if old, ok := a[kv.Key]; !ok || old.Value != kv.Value || old.Mod != 0 && old.Mod != kv.Mod {
				add(kv.Key)
			}
		}
		for _, kv := range pair[0] {
			if _, ok := b[kv.Key]; !ok {
				add(kv.Key)
			}
		}
	}
	if req.Kind == history.Txn {
		for i := range req.If {
			if got.Succeeded != want.Succeeded {
				add(req.If[i].Key)
			}
		}
		side := model.Side(req, got.Succeeded)
		for i := range side {
			if got.Succeeded == want.Succeeded && i < len(got.Responses) && i < len(want.Responses) {
				for _, key := range differing(&side[i], &got.Responses[i], &want.Responses[i]) {
					add(key)
				}
			}
		}
	} else if len(keys) == 0 && req.End == "" {
		add(req.Key)
	}
	return keys
}

// reads compares the reads of revisions up to rev, which is the store's now, from snapshot i on.
func (c *certifier) reads(i int, rev int64) int {
	for ; i < len(c.snapshots) && c.snapshots[i].rev <= rev; i++ {
		s := &c.snapshots[i]
		if s.rev > c.last || s.rev > c.h.Ops[s.op].Result.Header.Revision {
			continue
		}
		var want history.Result
		model.Read(c.store, s.req, &want)
		if d := model.ReadDiffers(s.req, s.res, &want); d != "" {
			if c.unresolved > 0 && c.firstGap <= s.rev {
				c.doubt = "an answer differs, but revisions before it are unknown: " + d
				continue
			}
			c.find(Finding{Kind: Answer, Op: s.op, Rev: s.rev, Keys: differing(s.req, s.res, &want), past: s,
				Why: fmt.Sprintf("read revision %d, but then %s", s.rev, d)})
		}
	}
	return i
}
