package component

import (
	"slices"
	"sort"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Split sorts a history into its components, the smallest first. Keys that stand alone, and of which nothing but reads
// and writes is known, are left out where alone says so: they are judged by others.
func Split(h *history.History, rules certificate.Rules, alone func(key string) bool) []*Part {
	s := &splitting{h: h, rules: rules, parent: map[string]string{}, spans: map[[2]string][]string{}, strangers: map[string]bool{},
		shared: map[[2]string]bool{}, leases: map[int64]*tenure{}}
	s.name()
	s.join()
	parts := s.parts()
	s.tell()
	parts = slices.DeleteFunc(parts, func(p *Part) bool {
		left := !p.Joined && p.Vague == 0 && alone(p.Keys[0])
		if left {
			delete(s.of, p.Keys[0])
		}
		return left
	})
	for i := range h.Ops {
		s.file(&h.Ops[i], i)
	}
	s.leaseEnds()
	for _, p := range parts {
		sort.SliceStable(p.Ops, func(i, j int) bool { return p.Ops[i].Call < p.Ops[j].Call })
	}
	parts = slices.DeleteFunc(parts, func(p *Part) bool { return len(p.Ops) == 0 && p.Vague == 0 })
	sort.SliceStable(parts, func(i, j int) bool { return len(parts[i].Ops) < len(parts[j].Ops) })
	return parts
}

type splitting struct {
	h         *history.History
	rules     certificate.Rules
	keys      []string          // that requests name, sorted
	parent    map[string]string // of the union of keys
	spans     map[[2]string][]string
	strangers map[string]bool // keys that only answers show: somebody else's
	own       []string        // names of locks and elections: the store itself writes below them
	shared    map[[2]string]bool
	of        map[string]*Part
	views     map[*Part]*view
	leases    map[int64]*tenure
}

// tenure is what is known of a lease.
type tenure struct {
	grants  []int
	revokes []int
	key     string // one that was put under it; "" if none was
}

// name finds the keys that requests name, the leases, and the keys that answers show beside.
func (s *splitting) name() {
	named := map[string]bool{}
	for i := range s.h.Ops {
		op := &s.h.Ops[i]
		eachNamed(&op.Request, func(key string) {
			named[key] = !s.rules.Exempt(key)
		})
		switch {
		case op.Request.Kind == history.Lock || op.Request.Kind == history.Campaign || op.Request.Kind == history.Leader:
			s.own = append(s.own, op.Request.Key)
		case op.Result.Outcome == history.Fail:
		case op.Request.Kind == history.Grant && op.Result.Outcome == history.OK:
			s.lease(op.Result.Lease).grants = append(s.lease(op.Result.Lease).grants, i)
		case op.Request.Kind == history.Grant && op.Request.Lease != 0:
			s.lease(op.Request.Lease).grants = append(s.lease(op.Request.Lease).grants, i)
		case op.Request.Kind == history.Revoke && op.Result.Outcome == history.OK:
			s.lease(op.Request.Lease).revokes = append(s.lease(op.Request.Lease).revokes, i)
		}
	}
	for key, ours := range named {
		if ours {
			s.keys = append(s.keys, key)
			s.parent[key] = key
		}
	}
	sort.Strings(s.keys)
	slices.Sort(s.own)
	s.own = slices.Compact(s.own)
	for i := range s.h.Ops {
		s.strange(&s.h.Ops[i].Result, named)
	}
}

func (s *splitting) lease(id int64) *tenure {
	t := s.leases[id]
	if t == nil {
		t = &tenure{}
		s.leases[id] = t
	}
	return t
}

func (s *splitting) strange(res *history.Result, named map[string]bool) {
	for _, list := range [][]history.KV{res.KVs, res.Prev} {
		for i := range list {
			if !named[list[i].Key] {
				s.strangers[list[i].Key] = true
			}
		}
	}
	for i := range res.Responses {
		s.strange(&res.Responses[i], named)
	}
}

// eachNamed calls each for every single key that a request names.
func eachNamed(req *history.Request, each func(string)) {
	if req.Kind != history.Txn {
		if onKeys(req.Kind) && req.End == "" {
			each(req.Key)
		}
		return
	}
	for i := range req.If {
		each(req.If[i].Key)
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			eachNamed(&side[i], each)
		}
	}
}

