package memkv

import (
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// The reasons that clients are given, in the words of the etcd driver's error table. A refused request changed nothing.
const (
	errCompacted  = "compacted"
	errFuture     = "future revision"
	errDuplicate  = "duplicate key"
	errNoLease    = "lease not found"
	errLeaseHeld  = "lease exists"
	errEmptyKey   = "no key"
	errUnsupport  = "unimplemented"
	errNotLeader  = "not elected"
	errSession    = "session expired"
	errRefused    = "not sent: no connection"
	errLost       = "connection lost"
	errTimeout    = "deadline exceeded"
	errCanceled   = "cancelled"
	errManyAtOnce = "too many requests"
)

func refuse(reason string) history.Result {
	return history.Result{Outcome: history.Fail, Error: reason}
}

// apply carries out a request that passed the log, at one revision. It is where every write takes effect.
func (s *sim) apply(req history.Request) history.Result {
	s.store.now = s.now()
	res := s.carryOut(req)
	s.store.seal()
	if res.Outcome == history.OK && res.Header.Revision == 0 {
		res.Header.Revision = s.store.revision()
	}
	return res
}

func (s *sim) carryOut(req history.Request) history.Result {
	st := s.store
	if reason := st.check(req); reason != "" {
		return refuse(reason)
	}
	res := history.Result{Outcome: history.OK}
	switch req.Kind {
	case history.Compact:
		if req.Revision <= st.compact {
			return refuse(errCompacted)
		}
		if req.Revision > st.revision() {
			return refuse(errFuture)
		}
		st.compact = req.Revision
		if s.bug.compact != nil {
			s.bug.compact(s)
		}
	case history.Grant:
		return s.grant(req)
	case history.Revoke:
		return s.revoke(req)
	default:
		if s.bug.write == nil || !s.bug.write(s, req, &res) {
			s.step(req, &res)
		}
	}
	return res
}

// step carries out one request on keys within the revision being made. Reads see what was written before them in it;
// conditions, also those of transactions inside of others, do not: they are of the revision before, as etcd's are.
func (s *sim) step(req history.Request, res *history.Result) {
	st := s.store
	switch req.Kind {
	case history.Put:
		if prev, ok := st.put(req.Key, req.Value, req.Lease); ok {
			res.Prev = []history.KV{prev}
		}
	case history.Append:
		now, _ := st.at(req.Key, st.revision()+1)
		if prev, ok := st.put(req.Key, now.Value+req.Value, req.Lease); ok {
			res.Prev = []history.KV{prev}
		}
	case history.Delete:
		res.Prev = st.remove(req.Key, req.End)
		res.Deleted = int64(len(res.Prev))
	case history.CAS:
		now, ok := st.at(req.Key, st.revision())
		if res.Succeeded = ok && now.Value == req.Expect; res.Succeeded {
			if prev, ok := st.put(req.Key, req.Value, req.Lease); ok {
				res.Prev = []history.KV{prev}
			}
		} else {
			s.read(req, st.revision()+1, nil, res)
		}
	case history.Txn:
		side := req.Else
		if res.Succeeded = st.holds(req.If, st.revision()); res.Succeeded {
			side = req.Then
		}
		for _, op := range side {
			var r history.Result
			s.step(op, &r)
			res.Responses = append(res.Responses, r)
		}
	default:
		s.read(req, st.revision()+1, nil, res)
	}
}

// read answers a get or range as of a revision. Revisions that the member lost are passed over.
func (s *sim) read(req history.Request, now int64, skips map[int64]bool, res *history.Result) {
	if req.Revision > 0 {
		now = req.Revision
	}
	for _, key := range s.store.within(req.Key, req.End) {
		kv, ok := s.store.at(key, now)
		if ok && skips[kv.Mod] {
			kv, ok = s.store.at(key, kv.Mod-1)
		}
		if !ok {
			continue
		}
		if req.Kind == history.Range {
			res.Count++
		}
		if req.CountOnly {
			continue
		}
		if req.Limit > 0 && int64(len(res.KVs)) >= req.Limit {
			res.More = true
			continue
		}
		if req.KeysOnly { // etcd answers from its index, which does not know leases
			kv.Value, kv.Lease = "", 0
		}
		res.KVs = append(res.KVs, kv)
	}
}

// holds says whether every compare holds. A key that does not exist has no value to compare, and zero for the rest.
func (s *store) holds(all []history.Compare, revision int64) bool {
	for _, c := range all {
		kv, ok := s.at(c.Key, revision)
		var order int
		switch c.Target {
		case "value":
			if !ok {
				return false
			}
			order = strings.Compare(kv.Value, c.Value)
		case "version":
			order = compare(kv.Version, c.Number)
		case "mod":
			order = compare(kv.Mod, c.Number)
		case "create":
			order = compare(kv.Create, c.Number)
		case "lease":
			order = compare(kv.Lease, c.Number)
		}
		if !map[string]bool{"=": order == 0, "!=": order != 0, "<": order < 0, ">": order > 0}[c.Op] {
			return false
		}
	}
	return true
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// covers says whether a range holds a key.
func covers(from, end, key string) bool {
	switch end {
	case "":
		return key == from
	case "\x00":
		return key >= from
	}
	return key >= from && key < end
}

// remaining is what is left of a span, in whole seconds.
func remaining(expires, now time.Duration) int64 { return int64((expires - now) / time.Second) }
