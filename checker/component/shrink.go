package component

import (
	"slices"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// Shrink returns few operations of the part that are still illegal. Every step keeps a legal history legal, so that the
// result's being illegal proves that the part is:
//
//   - a prefix in time, where what had not returned becomes unknown;
//   - without a key: transactions that compared it do what they did, ranges do not show it;
//   - without an operation that changed nothing;
//   - without what a write was answered, and what it compared: it does what it did, whatever it finds;
//   - of an operation of unknown outcome, without what it compared: it may do what it would have done if that held, or not;
//   - without a write that was overwritten before anybody looked;
//   - an acknowledged write becomes one of unknown outcome, if nobody needs it then, so that it is left out.
//
// illegal decides; where it cannot, it says false. If the part itself is not illegal, it is returned as it is.
func Shrink(p *Part, illegal func(*Part) bool) *Part {
	s := &shrinking{part: p, illegal: illegal}
	s.shortestPrefix()
	for before := -1; before != s.weight(); {
		before = s.weight()
		s.dropKeys()
		s.each(func(o *Op) bool { return o.Result != nil && quiet(o.Request, o.Result, false) }, nil)
		s.each(func(o *Op) bool { return o.Maybe && conditional(o) }, loosen)
		s.each(func(o *Op) bool { return o.Result != nil && !quiet(o.Request, o.Result, false) }, mute)
		s.each(func(o *Op) bool { return !o.Maybe && o.Request != nil }, unknown)
	}
	return s.part
}

type shrinking struct {
	part    *Part
	illegal func(*Part) bool
	cut     bool // it is being cut in time
}

// weight is what shrinking lessens.
func (s *shrinking) weight() int {
	n := len(s.part.Keys)
	for i := range s.part.Ops {
		n += 100
		if s.part.Ops[i].Result != nil {
			n++
		}
	}
	return n
}

// unknown forgets that an operation was answered.
func unknown(o *Op) {
	mute(o)
	o.Maybe, o.Return, o.Revision = true, search.Forever, 0
}

// mute forgets what an operation saw: it does what it did.
func mute(o *Op) {
	if o.Result != nil {
		o.Request, o.Result = did(o.Request, o.Result), nil
	}
}

func conditional(o *Op) bool {
	return o.Request != nil && (o.Request.Kind == history.CAS || o.Request.Kind == history.Txn && len(o.Request.If) > 0 && o.Other == nil)
}

// loosen forgets what an operation of unknown outcome compared.
func loosen(o *Op) {
	req := o.Request
	if req.Kind == history.CAS {
		o.Request = &history.Request{Kind: history.Put, Key: req.Key, Value: req.Value, Lease: req.Lease}
		return
	}
	o.Request = &history.Request{Kind: history.Txn, Then: req.Then}
	if len(req.Else) > 0 {
		o.Other = &history.Request{Kind: history.Txn, Then: req.Else}
	}
}

// did is a request that does, whatever it finds, what another did.
func did(req *history.Request, res *history.Result) *history.Request {
	switch {
	case req.Kind == history.CAS && res.Succeeded:
		return &history.Request{Kind: history.Put, Key: req.Key, Value: req.Value, Lease: req.Lease}
	case req.Kind != history.Txn:
		return req
	}
	out := &history.Request{Kind: history.Txn}
	for i, sub := range model.Side(req, res.Succeeded) {
		if i < len(res.Responses) {
			sub = *did(&sub, &res.Responses[i])
		}
		if !sub.ReadOnly() {
			out.Then = append(out.Then, sub)
		}
	}
	return out
}

// try takes a part if it is illegal. One with more operations of unknown outcome is harder to decide, and is not taken,
// but for a cut in time.
func (s *shrinking) try(p *Part) bool {
	if p = p.useful(); len(p.Ops) > 0 && (s.cut || p.open() <= s.part.open()) && s.illegal(p) {
		s.part = p
		return true
	}
	return false
}

// open is how many operations are of unknown outcome.
func (p *Part) open() (n int) {
	for i := range p.Ops {
		if p.Ops[i].Maybe {
			n++
		}
	}
	return n
}

// useful is the part without operations of unknown outcome that nobody needs, without those that were overwritten
// unseen, and without the ends of leases that nothing is put under.
func (p *Part) useful() *Part {
	o := newOrdering(p)
	under := map[int64]bool{}
	unseen := o.overwritten()
	var ops []Op
	for i := range p.Ops {
		if !o.done[i] && !unseen(i) {
			ops = append(ops, p.Ops[i])
			leases(p.Ops[i].Request, under)
			leases(p.Ops[i].Other, under)
		}
	}
	ops = slices.DeleteFunc(ops, func(o Op) bool { return o.Request == nil && !under[o.Ends] })
	return p.with(ops)
}

// overwritten tells which operations change only keys that were certainly written again before anybody looked at them.
func (s *ordering) overwritten() func(i int) bool {
	type looks struct {
		first, second time.Duration // the earliest calls of two operations that look
		by            int           // the first
	}
	look := make([]looks, len(s.wants))
	for k := range look {
		look[k] = looks{search.Forever, search.Forever, -1}
	}
	for i := range s.facts {
		if s.done[i] {
			continue
		}
		for _, c := range s.facts[i].needs {
			l := &look[c.key]
			switch call := s.part.Ops[i].Call; {
			case l.by == i:
			case call < l.first:
				l.first, l.second, l.by = call, l.first, i
			case call < l.second:
				l.second = call
			}
		}
	}
	return func(i int) bool {
		o := &s.part.Ops[i]
		if o.Request == nil || len(s.facts[i].makes) == 0 || o.Return == search.Forever {
			return false
		}
		for _, c := range s.facts[i].makes {
			l := look[c.key]
			if l.by == i {
				l.first = l.second
			}
			if s.wanted[c] > 0 && c.value > absent {
				return false // its value was seen: the reader of the proof will ask for it
			}
			if s.content.names.versions[s.part.Keys[c.key]] || !s.again(s.part.Keys[c.key], o.Return, l.first) {
				return false
			}
		}
		return true
	}
}

// again reports whether an operation certainly writes the key between two moments, whatever it held.
func (s *ordering) again(key string, after, before time.Duration) bool {
	for i := range s.part.Ops {
		o := &s.part.Ops[i]
		if !o.Maybe && o.Request != nil && o.Call > after && o.Return < before && writes(o.Request, key) {
			return true
		}
	}
	return false
}

// writes reports whether a request without conditions puts or deletes the key.
func writes(req *history.Request, key string) bool {
	switch req.Kind {
	case history.Put:
		return req.Key == key && req.Lease == 0
	case history.Delete:
		return model.Covers(req.Key, req.End, key)
	case history.Txn:
		return len(req.If) == 0 && slices.ContainsFunc(req.Then, func(sub history.Request) bool { return writes(&sub, key) })
	}
	return false
}

func leases(req *history.Request, under map[int64]bool) {
	if req == nil {
		return
	}
	if req.Lease != 0 {
		under[req.Lease] = true
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			leases(&side[i], under)
		}
	}
}

