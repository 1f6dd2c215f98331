package memkv

import (
	"slices"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// store keeps every version of every key, so that a member that lags reads its own past.
type store struct {
	versions map[string][]version
	keys     []string // every key that ever was, sorted
	changes  [][]history.Event
	times    []time.Duration // of each revision
	open     []history.Event // of the revision being made
	now      time.Duration
	leases   map[int64]*lease
	compact  int64
}

// version is a key's state from revision KV.Mod on.
type version struct {
	history.KV
	gone bool
}

// newStore is an empty store at revision 1, as etcd's.
func newStore() *store {
	return &store{
		versions: map[string][]version{}, leases: map[int64]*lease{},
		changes: make([][]history.Event, 2), times: make([]time.Duration, 2),
	}
}

func (s *store) revision() int64 { return int64(len(s.changes)) - 1 }

// seal ends the revision being made. A revision without a change is none.
func (s *store) seal() {
	if len(s.open) == 0 {
		return
	}
	s.changes = append(s.changes, s.open)
	s.times = append(s.times, s.now)
	s.open = nil
}

// at is the key's pair at a revision.
func (s *store) at(key string, revision int64) (history.KV, bool) {
	v := s.versionAt(key, revision)
	if v == nil || v.gone {
		return history.KV{}, false
	}
	return v.KV, true
}

func (s *store) versionAt(key string, revision int64) *version {
	all := s.versions[key]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Mod <= revision {
			return &all[i]
		}
	}
	return nil
}

// within are the keys of a range, in order, whether they exist at present or not.
func (s *store) within(key, end string) []string {
	if end == "" {
		if _, ok := s.versions[key]; ok {
			return []string{key}
		}
		return nil
	}
	from := sort.SearchStrings(s.keys, key)
	if end == "\x00" {
		return s.keys[from:]
	}
	return s.keys[from:max(from, sort.SearchStrings(s.keys, end))]
}

// forget removes a key as if it had never been.
func (s *store) forget(key string) {
	delete(s.versions, key)
	if i, ok := slices.BinarySearch(s.keys, key); ok {
		s.keys = slices.Delete(s.keys, i, i+1)
	}
}

func (s *store) add(v version, event history.Event) {
	if _, ok := s.versions[v.Key]; !ok {
		i := sort.SearchStrings(s.keys, v.Key)
		s.keys = slices.Insert(s.keys, i, v.Key)
	}
	s.versions[v.Key] = append(s.versions[v.Key], v)
	s.open = append(s.open, event)
}

// put writes a key in the revision being made, and returns what was there.
func (s *store) put(key, value string, lease int64) (prev history.KV, ok bool) {
	revision := s.revision() + 1
	prev, ok = s.at(key, revision)
	kv := history.KV{Key: key, Value: value, Create: revision, Mod: revision, Version: 1, Lease: lease}
	if ok {
		kv.Create, kv.Version = prev.Create, prev.Version+1
		s.detach(prev)
	}
	s.attach(kv)
	s.add(version{KV: kv}, history.Event{KV: kv})
	return prev, ok
}

// remove deletes the keys of a range in the revision being made, and returns what was there.
func (s *store) remove(key, end string) (prev []history.KV) {
	revision := s.revision() + 1
	for _, k := range s.within(key, end) {
		kv, ok := s.at(k, revision)
		if !ok {
			continue
		}
		prev = append(prev, kv)
		s.detach(kv)
		s.add(version{KV: history.KV{Key: k, Mod: revision}, gone: true},
			history.Event{Delete: true, KV: history.KV{Key: k, Mod: revision}})
	}
	return prev
}
