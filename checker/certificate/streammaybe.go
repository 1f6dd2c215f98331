package certificate

import (
	"fmt"
	"reflect"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// maybes are the operations of unknown outcome that may have happened and may still happen, by what would be seen of
// them; and the revisions that one of them has taken where another would do as well.
type maybes struct {
	puts    map[cell][]*candidate
	appends map[string][]*candidate // by key
	deletes map[string][]*candidate // by key
	sweeps  []*candidate            // deletes of ranges
	open    []*taken                // the oldest first
	settled bool                    // an open one was settled for good, so that not everything was tried
}

// candidate is an operation of unknown outcome, with what the store had reached before it was called.
type candidate struct {
	op    *history.Op
	floor mark
	held  *taken // the revision that it stands at, and may leave for another
	gone  bool   // it stands where it stands
}

// taken is a revision that one of several operations made.
type taken struct {
	rev     int64
	options []*candidate
}

// takenLimit is how many revisions are kept of which it may turn out that another operation made them.
const takenLimit = 1024

func newMaybes() maybes {
	return maybes{puts: map[cell][]*candidate{}, appends: map[string][]*candidate{}, deletes: map[string][]*candidate{}}
}

// add files an operation under everything that may be seen of it.
func (m *maybes) add(op *history.Op, floor mark) {
	c := &candidate{op: op, floor: floor}
	m.each(op, func(list []*candidate) []*candidate {
		if n := len(list); n > 0 && list[n-1] == c {
			return list // a transaction may ask for the same twice
		}
		return append(list, c)
	})
}

// each changes every list in which an operation belongs.
func (m *maybes) each(op *history.Op, change func([]*candidate) []*candidate) {
	eachNamed(&op.Request, func(req *history.Request) {
		switch {
		case req.Kind == history.Put || req.Kind == history.CAS:
			in(m.puts, cell{req.Key, req.Value}, change)
		case req.Kind == history.Append:
			in(m.appends, req.Key, change)
		case req.Kind == history.Delete && req.End == "":
			in(m.deletes, req.Key, change)
		case req.Kind == history.Delete:
			m.sweeps = change(m.sweeps)
		}
	})
}

// in changes one list of many; empty ones are not kept.
func in[K comparable](lists map[K][]*candidate, at K, change func([]*candidate) []*candidate) {
	if list := change(lists[at]); len(list) > 0 {
		lists[at] = list
	} else {
		delete(lists, at)
	}
}

// suspects are those that ask for one of the changes.
func (m *maybes) suspects(f *fact) []*candidate {
	for i := range f.changes {
		if ch := &f.changes[i]; !ch.Deleted {
			puts := m.puts[cell{ch.KV.Key, ch.KV.Value}]
			return append(puts[:len(puts):len(puts)], m.appends[ch.KV.Key]...)
		}
	}
	one := m.deletes[f.changes[0].KV.Key]
	return append(one[:len(one):len(one)], m.sweeps...)
}

// take gives the revision to one of its options, moving others on (an augmenting path of Kuhn's bipartite matching); false
// if each is needed elsewhere.
func (m *maybes) take(rev int64, options []*candidate) (*candidate, bool) {
	t := &taken{rev, different(options)}
	if !match(t, map[*candidate]bool{}) {
		return nil, false
	}
	if len(t.options) == 1 {
		return m.settle(t), true
	}
	if m.open = append(m.open, t); len(m.open) > takenLimit {
		m.settle(m.open[0])
		m.open[0] = nil
		m.open, m.settled = m.open[1:], true
	}
	return t.holder(), true
}

func match(t *taken, tried map[*candidate]bool) bool {
	for _, c := range t.options {
		if c.gone || tried[c] {
			continue
		}
		tried[c] = true
		if c.held == nil || match(c.held, tried) {
			c.held = t
			return true
		}
	}
	return false
}

func (t *taken) holder() *candidate {
	for _, c := range t.options {
		if c.held == t {
			return c
		}
	}
	return nil
}

// settle leaves a revision's operation there for good, and forgets it.
func (m *maybes) settle(t *taken) *candidate {
	c := t.holder()
	c.gone, c.held = true, nil
	m.each(c.op, func(list []*candidate) []*candidate { return without(list, c) })
	return c
}

// different leaves out what is as good as another option: of those that ask for the same, one that stands nowhere yet will
// do, for this revision as for all later ones, because a candidate can always come later.
func different(options []*candidate) []*candidate {
	var few []*candidate
next:
	for _, c := range options {
		for i, d := range few {
			if !reflect.DeepEqual(c.op.Request, d.op.Request) {
				continue
			}
			if d.held == nil {
				continue next
			}
			if c.held == nil {
				few[i] = c
				continue next
			}
		}
		few = append(few, c)
	}
	return few
}

func without(list []*candidate, c *candidate) []*candidate {
	for i := range list {
		if list[i] == c {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// unclaimed makes the revision that nobody answered for, if it is known what it was.
func (s *Stream) unclaimed(rev int64) bool {
	f := s.facts[rev]
	if f == nil || !f.complete && s.watchers > 0 && !s.ending {
		return false // somebody may still show it, or the rest of it
	}
	delete(s.facts, rev)
	switch {
	case f.differ:
		s.giveUp(fmt.Sprintf("revision %d: those who saw it do not agree", rev))
		return false
	case Own(s.store, f.changes, s.rules.Exempt, s.learned.outside):
		s.learned.foreign(rev, f.changes)
		s.report.Foreign++
		s.apply(rev, f.changes, nil)
		return true
	}
	return s.byClient(rev, f)
}

// byClient finds the operation of unknown outcome whose effect is what was seen.
func (s *Stream) byClient(rev int64, f *fact) bool {
	suspects := s.maybes.suspects(f)
	var options []*candidate
	var changes []model.Change
	capped := false
	for _, c := range suspects {
		_, would := model.Eval(s.store, rev-1, &c.op.Request)
		if !explains(would, f) || len(suspects) > 1 && c.floor.rev >= rev {
			continue // it does something else, or was called too late for this one
		}
		if capped = len(options) == maxOptions; capped {
			break
		}
		options, changes = append(options, c), would
	}
	if len(options) > 1 && !f.complete {
		s.giveUp(fmt.Sprintf("revision %d: several operations may have made it", rev))
		return false
	}
	c, ok := s.maybes.take(rev, options)
	if !ok {
		return s.nobody(rev, f, suspects, capped)
	}
	s.report.Attributed++
	if c.floor.rev >= rev {
		s.find(StreamFinding{Kind: Early, Op: c.op, With: c.floor.op, Rev: rev, Why: tooEarly("made", rev, c.floor, c.op.Call)})
	}
	s.apply(rev, changes, c.op)
	return true
}

// nobody files a revision that nobody can have made.
func (s *Stream) nobody(rev int64, f *fact, suspects []*candidate, capped bool) bool {
	if !f.complete || capped || s.maybes.settled {
		s.giveUp(fmt.Sprintf("revision %d: no operation explains what was seen of it", rev))
		return false
	}
	ch := &f.changes[0]
	what := fmt.Sprintf("revision %d put %q at %s", rev, ch.KV.Value, ch.KV.Key)
	if ch.Deleted {
		what = fmt.Sprintf("revision %d deleted %s", rev, ch.KV.Key)
	}
	found := StreamFinding{Kind: Nobody, Rev: rev, Keys: []string{ch.KV.Key}, Why: what + ", and no operation that was not answered can have done that"}
	if len(suspects) > 0 {
		found.Kind, found.Op = Effect, suspects[0].op
		found.Why = "cannot have had the effect that was seen: " + what
	}
	s.find(found)
	s.apply(rev, f.changes, nil)
	return true
}
