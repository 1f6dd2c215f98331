package certificate

import (
	"fmt"
	"sort"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// unclaimed finds who made a revision that no answer claims: the store itself, or an operation of unknown outcome.
func (c *certifier) unclaimed(rev int64) {
	f := c.facts[rev]
	c.store.Revision = rev - 1
	switch {
	case f.differ:
		c.doubtful(rev, f, "those who saw it do not agree")
	case Own(c.store, f.changes, c.rules.Exempt, c.outside):
		c.asSeen(rev, f)
	default:
		c.byClient(rev, f)
	}
}

// asSeen takes the changes that were seen, whoever made them.
func (c *certifier) asSeen(rev int64, f *fact) {
	c.cert.Foreign = append(c.cert.Foreign, Foreign{rev, f.changes})
	c.cert.Steps = append(c.cert.Steps, Step{int32(-len(c.cert.Foreign)), rev})
	c.store.Apply(rev, f.changes)
}

// claim is a revision that operations of unknown outcome may have made, and the step that one of them has taken.
type claim struct {
	step    int
	options []int32
}

// maxOptions bounds the operations that are considered for one revision.
const maxOptions = 64

// byClient places the operation of unknown outcome whose effect is what was seen. Several may fit, and each only once:
// if all that fit here have been placed, those are moved to where they fit as well. Where the revision was seen in part,
// and those that fit would have done different things, one way is chosen.
func (c *certifier) byClient(rev int64, f *fact) {
	groups, effects := c.alike(c.suspects(f), rev, f)
	picked := 0
	switch {
	case len(groups) > 1 && c.choices.none:
		c.doubtful(rev, f, "several operations may have made it")
		return
	case len(groups) > 1:
		picked = c.choices.pick(len(groups))
	case len(groups) == 0:
		groups, effects = [][]int32{nil}, [][]model.Change{nil}
	}
	c.claims = append(c.claims, claim{options: groups[picked]})
	n := len(c.claims) - 1
	if !c.match(n, map[int32]bool{}) {
		c.claims = c.claims[:n]
		c.nobody(rev, f)
		return
	}
	c.claims[n].step = len(c.cert.Steps)
	c.cert.Steps = append(c.cert.Steps, Step{c.taker(n), rev})
	c.attributed++
	c.store.Apply(rev, effects[picked])
}

// match finds an operation for claim n, moving others on (an augmenting path of Kuhn's bipartite matching).
func (c *certifier) match(n int, tried map[int32]bool) bool {
	for _, i := range c.claims[n].options {
		if tried[i] {
			continue
		}
		tried[i] = true
		holder, held := c.holder[i]
		if held && !c.match(holder, tried) {
			continue
		}
		c.holder[i], c.used[i] = n, true
		if n < len(c.claims)-1 { // the last one has no step yet
			c.cert.Steps[c.claims[n].step].Op = i
		}
		return true
	}
	return false
}

// taker is the operation that holds claim n.
func (c *certifier) taker(n int) int32 {
	for _, i := range c.claims[n].options {
		if holder, ok := c.holder[i]; ok && holder == n {
			return i
		}
	}
	return -1
}

// timely reports whether the operation had been called when the revision was first answered.
func (c *certifier) timely(i int32, rev int64) bool {
	at := sort.Search(len(c.items), func(j int) bool { return c.items[j].rev >= rev })
	return at == len(c.items) || c.h.Ops[i].Call <= c.answeredBy[at]
}

// suspects are the operations of unknown outcome that ask for one of the changes.
func (c *certifier) suspects(f *fact) []int32 {
	for i := range f.changes {
		if ch := &f.changes[i]; !ch.Deleted {
			puts := c.puts[cell{ch.KV.Key, ch.KV.Value}]
			return append(puts[:len(puts):len(puts)], c.appends[ch.KV.Key]...)
		}
	}
	one := c.deletes[f.changes[0].KV.Key]
	return append(one[:len(one):len(one)], c.sweeps...)
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
			if got.Deleted == want.Deleted && (got.Deleted || asShown(want.KV, got.KV)) {
				continue next
			}
			return false
		}
		return false
	}
	return len(changes) > 0
}

// asShown reports whether a pair is what was seen, as far as that told: a version without its creation, or neither.
func asShown(seen, kv history.KV) bool {
	if seen.Create == 0 {
		kv.Create = 0
	}
	return kv == seen || seen.Version == 0 && kv.Value == seen.Value
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
	if c.unresolved > 0 && c.firstGap <= rev || !f.complete || c.capped {
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
			c.asSeen(rev, f)
			return
		}
	}
	c.find(Finding{Kind: Nobody, Op: -1, Rev: rev, Keys: []string{ch.KV.Key}, Why: what + ", and no operation asked for that"})
	c.asSeen(rev, f)
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
	c.asSeen(rev, f)
	if c.unresolved == 0 {
		c.firstGap = rev
	}
	c.unresolved++
}
