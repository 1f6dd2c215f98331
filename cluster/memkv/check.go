package memkv

import (
	"maps"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// form says why a member turns a request down before it asks anybody, by its form alone; "" = it does not.
func form(req history.Request) string {
	if reason := wellFormed(req); reason != "" {
		return reason
	}
	if _, ok := touch([]history.Request{req}); !ok {
		return errDuplicate
	}
	return ""
}

func wellFormed(req history.Request) string {
	switch req.Kind {
	case history.Put, history.CAS, history.Append, history.Get:
		if req.Key == "" {
			return errEmptyKey
		}
	case history.Range, history.Delete:
		if req.Key == "" && req.End != "\x00" {
			return errEmptyKey
		}
	case history.Txn:
		for _, c := range req.If {
			if c.Key == "" {
				return errEmptyKey
			}
			if !slices.Contains([]string{"value", "version", "mod", "create", "lease"}, c.Target) {
				return errUnsupport
			}
		}
		for _, op := range slices.Concat(req.Then, req.Else) {
			if op.Kind == history.Compact || op.Kind == history.Grant || op.Kind == history.Revoke {
				return errUnsupport
			}
			if reason := wellFormed(op); reason != "" {
				return reason
			}
		}
	case history.Compact, history.Grant, history.Revoke, history.KeepAlive, history.TimeToLive,
		history.Lock, history.Unlock, history.Campaign, history.Proclaim, history.Resign, history.Leader:
	default:
		return errUnsupport
	}
	return ""
}

// touched is what requests that are carried out together put and delete.
type touched struct {
	puts    map[string]bool
	deletes []history.Request
}

// touch collects what requests write; not ok: a key would be put twice, or put and deleted. The sides of a transaction
// exclude each other. It finds what etcd's checkIntervals finds, and no more.
func touch(ops []history.Request) (t touched, ok bool) {
	t.puts = map[string]bool{}
	for _, op := range ops {
		if op.Kind == history.Delete {
			t.deletes = append(t.deletes, op)
		}
	}
	for _, op := range ops {
		if op.Kind == history.CAS {
			op.Then = []history.Request{{Kind: history.Put, Key: op.Key}}
		}
		then, okThen := touch(op.Then)
		other, okElse := touch(op.Else)
		if !okThen || !okElse || t.clashes(then) || t.clashes(other) {
			return t, false
		}
		t.add(then)
		t.add(other)
	}
	for _, op := range ops {
		if op.Kind != history.Put && op.Kind != history.Append {
			continue
		}
		put := touched{puts: map[string]bool{op.Key: true}}
		if t.clashes(put) {
			return t, false
		}
		t.add(put)
	}
	return t, true
}

func (t touched) clashes(other touched) bool {
	for key := range other.puts {
		deleted := func(d history.Request) bool { return d.End != "\x00" && covers(d.Key, d.End, key) }
		if t.puts[key] || slices.ContainsFunc(t.deletes, deleted) {
			return true
		}
	}
	return false
}

func (t *touched) add(other touched) {
	maps.Copy(t.puts, other.puts)
	t.deletes = append(t.deletes, other.deletes...)
}

// check says why the store refuses a request once it is to be carried out; "" = it does not. Of a transaction only the
// sides that are taken count.
func (s *store) check(req history.Request) string {
	switch req.Kind {
	case history.Put, history.CAS, history.Append:
		if _, ok := s.leases[req.Lease]; req.Lease != 0 && !ok {
			return errNoLease
		}
	case history.Get, history.Range:
		return s.checkRevision(req.Revision, s.revision(), s.compact)
	case history.Txn:
		side := req.Else
		if s.holds(req.If, s.revision()) {
			side = req.Then
		}
		for _, op := range side {
			if reason := s.check(op); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func (s *store) checkRevision(asked, revision, compact int64) string {
	switch {
	case asked > revision:
		return errFuture
	case asked > 0 && asked < compact:
		return errCompacted
	}
	return ""
}
