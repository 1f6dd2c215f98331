package memkv

import (
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

var writeBugs = []Bug{
	{
		Name: "lost-write", Doc: "a put is acknowledged and never applied",
		Workload: "register", Caught: []string{"linearizable", "revisions", "watch"}, hooks: hooks{write: loseWrite},
	},
	{
		Name: "lost-update", Doc: "a compare-and-swap wins against a value that is there no more",
		Workload: "register", Caught: []string{"linearizable"}, every: 3, hooks: hooks{write: loseUpdate},
	},
	{
		Name: "resurrected", Doc: "a value that was overwritten comes back",
		Workload: "register", Caught: []string{"linearizable"}, hooks: hooks{write: resurrect},
	},
	{
		Name: "reordered", Doc: "of two puts to one key, the earlier takes effect after the later",
		Workload: "register", Caught: []string{"linearizable", "revisions", "watch"}, hooks: hooks{write: reorder},
	},
	{
		Name: "failed-write-applied", Doc: "a put fails, and takes effect nevertheless",
		Workload: "register", Caught: []string{"linearizable", "raft"}, hooks: hooks{reply: failApplied},
	},
	{
		Name: "applied-twice", Doc: "a put of unknown outcome takes effect twice",
		Workload: "register", Caught: []string{"linearizable", "raft"}, hooks: hooks{reply: applyTwice},
	},
	{
		Name: "cas-lies", Doc: "a compare-and-swap wins, and is said to have lost",
		Workload: "register", Caught: []string{"linearizable"}, hooks: hooks{reply: casLies},
	},
	{
		Name: "half-transaction", Doc: "of a transaction's writes, only the first takes effect",
		Workload: "wr", Caught: []string{"linearizable", "transactions", "watch"}, hooks: hooks{write: halve},
	},
	{
		Name: "split-transaction", Doc: "a transaction takes effect at two revisions",
		Workload: "wr", Caught: []string{"watch"}, hooks: hooks{write: split},
	},
	{
		Name: "stale-compare", Doc: "a transaction's conditions are held against a past state",
		Workload: "append", Caught: []string{"linearizable", "transactions"}, every: 3, hooks: hooks{write: staleCompare},
	},
	{
		Name: "wrong-previous", Doc: "a put is told a previous pair older than the one it replaced",
		Workload: "kv", Caught: []string{"linearizable", "revisions"}, hooks: hooks{reply: wrongPrevious},
	},
	{
		Name: "revision-reused", Doc: "two writes have one revision",
		Workload: "kv", Caught: []string{"linearizable", "revisions", "watch"}, hooks: hooks{write: reuseRevision},
	},
	{
		Name: "delete-not-applied", Doc: "a delete is acknowledged, and the key stays",
		Workload: "kv", Caught: []string{"linearizable", "revisions", "serializable", "watch"}, every: 3, hooks: hooks{write: keepDeleted},
	},
	{
		Name: "compaction-drops-live", Doc: "a compaction takes a live key along",
		Workload: "kv", Caught: []string{"linearizable", "revisions"}, every: 1, hooks: hooks{compact: dropLive},
	},
}

// pass makes a revision without a change, and answers a put as if it had been made.
func (s *sim) pass(req history.Request, res *history.Result) {
	st := s.store
	if prev, ok := st.at(req.Key, st.revision()); ok {
		res.Prev = []history.KV{prev}
	}
	st.changes, st.times = append(st.changes, nil), append(st.times, st.now)
}

func loseWrite(s *sim, req history.Request, res *history.Result) bool {
	if req.Kind != history.Put || !s.hour() {
		return false
	}
	s.pass(req, res)
	return true
}

// reorder holds a put back until the next put of the same key, and applies it after that one.
func reorder(s *sim, req history.Request, res *history.Result) bool {
	late, waits := s.late[req.Key]
	switch {
	case req.Kind != history.Put:
		return false
	case waits:
		delete(s.late, req.Key)
		s.step(req, res)
		s.store.seal()
		res.Header.Revision = s.store.revision()
		s.store.put(late.Key, late.Value, late.Lease)
		return true
	case !s.hour():
		return false
	}
	s.pass(req, res)
	s.late[req.Key] = req
	return true
}

func loseUpdate(s *sim, req history.Request, res *history.Result) bool {
	if req.Kind != history.CAS {
		return false
	}
	old, ok := s.store.once(req.Key, req.Expect)
	if !ok || !s.hour() {
		return false
	}
	s.store.put(req.Key, req.Value, req.Lease)
	res.Succeeded, res.Prev = true, []history.KV{old}
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

func resurrect(s *sim, req history.Request, _ *history.Result) bool {
	if req.Kind != history.Put {
		return false
	}
	if prev, ok := s.store.at(req.Key, s.store.revision()); ok && s.hour() {
		s.ghosts = append(s.ghosts, ghost{kv: prev, at: s.now() + 200*time.Millisecond})
	}
	return false
}

func failApplied(s *sim, _ *node, req history.Request, res *history.Result) {
	if req.Kind == history.Put && res.Outcome == history.OK && s.hour() {
		*res = refuse(errManyAtOnce)
	}
}

func applyTwice(s *sim, _ *node, req history.Request, res *history.Result) {
	if req.Kind == history.Put && res.Outcome == history.OK && s.hour() {
		*res = history.Result{Error: errTimeout}
		kv := history.KV{Key: req.Key, Value: req.Value}
		s.ghosts = append(s.ghosts, ghost{kv: kv, request: &req, at: s.now() + 200*time.Millisecond})
	}
}

func casLies(s *sim, _ *node, req history.Request, res *history.Result) {
	if req.Kind != history.CAS || !res.Succeeded || !s.hour() {
		return
	}
	res.Succeeded, res.Prev = false, nil
	if kv, ok := s.store.at(req.Key, res.Header.Revision); ok {
		res.KVs = []history.KV{kv}
	}
}

// writes counts the puts and deletes of a transaction's side.
func writes(side []history.Request) (n int) {
	for _, op := range side {
		if op.Kind == history.Put || op.Kind == history.Delete {
			n++
		}
	}
	return n
}

// wins says whether a request is a transaction that holds and has several writes.
func (s *sim) wins(req history.Request) bool {
	return req.Kind == history.Txn && writes(req.Then) > 1 && s.store.holds(req.If, s.store.revision())
}

func halve(s *sim, req history.Request, res *history.Result) bool {
	if !s.wins(req) || !s.hour() {
		return false
	}
	res.Succeeded = true
	done := false
	for _, op := range req.Then {
		var r history.Result
		if !done || op.ReadOnly() {
			s.step(op, &r)
			done = done || !op.ReadOnly()
		}
		res.Responses = append(res.Responses, r)
	}
	return true
}

func split(s *sim, req history.Request, res *history.Result) bool {
	if !s.wins(req) || !s.hour() {
		return false
	}
	res.Succeeded = true
	for _, op := range req.Then {
		var r history.Result
		s.step(op, &r)
		s.store.seal()
		res.Responses = append(res.Responses, r)
	}
	return true
}

// staleCompare asks whether a transaction's conditions held at any of the last revisions.
func staleCompare(s *sim, req history.Request, res *history.Result) bool {
	now := s.store.revision()
	if req.Kind != history.Txn || len(req.If) == 0 || s.store.holds(req.If, now) {
		return false
	}
	for past := now; past > max(0, now-20); past-- {
		if s.store.holds(req.If, past) && s.hour() {
			req.If = nil
			s.step(req, res)
			return true
		}
	}
	return false
}

func wrongPrevious(s *sim, _ *node, req history.Request, res *history.Result) {
	if req.Kind != history.Put || len(res.Prev) == 0 {
		return
	}
	if older, ok := s.store.at(req.Key, res.Prev[0].Mod-1); ok && s.hour() {
		res.Prev = []history.KV{older}
	}
}

// reuseRevision lets a put take effect at the revision of the write before it.
func reuseRevision(s *sim, req history.Request, res *history.Result) bool {
	st := s.store
	now := st.revision()
	if at, ok := st.at(req.Key, now); req.Kind != history.Put || now < 2 || ok && at.Mod == now || !s.hour() {
		return false
	}
	s.step(req, res)
	all := st.versions[req.Key]
	last := &all[len(all)-1]
	last.Mod = now
	if last.Version == 1 {
		last.Create = now
	}
	st.changes[now] = append(st.changes[now], history.Event{KV: last.KV})
	st.open = nil
	res.Header.Revision = now
	return true
}

func keepDeleted(s *sim, req history.Request, res *history.Result) bool {
	kv, ok := s.store.at(req.Key, s.store.revision())
	if req.Kind != history.Delete || req.End != "" || !ok || !s.hour() {
		return false
	}
	s.pass(req, res)
	res.Deleted, res.Prev = 1, []history.KV{kv}
	return true
}

// dropLive forgets the key that has not been changed for longest.
func dropLive(s *sim) {
	oldest := history.KV{}
	for _, key := range s.store.keys {
		if kv, ok := s.store.at(key, s.store.revision()); ok && (oldest.Mod == 0 || kv.Mod < oldest.Mod) {
			oldest = kv
		}
	}
	if oldest.Mod > 0 && s.hour() {
		s.store.forget(oldest.Key)
	}
}