// shortestPrefix finds the earliest moment by whose returns the part is illegal.
func (s *shrinking) shortestPrefix() {
	var ends []time.Duration
	for i := range s.part.Ops {
		if !s.part.Ops[i].Maybe {
			ends = append(ends, s.part.Ops[i].Return)
		}
	}
	slices.Sort(ends)
	whole := s.part
	s.cut = true
	sort.Search(len(ends), func(i int) bool { return s.try(whole.prefix(ends[i])) })
	s.cut = false
}

func (p *Part) prefix(end time.Duration) *Part {
	var ops []Op
	for _, o := range p.Ops {
		switch {
		case o.Call > end || o.Return > end && o.Result != nil && quiet(o.Request, o.Result, false):
			continue
		case o.Return > end:
			unknown(&o)
		}
		ops = append(ops, o)
	}
	return p.with(ops)
}

// dropKeys leaves keys out, one after another.
func (s *shrinking) dropKeys() {
	for _, key := range s.part.Keys {
		if len(s.part.Keys) == 1 {
			return
		}
		if p := s.part.without(key); p != nil {
			s.try(p)
		}
	}
}

// without is the part without one of its keys, or nil if that cannot be said.
func (p *Part) without(key string) *Part {
	v := &view{keep: map[string]bool{}}
	q := *p
	q.Keys, q.Ops = nil, nil
	for _, k := range p.Keys {
		if k != key {
			v.keep[k] = true
			q.Keys = append(q.Keys, k)
		}
	}
	v.whole = func(from, end string) bool {
		return !model.Covers(from, end, key) && !p.foreign(from, end)
	}
	for i := range p.Ops {
		if o, ok := v.op(&p.Ops[i]); ok {
			q.Ops = append(q.Ops, o)
		}
	}
	if v.lost != "" {
		return nil
	}
	foreign := p.foreign
	q.foreign = func(from, end string) bool { return model.Covers(from, end, key) || foreign(from, end) }
	return &q
}

// each changes the operations that are of some kind, or leaves them out, many at once while that works.
func (s *shrinking) each(kind func(*Op) bool, change func(*Op)) {
	for chunk := max(len(s.part.Ops)/2, 1); chunk > 0; chunk /= 2 {
		for at := 0; at < len(s.part.Ops); at += chunk {
			var ops []Op
			hit := false
			for i, o := range s.part.Ops {
				if i < at || i >= at+chunk || !kind(&o) {
					ops = append(ops, o)
					continue
				}
				hit = true
				if change != nil {
					change(&o)
					ops = append(ops, o)
				}
			}
			if hit {
				s.try(s.part.with(ops))
			}
		}
	}
}
