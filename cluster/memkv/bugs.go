package memkv

import (
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Bug is a way in which the store can be wrong.
type Bug struct {
	Name, Doc string
	Caught    []string // the checkers that must say so
	every     int      // see Options.Every; 0 = 20
}

// The names of the bugs.
const (
	staleRead        = "stale-read"
	lostWrite        = "lost-write"
	dirtyRead        = "dirty-read"
	lostUpdate       = "lost-update"
	resurrected      = "resurrected"
	reordered        = "reordered"
	keyOutlivesLease = "key-outlives-lease"
	lockTwice        = "lock-twice"
	twoLeaders       = "two-leaders"
)

// Bugs are all of them.
var Bugs = []Bug{
	{Name: staleRead, Doc: "a read is answered with a value that was overwritten before", Caught: []string{"linearizable", "revisions"}},
	{Name: lostWrite, Doc: "a put is acknowledged and never applied", Caught: []string{"linearizable", "durability"}},
	{Name: dirtyRead, Doc: "a put fails, and is read for a while nevertheless", Caught: []string{"linearizable"}},
	{Name: lostUpdate, Doc: "a compare-and-swap wins against a value that is there no more", Caught: []string{"linearizable"}},
	{Name: resurrected, Doc: "a value that was overwritten comes back", Caught: []string{"linearizable"}},
	{Name: reordered, Doc: "of two puts to one key, the earlier takes effect after the later", Caught: []string{"linearizable"}},
}

// planted is what bugs have to remember.
type planted struct {
	dirty  map[string]*dirtyValue
	ghosts []ghost
	late   map[string]history.Request // puts acknowledged and not yet applied
}

type dirtyValue struct {
	value string
	reads int // that are still to see it
}

// ghost is an old value, and when it comes back.
type ghost struct {
	kv history.KV
	at time.Duration
}

// strikes says whether the named bug is planted and its hour has come.
func (s *sim) strikes(name string) bool {
	return s.opts.Bug == name && s.rng.IntN(s.opts.Every) == 0
}

// misapply carries out a write wrongly; false = it is to be carried out as it should.
func (s *sim) misapply(req history.Request, res *history.Result) bool {
	st := s.store
	switch {
	case req.Kind == history.Put && s.late[req.Key].Key != "":
		late := s.late[req.Key]
		delete(s.late, req.Key)
		s.step(req, res)
		st.seal()
		res.Header.Revision = st.revision()
		st.put(late.Key, late.Value, late.Lease)
	case req.Kind == history.Put && (s.strikes(lostWrite) || s.strikes(reordered)):
		if prev, ok := st.at(req.Key, st.revision()); ok {
			res.Prev = []history.KV{prev}
		}
		st.changes, st.times = append(st.changes, nil), append(st.times, st.now)
		if s.opts.Bug == reordered {
			s.late[req.Key] = req
		}
	case req.Kind == history.CAS && s.opts.Bug == lostUpdate:
		old, ok := st.once(req.Key, req.Expect)
		if !ok || !s.strikes(lostUpdate) {
			return false
		}
		st.put(req.Key, req.Value, req.Lease)
		res.Succeeded, res.Prev = true, []history.KV{old}
	case req.Kind == history.Put && s.strikes(resurrected):
		if prev, ok := st.at(req.Key, st.revision()); ok {
			s.ghosts = append(s.ghosts, ghost{prev, st.now + 200*time.Millisecond})
		}
		return false
	default:
		return false
	}
	return true
}

// once finds an earlier version of a key, with a value that it has no more.
func (s *store) once(key, value string) (history.KV, bool) {
	all := s.versions[key]
	for i := len(all) - 2; i >= 0; i-- {
		if all[i].Value == value && !all[i].gone {
			return all[i].KV, true
		}
	}
	return history.KV{}, false
}

// haunt brings old values back whose hour has come.
func (s *sim) haunt() {
	for len(s.ghosts) > 0 && s.ghosts[0].at <= s.now() {
		kv := s.ghosts[0].kv
		s.ghosts = s.ghosts[1:]
		s.store.put(kv.Key, kv.Value, 0)
		s.store.seal()
		s.log = append(s.log, entry{term: s.term, revision: s.store.revision(), at: s.now()})
	}
}

// pretend answers a request at the member's door.
func (s *sim) pretend(n *node, req history.Request) (history.Result, bool) {
	if req.Kind != history.Put || !s.strikes(dirtyRead) {
		return history.Result{}, false
	}
	s.dirty[req.Key] = &dirtyValue{value: req.Value, reads: 3}
	res := refuse(errManyAtOnce)
	res.Header = s.header(n)
	return res, true
}

// misread moves a read into the past: before the last change that is old enough to have been acknowledged.
func (s *sim) misread(n *node, req history.Request, now *int64) {
	if req.Kind != history.Get || !s.strikes(staleRead) {
		return
	}
	all := s.store.versions[req.Key]
	for i := len(all) - 1; i > 0; i-- {
		if mod := all[i].Mod; mod <= n.revision && s.store.times[mod] < s.now()-100*time.Millisecond {
			*now = mod - 1
			return
		}
	}
}

// misreport changes the answer of a read.
func (s *sim) misreport(n *node, req history.Request, res *history.Result) {
	if d := s.dirty[req.Key]; req.Kind == history.Get && d != nil && d.reads > 0 {
		d.reads--
		kv := history.KV{Key: req.Key, Create: n.revision, Version: 1}
		if len(res.KVs) > 0 {
			kv = res.KVs[0]
			kv.Version++
		}
		kv.Value, kv.Mod = d.value, n.revision
		res.KVs, res.Count = []history.KV{kv}, 1
	}
}
