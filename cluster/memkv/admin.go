package memkv

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/whitewater-kv/whitewater/history"
)

// admin is what an operator can ask for.
type admin sim

func (a *admin) member(id history.NodeID) (*node, error) {
	s := (*sim)(a)
	n := s.node(id)
	if n == nil {
		return nil, fmt.Errorf("member %s: there is none of that name", id)
	}
	if !n.running() {
		return nil, fmt.Errorf("member %s: no answer", id)
	}
	return n, nil
}

func (a *admin) Compact(ctx context.Context, id history.NodeID, revision int64) error {
	s := (*sim)(a)
	c, err := s.dial(ctx, id)
	if err != nil {
		return err
	}
	res := c.Do(ctx, history.Request{Kind: history.Compact, Revision: revision})
	if res.Outcome != history.OK {
		return errors.New(res.Error)
	}
	return nil
}

func (a *admin) Defragment(_ context.Context, id history.NodeID) error {
	s := (*sim)(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := a.member(id)
	return err
}

func (a *admin) MoveLeader(_ context.Context, from, to history.NodeID) error {
	s := (*sim)(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := a.member(from); err != nil {
		return err
	}
	heir := s.node(to)
	switch {
	case s.leader == nil || s.leader.id != from:
		return fmt.Errorf("move leader from %s: it is not the leader", from)
	case !s.quorum(heir):
		return fmt.Errorf("move leader to %s: it has no majority", to)
	}
	s.elect(heir)
	return nil
}

func (a *admin) HashKV(_ context.Context, id history.NodeID, revision int64) (history.HashKV, error) {
	s := (*sim)(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := a.member(id)
	if err != nil {
		return history.HashKV{}, err
	}
	if revision == 0 {
		revision = n.revision
	}
	if reason := s.store.checkRevision(revision, n.revision, n.compact); reason != "" {
		return history.HashKV{}, errors.New(reason)
	}
	return s.hash(n, revision), nil
}

// hash sums up everything that the member keeps up to a revision.
func (s *sim) hash(n *node, revision int64) history.HashKV {
	sum := crc32.NewIEEE()
	for _, key := range s.store.keys {
		for _, v := range s.store.versions[key] {
			if v.Mod <= revision && !n.skips[v.Mod] {
				fmt.Fprintln(sum, v)
			}
		}
	}
	return history.HashKV{Revision: revision, Compact: n.compact, Hash: sum.Sum32()}
}

// status is what a member says of itself, not over the links that clients use. One that does not run says nothing.
func (s *sim) status(_ context.Context, id history.NodeID) history.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := history.Status{At: s.opts.Since(), Node: id}
	n := s.node(id)
	if n == nil {
		return st
	}
	if st.State = n.state; !n.running() {
		return st
	}
	st.Up, st.Member, st.Leader, st.Term = true, n.member, n.leader, n.term
	st.Index, st.Applied, st.Revision = uint64(n.applied), uint64(n.applied), n.revision
	st.DBBytes = 4096 * int64(len(s.store.keys)+1)
	if s.bug.status != nil {
		s.bug.status(s, &st)
	}
	return st
}
