package history

import (
	"math/rand/v2"
	"time"
)

// random makes any operation that the vocabulary has words for, likely or not: what the codecs must carry.
type random struct{ *rand.Rand }

// words holds every string that a codec could take for something else.
var words = []string{"x", "y", "k17", "", "ok", "lost", "absent", "won", "more", "fail", "unknown", "null", "two words", `q"uo\te`,
	"a=b", "->", "a->b", "(x 1)", "{}", ";", "#", "\x00", "\xff\xfe", "line\nbreak", "naïve ✓", "12", "-1", "0x10", "true", "rev", "rev=1", "\u2028", "\x7f", " "}

func (r random) word() string { return words[r.IntN(len(words))] }
func (r random) maybe() bool  { return r.IntN(4) == 0 }
func (r random) list(n int, each func()) {
	for range r.IntN(n + 1) {
		each()
	}
}

func (r random) number() int64 {
	if r.maybe() {
		return 0
	}
	return r.Int64() - r.Int64()
}

func (r random) leader() *LeaderKey {
	if r.maybe() {
		return nil
	}
	return &LeaderKey{r.word(), r.word(), r.number(), r.number()}
}

func (r random) request(depth int) Request {
	req := Request{Kind: Kind(r.IntN(int(Pause))), Key: r.word()}
	if req.Kind != Get { // a get has no value to write
		req.Value = r.word()
	}
	if req.Kind == CAS {
		req.Expect = r.word()
	}
	if r.maybe() {
		req.End, req.Serializable, req.KeysOnly, req.CountOnly = r.word(), r.maybe(), r.maybe(), r.maybe()
		req.Revision, req.Limit, req.Lease, req.TTL = r.number(), r.number(), r.number(), r.number()
		req.Leader, req.Wait = r.leader(), r.number()
	}
	if req.Kind != Txn || depth == 0 {
		return req
	}
	r.list(2, func() {
		c := Compare{Key: r.word(), Target: targets[r.IntN(len(targets))], Op: operators[r.IntN(len(operators))]}
		if c.Target == "value" {
			c.Value = r.word()
		} else {
			c.Number = r.number()
		}
		req.If = append(req.If, c)
	})
	r.list(2, func() { req.Then = append(req.Then, r.request(depth-1)) })
	r.list(2, func() { req.Else = append(req.Else, r.request(depth-1)) })
	return req
}

func (r random) pair() KV {
	kv := KV{Key: r.word(), Value: r.word()}
	if r.maybe() {
		kv.Create, kv.Mod, kv.Version, kv.Lease = r.number(), r.number(), r.number(), r.number()
	}
	return kv
}

func (r random) header() Header {
	return Header{Revision: r.number(), Term: uint64(r.number()), Member: uint64(r.number()), Cluster: uint64(r.number())}
}

func (r random) result(req Request, depth int) Result {
	res := Result{Outcome: Outcome(r.IntN(3))}
	r.list(2, func() {
		kv := r.pair()
		if r.maybe() {
			kv.Key = req.Key
		}
		res.KVs = append(res.KVs, kv)
	})
	res.Succeeded = r.maybe()
	if r.maybe() {
		res.Header = r.header()
	}
	if r.maybe() {
		res.More, res.Error, res.Key, res.Leader = r.maybe(), r.word(), r.word(), r.leader()
		res.Count, res.Deleted, res.Lease, res.TTL, res.Granted = r.number(), r.number(), r.number(), r.number(), r.number()
		r.list(2, func() { res.Prev = append(res.Prev, r.pair()) })
		r.list(2, func() { res.Keys = append(res.Keys, r.word()) })
	}
	if depth > 0 {
		r.list(2, func() {
			res.Responses = append(res.Responses, r.result(nth(sideTaken(req, res), len(res.Responses)), depth-1))
		})
	}
	return res
}

func (r random) op() Op {
	req := r.request(3)
	op := Op{Process: Process(r.IntN(9)), Node: NodeID(r.word()), Stage: Stage(r.IntN(len(stages))), Request: req, Result: r.result(req, 3)}
	op.Call = time.Duration(r.Int64N(1e12))
	op.Return = op.Call + time.Duration(r.Int64N(1e12))
	if op.Due = op.Call; r.maybe() {
		op.Due -= time.Duration(r.Int64N(1e12))
	}
	return op
}

func (r random) watch() Watch {
	w := Watch{ID: r.IntN(9), Node: NodeID(r.word()), Purpose: r.word(), Key: r.word(), End: r.word(), Start: r.number(), PrevKV: r.maybe(),
		Progress: r.maybe(), Fragment: r.maybe(), NoPut: r.maybe(), NoDelete: r.maybe(), Resumes: r.IntN(3) - 1,
		Opened: time.Duration(r.Int64N(1e9)), Compacted: r.number(), Error: r.word()}
	w.Closed = 1e9 + time.Duration(r.Int64N(1e12))
	r.list(3, func() {
		res := WatchResponse{At: time.Duration(r.Int64N(1e12)), Header: r.header(), Created: r.maybe(), Progress: r.maybe(), Fragment: r.maybe()}
		r.list(2, func() {
			e := Event{Delete: r.maybe(), KV: r.pair()}
			if r.maybe() {
				prev := r.pair()
				e.Prev = &prev
			}
			res.Events = append(res.Events, e)
		})
		w.Responses = append(w.Responses, res)
	})
	return w
}
