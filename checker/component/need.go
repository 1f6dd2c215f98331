package component

import (
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// absent is the number of no value; anything that of whatever there may be.
const (
	absent   int32 = 0
	anything int32 = -1
)

// cell is a key with the value that is needed or made there.
type cell struct{ key, value int32 }

// facts are what an operation needs and what it may make, as far as cells can say it.
type facts struct {
	needs []cell // where it happens, the keys hold this; anything: what they hold matters
	makes []cell // anything: who knows
	quiet bool   // it changes nothing, wherever it fits
}

// reader finds the facts of operations.
type reader struct {
	names *names
	told  func(history.Kind, bool) bool
	facts facts
	own   map[string]bool // keys that the transaction has written before
}

// of are the operation's facts.
func (r *reader) of(o *Op) facts {
	r.facts, r.own = facts{}, map[string]bool{}
	if o.Request == nil {
		return r.facts
	}
	if o.Result != nil {
		r.needs(o.Request, o.Result, false)
		r.facts.quiet = quiet(o.Request, o.Result, false)
	} else {
		r.conditions(o.Request)
	}
	r.makes(o.Request)
	if o.Other != nil {
		r.makes(o.Other)
	}
	return r.facts
}

func (r *reader) need(key string, value int32) {
	if at, ok := r.names.keyAt[key]; ok && !r.own[key] {
		r.facts.needs = append(r.facts.needs, cell{at, value})
	}
}

// pairs needs what was shown, and that the other keys of the span were absent, as far as all of them were told.
func (r *reader) pairs(req *history.Request, kvs []history.KV, all, values bool) {
	shown := map[string]bool{}
	for i := range kvs {
		shown[kvs[i].Key] = true
		if values {
			r.need(kvs[i].Key, r.names.value(kvs[i].Value))
		} else {
			r.need(kvs[i].Key, anything)
		}
	}
	r.span(req, func(key string) {
		switch {
		case shown[key]:
		case all || len(kvs) > 0 && key < kvs[len(kvs)-1].Key:
			r.need(key, absent)
		default:
			r.need(key, anything)
		}
	})
}

func (r *reader) span(req *history.Request, each func(key string)) {
	if req.End == "" {
		each(req.Key)
		return
	}
	for _, key := range r.names.keys {
		if model.Covers(req.Key, req.End, key) {
			each(key)
		}
	}
}

func (r *reader) needs(req *history.Request, res *history.Result, inner bool) {
	switch req.Kind {
	case history.Get, history.Range:
		r.pairs(req, res.KVs, !req.CountOnly && !res.More, !req.KeysOnly)
	case history.Put:
		switch {
		case len(res.Prev) > 0:
			r.need(req.Key, r.names.value(res.Prev[0].Value))
		case r.told(req.Kind, inner):
			r.need(req.Key, absent)
		}
		r.own[req.Key] = true
	case history.Delete:
		if res.Deleted > 0 || res.Header.Revision > 0 || inner {
			r.pairs(req, res.Prev, int(res.Deleted) == len(res.Prev), true)
		}
		r.span(req, func(key string) { r.own[key] = true })
	case history.CAS:
		switch {
		case res.Succeeded:
			r.need(req.Key, r.names.value(req.Expect))
		case len(res.KVs) > 0:
			r.need(req.Key, r.names.value(res.KVs[0].Value))
		default:
			r.need(req.Key, absent)
		}
	case history.Txn:
		r.transaction(req, res)
	default:
		r.need(req.Key, anything)
		r.own[req.Key] = true
	}
}

func (r *reader) transaction(req *history.Request, res *history.Result) {
	own := r.own
	r.own = nil // also nested ones look at what was there before the whole transaction
	for i := range req.If {
		switch c := &req.If[i]; {
		case res.Succeeded && c.Target == "value" && c.Op == "=":
			r.need(c.Key, r.names.value(c.Value))
		case res.Succeeded && c.Target != "value" && c.Target != "lease" && c.Op == "=" && c.Number == 0:
			r.need(c.Key, absent)
		default:
			r.need(c.Key, anything)
		}
	}
	r.own = own
	for i, sub := range model.Side(req, res.Succeeded) {
		if i < len(res.Responses) {
			r.needs(&sub, &res.Responses[i], true)
		} else {
			r.conditions(&sub)
			r.makes(&sub)
		}
	}
}

// conditions are what decides how a request of whose answer nothing is known changes the store.
func (r *reader) conditions(req *history.Request) {
	switch req.Kind {
	case history.CAS:
		r.need(req.Key, r.names.value(req.Expect))
	case history.Txn:
		own := r.own
		r.own = nil
		for i := range req.If {
			r.need(req.If[i].Key, anything)
		}
		r.own = own
		for _, side := range [][]history.Request{req.Then, req.Else} {
			for i := range side {
				r.conditions(&side[i])
			}
		}
	case history.Put, history.Delete, history.Get, history.Range:
	default:
		r.need(req.Key, anything)
	}
}

func (r *reader) make(key string, value int32) {
	if at, ok := r.names.keyAt[key]; ok {
		r.facts.makes = append(r.facts.makes, cell{at, value})
	}
}

func (r *reader) makes(req *history.Request) {
	switch req.Kind {
	case history.Get, history.Range:
	case history.Put, history.CAS:
		r.make(req.Key, r.names.value(req.Value))
		if req.Lease != 0 { // whose end takes the key away
			r.make(req.Key, absent)
		}
	case history.Delete:
		r.span(req, func(key string) { r.make(key, absent) })
	case history.Txn:
		for _, side := range [][]history.Request{req.Then, req.Else} {
			for i := range side {
				r.makes(&side[i])
			}
		}
	default:
		r.make(req.Key, anything)
	}
}

// quiet reports whether the answer alone says that nothing was changed.
func quiet(req *history.Request, res *history.Result, inner bool) bool {
	switch req.Kind {
	case history.Get, history.Range:
		return true
	case history.Delete:
		return res.Deleted == 0 && (res.Header.Revision > 0 || inner)
	case history.CAS:
		return !res.Succeeded
	case history.Txn:
		for i, sub := range model.Side(req, res.Succeeded) {
			var got history.Result
			if i < len(res.Responses) {
				got = res.Responses[i]
			} else if !sub.ReadOnly() {
				return false
			}
			if !quiet(&sub, &got, true) {
				return false
			}
		}
		return true
	}
	return false
}
