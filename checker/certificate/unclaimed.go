package certificate

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/model"
)

// unclaimed finds who made a revision that no answer claims: an operation of unknown outcome, or the store itself.
func (c *certifier) unclaimed(rev int64) {
	f := c.facts[rev]
	c.store.Revision = rev - 1
	if f.differ {
		c.doubtful(rev, f, "those who saw it do not agree")
		return
	}
	if done, changes := c.byClient(rev, f); done {
		c.store.Apply(rev, changes)
		return
	}
	if c.foreign(f) {
		c.cert.Foreign = append(c.cert.Foreign, Foreign{rev, f.changes})
		c.cert.Steps = append(c.cert.Steps, Step{int32(-len(c.cert.Foreign)), rev})
		c.store.Apply(rev, f.changes)
		return
	}
	c.nobody(rev, f)
	c.store.Apply(rev, f.changes)
}

// byClient places the operation of unknown outcome whose effect is what was seen, the earliest that fits.
func (c *certifier) byClient(rev int64, f *fact) (bool, []model.Change) {
	for _, i := range c.suspects(f) {
		if c.used[i] {
			continue
		}
		_, changes := model.Eval(c.store, rev-1, &c.h.Ops[i].Request)
		if !explains(changes, f) {
			continue
		}
		c.used[i] = true
		c.attributed++
		c.cert.Steps = append(c.cert.Steps, Step{i, rev})
		return true, changes
	}
	return false, nil
}

// suspects are the operations of unknown outcome that ask for one of the changes.
func (c *certifier) suspects(f *fact) []int32 {
	for i := range f.changes {
		if ch := &f.changes[i]; !ch.Deleted {
			return c.puts[cell{ch.KV.Key, ch.KV.Value}]
		}
	}
	return c.deletes
}

// explains reports whether the changes are those that were seen.
func explains(changes []model.Change, f *fact) bool {
	if len(changes) < len(f.changes) || f.complete && len(changes) != len(f.changes) {
		return false
	}
next:
	for i := range f.changes {
		want := &f.changes[i]
		for j := range changes {
			got := &changes[j]
			if got.KV.Key != want.KV.Key {
				continue
			}
			if got.Deleted == want.Deleted && (got.Deleted || got.KV == want.KV || want.KV.Version == 0 && got.KV.Value == want.KV.Value) {
				continue next
			}
			return false
		}
		return false
	}
	return len(changes) > 0
}

// foreign reports whether the store may have made the revision by itself.
func (c *certifier) foreign(f *fact) bool {
	return Own(c.store, f.changes, c.rules.Exempt, c.outside)
}

// Own reports whether a store makes such changes by itself: the end of one lease, or keys that are not the clients'.
func Own(v model.View, changes []model.Change, exempt, outside func(string) bool) bool {
	var lease int64
	for i := range changes {
		ch := &changes[i]
		if exempt(ch.KV.Key) || outside(ch.KV.Key) {
			continue
		}
		kv, ok := v.Get(ch.KV.Key)
		if !ch.Deleted || !ok || kv.Lease == 0 || lease != 0 && kv.Lease != lease {
			return false
		}
		lease = kv.Lease
	}
	return len(changes) > 0
}

// nobody files a revision that nobody can have made. Where its maker is known but for what it did, that is said.
func (c *certifier) nobody(rev int64, f *fact) {
	if c.unresolved > 0 && c.firstGap <= rev || !f.complete {
		c.doubtful(rev, f, "no operation explains what was seen of it")
		return
	}
	ch := &f.changes[0]
	what := fmt.Sprintf("revision %d put %q at %s", rev, ch.KV.Value, ch.KV.Key)
	if ch.Deleted {
		what = fmt.Sprintf("revision %d deleted %s", rev, ch.KV.Key)
	}
	for _, i := range c.suspects(f) {
		if _, changes := model.Eval(c.store, rev-1, &c.h.Ops[i].Request); !ch.Deleted || len(changes) > 0 {
			c.find(Finding{Kind: Effect, Op: i, Rev: rev, Keys: []string{ch.KV.Key},
				Why: fmt.Sprintf("cannot have had the effect that was seen: %s (%s)", what, c.instead(i, changes))})
			return
		}
	}
	c.find(Finding{Kind: Nobody, Op: -1, Rev: rev, Keys: []string{ch.KV.Key}, Why: what + ", and no operation asked for that"})
}

func (c *certifier) instead(i int32, changes []model.Change) string {
	switch {
	case c.used[i]:
		return "it had already happened"
	case len(changes) == 0:
		return "it would have changed nothing"
	}
	if changes[0].Deleted {
		return fmt.Sprintf("it would have made %d changes, deleting %s", len(changes), changes[0].KV.Key)
	}
	return fmt.Sprintf("it would have made %d changes, %+v", len(changes), changes[0].KV)
}

// doubtful leaves the question open.
func (c *certifier) doubtful(rev int64, f *fact, why string) {
	if c.doubt == "" {
		c.doubt = fmt.Sprintf("revision %d: %s", rev, why)
	}
	c.store.Apply(rev, f.changes)
	if c.unresolved == 0 {
		c.firstGap = rev
	}
	c.unresolved++
}
