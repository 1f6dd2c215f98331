package model

import (
	"slices"
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// Store is a store that changes in place. A new one is empty, at revision 1, as etcd's.
type Store struct {
	Revision int64
	kvs      map[string]history.KV
	keys     ordered
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{Revision: 1, kvs: map[string]history.KV{}} }

// Get returns a key's content.
func (s *Store) Get(key string) (history.KV, bool) {
	kv, ok := s.kvs[key]
	return kv, ok
}

// Scan calls each for the keys of a range, in order, until it returns false.
func (s *Store) Scan(key, end string, each func(history.KV) bool) {
	if !s.keys.used {
		for k := range s.kvs {
			s.keys.insertLater(k)
		}
		s.keys.build()
	}
	s.keys.from(key, func(k string) bool {
		if end != "\x00" && k >= end {
			return false
		}
		return each(s.kvs[k])
	})
}

// Do carries out a request.
func (s *Store) Do(req *history.Request) history.Result {
	res, changes := Eval(s, s.Revision, req)
	if len(changes) > 0 {
		s.Apply(s.Revision+1, changes)
	}
	return res
}

// Apply makes the changes of one revision.
func (s *Store) Apply(rev int64, changes []Change) {
	s.Revision = rev
	for i := range changes {
		c := &changes[i]
		if c.Deleted {
			delete(s.kvs, c.KV.Key)
			s.keys.remove(c.KV.Key)
			continue
		}
		if s.keys.used {
			if _, ok := s.kvs[c.KV.Key]; !ok {
				s.keys.insert(c.KV.Key)
			}
		}
		s.kvs[c.KV.Key] = c.KV
	}
}

// chunkKeys is how many keys a chunk of ordered holds at most.
const chunkKeys = 512

// ordered is a sorted list of keys in chunks, so that inserting moves few of them. It is not kept until a range is
// asked for: most histories ask for none.
type ordered struct {
	used   bool
	chunks [][]string
}

func (o *ordered) insertLater(key string) {
	if len(o.chunks) == 0 {
		o.chunks = [][]string{nil}
	}
	o.chunks[0] = append(o.chunks[0], key)
}

func (o *ordered) build() {
	o.used = true
	if len(o.chunks) == 0 {
		return
	}
	all := o.chunks[0]
	o.chunks = nil
	sort.Strings(all)
	for part := range slices.Chunk(all, chunkKeys/2) {
		o.chunks = append(o.chunks, slices.Clone(part))
	}
}

// chunk is the index of the chunk in which the key is or would be.
func (o *ordered) chunk(key string) int {
	return max(0, sort.Search(len(o.chunks), func(i int) bool { return o.chunks[i][0] > key })-1)
}

func (o *ordered) insert(key string) {
	if len(o.chunks) == 0 {
		o.chunks = [][]string{{key}}
		return
	}
	i := o.chunk(key)
	c := o.chunks[i]
	at, found := slices.BinarySearch(c, key)
	if found {
		return
	}
	c = slices.Insert(c, at, key)
	o.chunks[i] = c
	if len(c) > chunkKeys {
		o.chunks[i] = slices.Clone(c[:len(c)/2])
		o.chunks = slices.Insert(o.chunks, i+1, slices.Clone(c[len(c)/2:]))
	}
}

func (o *ordered) remove(key string) {
	if !o.used || len(o.chunks) == 0 {
		return
	}
	i := o.chunk(key)
	at, found := slices.BinarySearch(o.chunks[i], key)
	if !found {
		return
	}
	o.chunks[i] = slices.Delete(o.chunks[i], at, at+1)
	if len(o.chunks[i]) == 0 {
		o.chunks = slices.Delete(o.chunks, i, i+1)
	}
}

// from calls each for the keys from key on, until it returns false.
func (o *ordered) from(key string, each func(string) bool) {
	for i := o.chunk(key); i < len(o.chunks); i++ {
		c := o.chunks[i]
		at := 0
		if c[0] < key {
			at, _ = slices.BinarySearch(c, key)
		}
		for _, k := range c[at:] {
			if !each(k) {
				return
			}
		}
	}
}
