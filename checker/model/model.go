// Package model is the sequential specification of the store: what every request does to it and answers, one after
// another, as etcd documents and implements it. Replaying, searching, checking certificates and making histories all
// use this one.
package model

import (
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// View is a store's content at one moment.
type View interface {
	Get(key string) (history.KV, bool)
	// Scan calls each for the keys of a range, in order, until it returns false.
	Scan(key, end string, each func(history.KV) bool)
}

// Change is what a request did to one key.
type Change struct {
	KV      history.KV
	Deleted bool
}

// Eval carries out a request on the content of revision rev and returns its answer and its changes, which all happen
// at revision rev+1. Requests on leases, locks and elections, compactions and reads of a past revision answer nothing
// and change nothing.
func Eval(v View, rev int64, req *history.Request) (history.Result, []Change) {
	return new(Evaluator).Eval(v, rev, req)
}

// Evaluator is Eval for millions of requests: what it returns is valid until the next one.
type Evaluator struct {
	eval eval
	res  history.Result
}

// Eval carries out a request.
func (ev *Evaluator) Eval(v View, rev int64, req *history.Request) (history.Result, []Change) {
	e, res := &ev.eval, &ev.res
	*e = eval{view: v, under: v, rev: rev, changes: e.changes[:0]}
	*res = emptied(res)
	res.Outcome = history.OK
	if req.Kind == history.Txn {
		e.view = &over{under: v, changes: &e.changes}
	}
	e.request(req, res)
	res.Header.Revision = rev
	if len(e.changes) > 0 {
		res.Header.Revision++
	}
	return *res, e.changes
}

// emptied is an answer of nothing, with room for what the one before it told.
func emptied(res *history.Result) history.Result {
	return history.Result{KVs: res.KVs[:0], Prev: res.Prev[:0], Responses: res.Responses[:0]}
}

type eval struct {
	view    View // with the changes so far
	under   View // before the request
	rev     int64
	changes []Change
}

func (e *eval) request(req *history.Request, res *history.Result) {
	switch req.Kind {
	case history.Get, history.Range:
		if req.Revision == 0 {
			Read(e.view, req, res)
		}
	case history.Put:
		e.put(req, res)
	case history.Append:
		whole := *req
		if prev, ok := e.view.Get(req.Key); ok {
			whole.Value = prev.Value + req.Value
		}
		e.put(&whole, res)
	case history.Delete:
		Scan(e.view, req.Key, req.End, func(kv history.KV) bool {
			res.Prev = append(res.Prev, kv)
			return true
		})
		for _, kv := range res.Prev {
			e.changes = append(e.changes, Change{KV: history.KV{Key: kv.Key, Mod: e.rev + 1}, Deleted: true})
		}
		res.Deleted = int64(len(res.Prev))
	case history.CAS:
		kv, ok := e.view.Get(req.Key)
		if res.Succeeded = ok && kv.Value == req.Expect; res.Succeeded {
			e.put(req, res)
		} else if ok {
			res.KVs = append(res.KVs, kv)
		}
	case history.Txn:
		e.txn(req, res)
	}
}

func (e *eval) put(req *history.Request, res *history.Result) {
	kv := history.KV{Key: req.Key, Value: req.Value, Create: e.rev + 1, Mod: e.rev + 1, Version: 1, Lease: req.Lease}
	if prev, ok := e.view.Get(req.Key); ok {
		kv.Create, kv.Version = prev.Create, prev.Version+1
		res.Prev = append(res.Prev, prev)
	}
	e.changes = append(e.changes, Change{KV: kv})
}

// txn compares with what was there before the whole transaction, also where it is nested in another one: etcd walks
// all compares before it carries out anything (compareToPath in server/etcdserver/txn). Reads see the writes before
// them.
func (e *eval) txn(req *history.Request, res *history.Result) {
	res.Succeeded = true
	for i := range req.If {
		if !Holds(e.under, &req.If[i]) {
			res.Succeeded = false
			break
		}
	}
	side := Side(req, res.Succeeded)
	res.Responses = slices.Grow(res.Responses, len(side))[:len(side)]
	for i := range side {
		res.Responses[i] = emptied(&res.Responses[i])
		e.request(&side[i], &res.Responses[i])
	}
}

// Side is what a transaction carries out.
func Side(req *history.Request, succeeded bool) []history.Request {
	if succeeded {
		return req.Then
	}
	return req.Else
}

// Holds evaluates one compare. A key that is absent has no value, so that every compare with its value fails; its
// version, revisions and lease are zero.
func Holds(v View, c *history.Compare) bool {
	kv, ok := v.Get(c.Key)
	order := 0
	switch c.Target {
	case "value":
		if !ok {
			return false
		}
		order = strings.Compare(kv.Value, c.Value)
	case "version":
		order = sign(kv.Version - c.Number)
	case "mod":
		order = sign(kv.Mod - c.Number)
	case "create":
		order = sign(kv.Create - c.Number)
	case "lease":
		order = sign(kv.Lease - c.Number)
	}
	switch c.Op {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	}
	return order > 0
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Read answers a get or a range from the view, whatever revision it asks for.
func Read(v View, req *history.Request, res *history.Result) {
	if req.End == "" {
		if kv, ok := v.Get(req.Key); ok {
			show(req, res, kv)
		}
		return
	}
	v.Scan(req.Key, req.End, func(kv history.KV) bool {
		show(req, res, kv)
		return true
	})
}

func show(req *history.Request, res *history.Result, kv history.KV) {
	res.Count++
	switch {
	case req.CountOnly:
	case req.Limit > 0 && res.Count > req.Limit:
		res.More = true
	default:
		if req.KeysOnly {
			kv.Value = ""
		}
		res.KVs = append(res.KVs, kv)
	}
}

// Scan is View.Scan, but a single key is looked up.
func Scan(v View, key, end string, each func(history.KV) bool) {
	if end != "" {
		v.Scan(key, end, each)
	} else if kv, ok := v.Get(key); ok {
		each(kv)
	}
}

// Covers reports whether a range of that start and end covers the key.
func Covers(start, end, key string) bool {
	switch end {
	case "":
		return key == start
	case "\x00":
		return key >= start
	}
	return key >= start && key < end
}
