package memkv

import (
	"context"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// lease is a promise to keep keys for a while. Its keys are those whose newest version names it.
type lease struct {
	id      int64
	ttl     int64 // seconds
	expires time.Duration
	keys    []string // sorted
}

func (s *store) attach(kv history.KV) {
	if l := s.leases[kv.Lease]; l != nil {
		i, _ := slices.BinarySearch(l.keys, kv.Key)
		l.keys = slices.Insert(l.keys, i, kv.Key)
	}
}

func (s *store) detach(kv history.KV) {
	if l := s.leases[kv.Lease]; l != nil {
		if i, ok := slices.BinarySearch(l.keys, kv.Key); ok {
			l.keys = slices.Delete(l.keys, i, i+1)
		}
	}
}

func (s *sim) grant(req history.Request) history.Result {
	if _, ok := s.store.leases[req.Lease]; ok {
		return refuse(errLeaseHeld)
	}
	l := &lease{id: req.Lease, ttl: max(req.TTL, 1)}
	l.expires = s.now() + time.Duration(l.ttl)*time.Second
	s.store.leases[l.id] = l
	return history.Result{Outcome: history.OK, Lease: l.id, TTL: l.ttl}
}

// revoke deletes the lease and its keys, in one revision.
func (s *sim) revoke(req history.Request) history.Result {
	l := s.store.leases[req.Lease]
	if l == nil {
		return refuse(errNoLease)
	}
	if s.bug.outlive == nil || !s.bug.outlive(s) {
		for _, key := range slices.Clone(l.keys) {
			s.store.remove(key, "")
		}
	}
	delete(s.store.leases, l.id)
	return history.Result{Outcome: history.OK}
}

// expire lets the leader revoke what is past its time. A leader without a majority cannot.
func (s *sim) expire() {
	if !s.quorum(s.leader) {
		return
	}
	var over []int64
	for id, l := range s.store.leases {
		early := time.Duration(0)
		if s.bug.early != nil {
			early = s.bug.early(s, l)
		}
		if s.now() >= l.expires-early {
			over = append(over, id)
		}
	}
	slices.Sort(over)
	for _, id := range over {
		s.commit(s.leader, history.Request{Kind: history.Revoke, Lease: id})
	}
	if len(over) > 0 {
		s.catchUp(s.leader, len(s.log))
		s.wake()
	}
}

// lessor answers what the leader alone knows: the time that leases have left.
func (s *sim) lessor(ctx context.Context, n *node, req history.Request) (history.Result, error) {
	if err := s.contact(ctx, n); err != nil {
		return history.Result{}, err
	}
	res := history.Result{Outcome: history.OK, Lease: req.Lease, Header: s.header(n)}
	l := s.store.leases[req.Lease]
	alive := l != nil && s.now() < l.expires
	if req.Kind == history.KeepAlive {
		if alive {
			res.TTL = l.ttl
			l.expires = s.now() + time.Duration(l.ttl)*time.Second
		}
	} else if res.TTL = -1; alive {
		res.TTL, res.Granted, res.Keys = remaining(l.expires, s.now()), l.ttl, slices.Clone(l.keys)
	}
	return res, s.travel(ctx, s.leader.id, n.id)
}