// onKeys reports whether requests of the kind are about keys, and nothing else.
func onKeys(k history.Kind) bool {
	switch k {
	case history.Compact, history.Grant, history.Revoke, history.KeepAlive, history.TimeToLive, history.Lock, history.Unlock,
		history.Campaign, history.Proclaim, history.Resign, history.Leader, history.Pause:
		return false
	}
	return true
}

func (s *splitting) find(key string) string {
	for s.parent[key] != key {
		s.parent[key] = s.parent[s.parent[key]]
		key = s.parent[key]
	}
	return key
}

// join unites the keys of every request, and those under a lease.
func (s *splitting) join() {
	for i := range s.h.Ops {
		op := &s.h.Ops[i]
		if !judged(&s.rules, op) || final(op) {
			continue
		}
		keys := s.about(&op.Request)
		for _, key := range keys {
			s.parent[s.find(key)] = s.find(keys[0])
		}
		s.tenants(&op.Request)
	}
}

// final reports whether the operation is a range at the end, when nobody writes any more: it is as good as reads of its
// keys, one by one.
func final(op *history.Op) bool {
	return op.Stage == history.Final && op.Request.Kind == history.Range
}

func (s *splitting) tenants(req *history.Request) {
	if onKeys(req.Kind) && req.Lease != 0 && !s.rules.Exempt(req.Key) {
		t := s.lease(req.Lease)
		if t.key == "" {
			t.key = req.Key
		}
		s.parent[s.find(req.Key)] = s.find(t.key)
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			s.tenants(&side[i])
		}
	}
}

// about lists the keys that a request is about.
func (s *splitting) about(req *history.Request) (keys []string) {
	add := func(key string) {
		if _, ok := s.parent[key]; ok {
			keys = append(keys, key)
		}
	}
	if req.Kind != history.Txn {
		if req.End != "" {
			return s.within(req.Key, req.End)
		}
		add(req.Key)
		return keys
	}
	for i := range req.If {
		add(req.If[i].Key)
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			keys = append(keys, s.about(&side[i])...)
		}
	}
	return keys
}

// within lists the keys of a span.
func (s *splitting) within(key, end string) []string {
	at := [2]string{key, end}
	keys, ok := s.spans[at]
	if !ok {
		from := sort.SearchStrings(s.keys, key)
		to := len(s.keys)
		if end != "\x00" {
			to = max(from, sort.SearchStrings(s.keys, end))
		}
		keys = s.keys[from:to:to]
		s.spans[at] = keys
	}
	return keys
}

// parts makes the components of the joined keys.
func (s *splitting) parts() []*Part {
	s.of, s.views = map[string]*Part{}, map[*Part]*view{}
	var parts []*Part
	for _, key := range s.keys {
		root := s.find(key)
		p := s.of[root]
		if p == nil {
			p = &Part{told: s.rules.Told, strict: map[int64]bool{}, foreign: s.foreign}
			s.of[root] = p
			s.views[p] = &view{keep: map[string]bool{}}
			parts = append(parts, p)
		}
		p.Keys = append(p.Keys, key)
		s.of[key] = p
		s.views[p].keep[key] = true
	}
	for _, p := range parts {
		s.views[p].whole = func(key, end string) bool {
			for _, k := range s.within(key, end) {
				if s.of[k] != p {
					return false
				}
			}
			return !s.foreign(key, end)
		}
	}
	return parts
}

// foreign reports whether somebody else writes in the span: the store itself, for locks and elections, or a stranger.
func (s *splitting) foreign(key, end string) bool {
	at := [2]string{key, end}
	known, ok := s.shared[at]
	if ok {
		return known
	}
	for _, prefix := range s.own {
		known = known || key < prefix+"0" && (end == "\x00" || end > prefix+"/")
	}
	for k := range s.strangers {
		known = known || model.Covers(key, end, k)
	}
	s.shared[at] = known
	return known
}

// tell finds the components of which more is known than reads and writes of one key.
func (s *splitting) tell() {
	for i := range s.h.Ops {
		op := &s.h.Ops[i]
		past := s.rules.Judged(op) && !judged(&s.rules, op)
		if !past && (!s.rules.Judged(op) || !joins(op)) {
			continue
		}
		for _, key := range s.about(&op.Request) {
			if p := s.of[key]; past {
				p.Vague++
				break
			} else {
				p.Joined = true
			}
		}
	}
	for _, t := range s.leases {
		if t.key != "" {
			s.of[t.key].Joined = true
		}
	}
}
