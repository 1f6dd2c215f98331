package workloads

import (
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// view is what one worker last saw of each key. A key that it saw absent, or never saw, is the zero pair.
type view map[string]history.KV

// learn takes in what an operation told. An unknown or failed one tells nothing. To learn twice is harmless.
func (v view) learn(op history.Op) {
	if op.Result.Outcome == history.OK {
		v.answer(op.Request, op.Result, op.Result.Header.Revision)
	}
}

func (v view) answer(req history.Request, res history.Result, revision int64) {
	switch req.Kind {
	case history.Get:
		v[req.Key] = history.KV{}
	case history.Range: // what is not in the answer may have been cut off by the limit
	case history.Put:
		v[req.Key] = written(req, res, revision)
		return
	case history.Delete:
		delete(v, req.Key)
		return
	case history.CAS:
		v[req.Key] = history.KV{}
		if res.Succeeded {
			v[req.Key] = written(req, res, revision)
			return
		}
	case history.Txn:
		side := req.Else
		if res.Succeeded {
			side = req.Then
		}
		for i, r := range res.Responses[:min(len(res.Responses), len(side))] {
			v.answer(side[i], r, revision)
		}
		return
	}
	for _, kv := range res.KVs {
		v[kv.Key] = kv
	}
}

// written is the pair that a put made.
func written(req history.Request, res history.Result, revision int64) history.KV {
	kv := history.KV{Key: req.Key, Value: req.Value, Create: revision, Mod: revision, Version: 1, Lease: req.Lease}
	if len(res.Prev) > 0 {
		kv.Create, kv.Version = res.Prev[0].Create, res.Prev[0].Version+1
	}
	return kv
}

// guard is the condition that a key is as this worker last saw it.
func (v view) guard(key string) history.Compare {
	return history.Compare{Key: key, Target: "mod", Op: "=", Number: v[key].Mod}
}

// appended is the list that this worker last saw under a key, and one more element.
func (v view) appended(key, element string) string {
	if list := v[key].Value; list != "" {
		return list + " " + element
	}
	return element
}

func get(key string) history.Request { return history.Request{Kind: history.Get, Key: key} }

func put(key, value string) history.Request {
	return history.Request{Kind: history.Put, Key: key, Value: value}
}

// prefix reads every key that begins so.
func prefix(name string) history.Request {
	return history.Request{Kind: history.Range, Key: name, End: after(name)}
}

// looks reads each of the keys that the requests name, once.
func looks(ops []history.Request) (out []history.Request) {
	for _, op := range ops {
		if !slices.ContainsFunc(out, func(r history.Request) bool { return r.Key == op.Key }) {
			out = append(out, get(op.Key))
		}
	}
	return out
}
