package memkv

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// evidence is what would be read from the members' files: log, hard states, terms of office, and a hash at the newest
// revision that all of them have.
func (s *sim) evidence(context.Context) ([]history.Evidence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	common := s.store.revision()
	for _, n := range s.nodes {
		common = min(common, n.revision)
	}
	var all []history.Evidence
	for _, n := range s.nodes {
		hash := s.hash(n, common)
		wal := &history.WAL{First: 1, Commit: uint64(n.applied), Term: n.term, States: slices.Clone(n.states)}
		for i, e := range s.log[:n.applied] {
			wal.Entries = append(wal.Entries, walEntry(uint64(i+1), e))
		}
		wal.States = append(wal.States, history.HardState{Term: n.term, Vote: vote(n), Commit: wal.Commit})
		all = append(all, history.Evidence{
			Node: n.id, Member: n.member, Restarts: n.restarts, Leads: slices.Clone(n.leads), Hash: &hash, WAL: wal,
		})
	}
	if s.bug.forge != nil {
		s.bug.forge(s, all)
	}
	return all, nil
}

// vote is whom the member voted for in its term.
func vote(n *node) uint64 {
	if len(n.states) == 0 {
		return 0
	}
	return n.states[len(n.states)-1].Vote
}

// walEntry is an entry as a log shows it: there a compare-and-swap is a transaction.
func walEntry(index uint64, e entry) history.Entry {
	out := history.Entry{Index: index, Term: e.term}
	sum := fnv.New64a()
	if e.request != nil {
		r := *e.request
		if r.Kind == history.CAS {
			r = history.Request{
				Kind: history.Txn,
				If:   []history.Compare{{Key: r.Key, Target: "value", Op: "=", Value: r.Expect}},
				Then: []history.Request{{Kind: history.Put, Key: r.Key, Value: r.Value, Lease: r.Lease}},
				Else: []history.Request{{Kind: history.Get, Key: r.Key}},
			}
		}
		out.Request = &r
		text, _ := json.Marshal(r) // a request has nothing that JSON cannot say
		sum.Write(text)
	}
	out.Digest = sum.Sum64()
	return out
}
