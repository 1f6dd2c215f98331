package memkv

import (
	"context"
	"fmt"

	"github.com/whitewater-kv/whitewater/history"
)

// await takes a place in the queue for a lock or an election and waits for its turn, as etcd's services do: the place
// is a key with the lease, and the one with the lowest create revision is the holder.
func (s *sim) await(life, client context.Context, n *node, req history.Request) (history.Result, error) {
	ctx, cancel := context.WithCancel(life)
	defer cancel()
	defer context.AfterFunc(client, cancel)()

	key := fmt.Sprintf("%s/%x", req.Key, req.Lease)
	res, err := s.propose(ctx, n, history.Request{
		Kind: history.Txn,
		If:   []history.Compare{{Key: key, Target: "create", Op: "="}},
		Then: []history.Request{{Kind: history.Put, Key: key, Value: req.Value, Lease: req.Lease}},
		Else: []history.Request{{Kind: history.Get, Key: key}},
	})
	if err != nil || res.Outcome != history.OK {
		return res, err
	}
	place := res.Header.Revision
	if !res.Succeeded {
		place = res.Responses[0].KVs[0].Create
	}
	held, err := s.turn(ctx, n, req, key, place)
	if err != nil {
		s.leave(life, n, key)
		return history.Result{}, err
	}
	if !held {
		return history.Result{Error: errSession}, nil
	}
	out := history.Result{Outcome: history.OK, Key: key, Header: s.header(n)}
	if req.Kind == history.Campaign {
		out.Key = ""
		out.Leader = &history.LeaderKey{Name: req.Key, Key: key, Rev: place, Lease: req.Lease}
	}
	return out, nil
}

// turn waits until nobody is before this place, and says whether the place is still there then.
func (s *sim) turn(ctx context.Context, n *node, req history.Request, key string, place int64) (bool, error) {
	if s.bug.jump == nil || !s.bug.jump(s, req.Kind) {
		first := func() bool {
			kv, ok := s.first(req.Key, n.revision)
			return n.revision >= place && (!ok || kv.Create >= place)
		}
		if err := s.until(ctx, first); err != nil {
			return false, err
		}
	}
	if err := s.readIndex(ctx, n); err != nil {
		return false, err
	}
	kv, ok := s.store.at(key, n.revision)
	return ok && kv.Create == place, nil
}

// first is the holder's key of a lock or an election.
func (s *sim) first(name string, revision int64) (first history.KV, ok bool) {
	for _, key := range s.store.within(name+"/", name+"0") {
		if kv, is := s.store.at(key, revision); is && (!ok || kv.Create < first.Create) {
			first, ok = kv, true
		}
	}
	return first, ok
}

// leave gives up the place of a client that waits no longer. Should that fail, the lease ends it.
func (s *sim) leave(life context.Context, n *node, key string) {
	ctx, cancel := context.WithTimeout(life, s.opts.Timeout)
	defer cancel()
	_, _ = s.propose(ctx, n, history.Request{Kind: history.Delete, Key: key})
}

// recipe answers the requests on locks and elections that do not wait.
func (s *sim) recipe(ctx context.Context, n *node, req history.Request) (history.Result, error) {
	switch {
	case req.Kind == history.Unlock:
		res, err := s.propose(ctx, n, history.Request{Kind: history.Delete, Key: req.Key})
		res.Prev, res.Deleted = nil, 0
		return res, err
	case req.Kind == history.Leader:
		if err := s.readIndex(ctx, n); err != nil {
			return history.Result{}, err
		}
		res := history.Result{Outcome: history.OK, Header: s.header(n)}
		if kv, ok := s.first(req.Key, n.revision); ok {
			res.KVs = []history.KV{kv}
		}
		return res, nil
	case req.Leader == nil:
		return refuse(errUnsupport), nil
	}
	then := history.Request{Kind: history.Delete, Key: req.Leader.Key}
	if req.Kind == history.Proclaim {
		then = history.Request{Kind: history.Put, Key: req.Leader.Key, Value: req.Value, Lease: req.Leader.Lease}
	}
	res, err := s.propose(ctx, n, history.Request{
		Kind: history.Txn,
		If:   []history.Compare{{Key: req.Leader.Key, Target: "create", Op: "=", Number: req.Leader.Rev}},
		Then: []history.Request{then},
	})
	res.Responses = nil
	if err == nil && res.Outcome == history.OK && !res.Succeeded && req.Kind == history.Proclaim {
		return history.Result{Outcome: history.Fail, Error: errNotLeader}, nil
	}
	res.Succeeded = false
	return res, err
}
