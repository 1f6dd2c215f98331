package component

import (
	"github.com/whitewater-kv/whitewater/history"
)

// view restricts requests and their answers to what can be said of some keys.
//
// Every restriction keeps a legal history legal. Compares that cannot be judged, because they are about other keys or
// about revisions, are taken as answered: where they held, they are left out; where the transaction lost, it becomes one
// that carries out its other side.
type view struct {
	keep  map[string]bool
	whole func(key, end string) bool // no key in the span is left out, and nobody else writes there
	vague int
	lost  string
}

// op restricts an operation; false if nothing of it is left.
func (v *view) op(o *Op) (Op, bool) {
	if o.Request == nil {
		return *o, true
	}
	out := *o
	if o.Result != nil {
		var ok bool
		out.Request, out.Result, ok = v.answered(o.Request, o.Result)
		return out, ok
	}
	if o.Other != nil {
		out.Other = v.silent(o.Other, false, nil)
	}
	out.Request = v.silent(o.Request, o.Maybe, &out.Other)
	if out.Request == nil {
		out.Request, out.Other = out.Other, nil
	}
	return out, out.Request != nil
}

// answered restricts a request that was answered. A nil result says that the answer tells too little to be compared.
func (v *view) answered(req *history.Request, res *history.Result) (*history.Request, *history.Result, bool) {
	switch {
	case req.Revision != 0:
		v.vague++
		return nil, nil, false
	case req.Kind == history.Txn:
		return v.transaction(req, res)
	case req.End == "":
		return req, res, v.keep[req.Key]
	case v.whole(req.Key, req.End):
		return req, res, true
	case req.Kind == history.Delete:
		return v.sweep(req, res)
	case req.CountOnly || req.Limit != 0 || res.More:
		v.vague++
		return nil, nil, false
	}
	some := *res
	some.KVs = v.kept(res.KVs)
	some.Count = int64(len(some.KVs))
	return req, &some, true
}

func (v *view) sweep(req *history.Request, res *history.Result) (*history.Request, *history.Result, bool) {
	if int(res.Deleted) != len(res.Prev) {
		v.vague++
		return req, nil, true
	}
	some := *res
	some.Prev = v.kept(res.Prev)
	some.Deleted = int64(len(some.Prev))
	return req, &some, true
}

func (v *view) kept(kvs []history.KV) []history.KV {
	var out []history.KV
	for i := range kvs {
		if v.keep[kvs[i].Key] {
			out = append(out, kvs[i])
		}
	}
	return out
}

// transaction restricts one that was answered.
func (v *view) transaction(req *history.Request, res *history.Result) (*history.Request, *history.Result, bool) {
	out := &history.Request{Kind: history.Txn}
	compares, free := v.compares(req.If)
	lost := !res.Succeeded && free // nobody can tell which compare it was
	switch {
	case res.Succeeded:
		out.If = compares
	case !lost:
		out.If = req.If
	}
	side, answer := sideOf(req, res.Succeeded), &history.Result{Succeeded: res.Succeeded || lost, Header: res.Header, Outcome: res.Outcome}
	known := len(res.Responses) == len(side)
	var taken []history.Request
	for i := range side {
		if !known {
			if sub := v.silent(&side[i], false, nil); sub != nil {
				taken = append(taken, *sub)
			}
			continue
		}
		sub, got, ok := v.answered(&side[i], &res.Responses[i])
		if !ok {
			continue
		}
		if got == nil {
			known, answer.Responses = false, nil
		} else if known {
			answer.Responses = append(answer.Responses, *got)
		}
		taken = append(taken, *sub)
	}
	if !known {
		answer.Responses = nil
	}
	switch {
	case res.Succeeded:
		out.Then, out.Else = taken, v.silentSide(req.Else)
	case lost:
		out.Then = taken
	default:
		out.Then, out.Else = v.silentSide(req.Then), taken
	}
	return out, answer, len(taken) > 0 || len(out.If) > 0
}

func sideOf(req *history.Request, succeeded bool) []history.Request {
	if succeeded {
		return req.Then
	}
	return req.Else
}

// silent restricts a request of whose answer nothing is known: to what it may write. If its compares cannot be judged,
// it does one side or the other; in the middle of another transaction that cannot be said.
func (v *view) silent(req *history.Request, maybe bool, other **history.Request) *history.Request {
	switch {
	case req.Kind != history.Txn && req.ReadOnly():
		return nil
	case req.Kind != history.Txn && req.End == "" && !v.keep[req.Key]:
		return nil
	case req.Kind != history.Txn:
		return req
	}
	then, els := v.silentSide(req.Then), v.silentSide(req.Else)
	if len(then) == 0 && len(els) == 0 {
		return nil
	}
	compares, free := v.compares(req.If)
	if !free {
		return &history.Request{Kind: history.Txn, If: compares, Then: then, Else: els}
	}
	if !maybe || other == nil {
		v.lost = "a transaction whose answer is not known compares what cannot be judged"
		return nil
	}
	if *other == nil && len(els) > 0 {
		*other = &history.Request{Kind: history.Txn, Then: els}
	}
	if len(then) == 0 {
		return nil
	}
	return &history.Request{Kind: history.Txn, If: compares, Then: then}
}

func (v *view) silentSide(side []history.Request) []history.Request {
	var out []history.Request
	for i := range side {
		if sub := v.silent(&side[i], false, nil); sub != nil {
			out = append(out, *sub)
		}
	}
	return out
}

// compares returns those that can be judged, or what of them can be if they held. free says that others were left out.
func (v *view) compares(list []history.Compare) (out []history.Compare, free bool) {
	for _, c := range list {
		switch {
		case !v.keep[c.Key]:
			free = true
		case c.Target != "mod" && c.Target != "create" || c.Number <= 1:
			out = append(out, c)
		default:
			free = true
			v.vague++
			if c.Op == "=" || c.Op == ">" { // the key was there at least
				out = append(out, history.Compare{Key: c.Key, Target: "create", Op: ">"})
			}
		}
	}
	return out, free
}
