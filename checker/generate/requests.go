package generate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

func (s *sim) key() string { return fmt.Sprintf("%s%d", s.Prefix, s.rng.IntN(s.Keys)) }

// all is the range of all keys.
func (s *sim) all() (key, end string) {
	last := len(s.Prefix) - 1
	return s.Prefix, s.Prefix[:last] + string(s.Prefix[last]+1)
}

func (s *sim) fresher() string {
	if s.Values > 0 {
		return fmt.Sprint(s.rng.IntN(s.Values))
	}
	s.value++
	return fmt.Sprint(s.value)
}

// expected is a value that a compare may hold for: what the key has now, mostly.
func (s *sim) expected(key string) string {
	if kv, ok := s.store.Get(key); ok && s.rng.IntN(4) > 0 {
		return kv.Value
	}
	if s.Values > 0 {
		return fmt.Sprint(s.rng.IntN(s.Values))
	}
	return fmt.Sprint(1 + s.rng.IntN(s.value+1))
}

// request is the next request of a client.
func (s *sim) request() history.Request {
	req := history.Request{Kind: s.kinds[s.rng.IntN(len(s.kinds))], Key: s.key()}
	switch req.Kind {
	case history.Get:
		req.Serializable = s.Stale > 0 && s.rng.Float64() < s.Stale
	case history.Put:
		req.Value = s.fresher()
		if s.Leases > 0 && s.rng.IntN(3) == 0 {
			req.Lease = s.lease()
		}
	case history.Append:
		req.Value = s.fresher() + " "
	case history.CAS:
		req.Expect, req.Value = s.expected(req.Key), s.fresher()
	case history.Delete:
		if s.rng.IntN(8) == 0 {
			req.Key, req.End = s.span()
		}
	case history.Range:
		req.Key, req.End = s.span()
		s.rangeOptions(&req)
	case history.Txn:
		req = s.txn()
	case history.Compact:
		req = history.Request{Kind: history.Compact, Revision: max(1, s.store.Revision-s.rng.Int64N(20))}
	}
	return req
}

// manyKeys is from where on ranges cover a few keys only, as they do in practice.
const manyKeys = 50

func (s *sim) span() (key, end string) {
	if s.Keys > manyKeys { // a few of many
		key = s.key()
		return key, key + ":"
	}
	if s.rng.IntN(3) == 0 {
		return s.all()
	}
	key, end = s.key(), s.key()
	if key > end {
		key, end = end, key
	}
	return key, end + "0"
}

func (s *sim) rangeOptions(req *history.Request) {
	switch s.rng.IntN(8) {
	case 0:
		req.Limit = 1 + s.rng.Int64N(3)
	case 1:
		req.KeysOnly = true
	case 2:
		req.CountOnly = true
	}
	if s.Past > 0 && s.rng.Float64() < s.Past {
		req.Revision = 1 + s.rng.Int64N(s.store.Revision)
	}
}

// txn is a transaction on up to three different keys.
func (s *sim) txn() history.Request {
	req := history.Request{Kind: history.Txn}
	keys := map[string]bool{}
	for range 1 + s.rng.IntN(3) {
		keys[s.key()] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if s.rng.IntN(2) == 0 {
			req.If = append(req.If, s.compare(key))
		}
		switch s.rng.IntN(4) {
		case 0:
			req.Then = append(req.Then, history.Request{Kind: history.Get, Key: key})
		case 1:
			req.Then = append(req.Then, history.Request{Kind: history.Delete, Key: key})
		default:
			req.Then = append(req.Then, history.Request{Kind: history.Put, Key: key, Value: s.fresher()})
		}
		req.Else = append(req.Else, history.Request{Kind: history.Get, Key: key})
	}
	if s.rng.IntN(4) == 0 {
		key, end := s.all()
		if s.Keys > manyKeys {
			key, end = s.span()
		}
		req.Then = append(req.Then, history.Request{Kind: history.Range, Key: key, End: end})
	}
	return req
}

func (s *sim) compare(key string) history.Compare {
	kv, _ := s.store.Get(key)
	switch n := s.rng.IntN(4); {
	case n == 0 || n == 1 && s.Plain: // a store without revisions tells none to compare with
		return history.Compare{Key: key, Target: "version", Op: "=", Number: kv.Version}
	case n == 1:
		return history.Compare{Key: key, Target: "mod", Op: "<", Number: kv.Mod + 1}
	case n == 2:
		return history.Compare{Key: key, Target: "create", Op: "!=", Number: 0}
	}
	return history.Compare{Key: key, Target: "value", Op: "=", Value: s.expected(key)}
}

// stale answers from a state that the member has not gone back behind.
func (s *sim) stale(node history.NodeID, req *history.Request) history.Result {
	from := max(s.shown[node], 1)
	rev := from + s.rng.Int64N(s.store.Revision-from+1)
	s.shown[node] = rev
	res := s.past(req, rev)
	res.Header.Revision = rev
	return res
}

// past answers a read as of a revision.
func (s *sim) past(req *history.Request, rev int64) history.Result {
	var res history.Result
	view := model.NewStore()
	for key, versions := range s.versions {
		for i := len(versions) - 1; i >= 0; i-- {
			if kv := versions[i]; kv.Mod <= rev {
				if kv.Version > 0 && model.Covers(req.Key, req.End, key) {
					view.Apply(rev, []model.Change{{KV: kv}})
				}
				break
			}
		}
	}
	model.Read(view, req, &res)
	return res
}
