package component

import (
	"slices"

	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// file adds an operation to the components that it is about: one, or, of a range at the end, many.
func (s *splitting) file(op *history.Op, i int) {
	if !judged(&s.rules, op) {
		return
	}
	var done map[*Part]bool
	keys := s.about(&op.Request)
	if len(keys) > 1 {
		done = map[*Part]bool{}
	}
	for _, key := range keys {
		p := s.of[key]
		if p == nil || done[p] {
			continue
		}
		if done != nil {
			done[p] = true
		}
		v := s.views[p]
		v.vague, v.lost = 0, ""
		full := fresh(op, i)
		o, ok := v.op(&full)
		if !final(op) {
			p.Vague += v.vague
		}
		if v.lost != "" {
			p.Lost = v.lost
		}
		if ok {
			p.Ops = append(p.Ops, o)
		}
	}
}

// joins reports whether the operation says more than one register can.
func joins(op *history.Op) bool {
	switch op.Request.Kind {
	case history.Get, history.CAS:
		return false
	case history.Put, history.Append:
		return op.Request.Lease != 0
	case history.Delete:
		return op.Request.End != ""
	case history.Range:
		return !final(op)
	}
	return true
}

// fresh is the operation as it was recorded, without its revisions.
func fresh(op *history.Op, i int) Op {
	o := Op{ID: i, Call: op.Call, Return: op.Return, Request: &op.Request, Revision: op.Result.Header.Revision}
	if op.Result.Outcome == history.Unknown {
		o.Maybe, o.Return, o.Revision = true, search.Forever, 0
		return o
	}
	req, res := &op.Request, plain(&op.Result)
	if req.Kind == history.CAS && !res.Succeeded && len(res.KVs) == 0 && res.Header.Revision == 0 {
		// A store that does not tell what it found says only that this was not it.
		req = &history.Request{Kind: history.Txn, If: []history.Compare{{Key: req.Key, Target: "value", Op: "=", Value: req.Expect}},
			Then: []history.Request{{Kind: history.Put, Key: req.Key, Value: req.Value, Lease: req.Lease}}}
		res = &history.Result{Outcome: history.OK}
	}
	o.Request, o.Result = req, res
	return o
}

// plain is an answer without what a store without revisions does not tell.
func plain(res *history.Result) *history.Result {
	out := *res
	bare := func(kvs []history.KV) []history.KV {
		var list []history.KV
		for i := range kvs {
			list = append(list, history.KV{Key: kvs[i].Key, Value: kvs[i].Value})
		}
		return list
	}
	out.KVs, out.Prev, out.Responses = bare(res.KVs), bare(res.Prev), nil
	for i := range res.Responses {
		out.Responses = append(out.Responses, *plain(&res.Responses[i]))
	}
	return &out
}

// leaseEnds adds the ends of leases to the components of the keys under them. A lease may end at any time after its
// grant was called, and has ended when it was revoked.
func (s *splitting) leaseEnds() {
	ids := make([]int64, 0, len(s.leases))
	for id := range s.leases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		t := s.leases[id]
		if t.key == "" {
			continue
		}
		p := s.of[t.key]
		p.strict[id] = len(t.grants) == 1
		for n := range max(1, len(t.grants)) {
			end := Op{ID: None, Return: search.Forever, Maybe: true, Ends: id}
			if n < len(t.grants) {
				end.Call = s.h.Ops[t.grants[n]].Call
			}
			p.Ops = append(p.Ops, end)
		}
		for _, i := range t.revokes {
			op := &s.h.Ops[i]
			p.Ops = append(p.Ops, Op{ID: i, Call: op.Call, Return: op.Return, Ends: id, Revision: op.Result.Header.Revision})
		}
	}
}
