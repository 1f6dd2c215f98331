package register

import (
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// Cell is what is known of one key's value: nothing (the zero Cell), the value, that it is absent, or what it is not.
type Cell struct {
	Known, Absent, Not bool
	Value              string
}

// Touch is what an operation says of one key: what it saw there, and what it left there.
type Touch struct {
	Key         string
	Read, Write Cell
}

// Action is one atomic step on a set of keys. Maybe marks a step that may also never happen; one that has Reads as
// well happens only where they hold.
type Action struct {
	Touches []Touch
	Maybe   bool
}

var absent = Cell{Known: true, Absent: true}

func value(v string) Cell { return Cell{Known: true, Value: v} }

// Reader translates a history's operations into actions on values, leaving revisions aside.
type Reader struct {
	// Serializable includes reads that asked for a member's own, possibly stale, answer.
	Serializable bool
	// prevs says by kind whether this history's store reports what a write replaced. Only then does a missing
	// previous value mean that there was none.
	prevs  [2]map[history.Kind]bool
	exempt []string // prefixes of keys that the store's own lock and election services write
	wild   wild
	texts  texts
	op     int             // the operation that is read
	named  map[string]bool // keys that some request names; a range may show others', too
	buf    []Action
	touch  []Touch
}

// NewReader learns from h what its operations' answers mean.
func NewReader(h *history.History) *Reader {
	r := &Reader{Serializable: h.Meta.Judge == "linearizable"}
	r.named, r.texts = map[string]bool{}, texts{}
	r.texts.read(h)
	r.prevs[0], r.prevs[1] = map[history.Kind]bool{}, map[history.Kind]bool{}
	seen := map[string]bool{}
	for i := range h.Ops {
		req, res := &h.Ops[i].Request, &h.Ops[i].Result
		r.name(req)
		if res.Outcome != history.Fail {
			r.wild.add(req, res, res.Outcome == history.OK)
		}
		switch req.Kind {
		case history.Lock, history.Campaign, history.Leader:
			if !seen[req.Key] {
				seen[req.Key] = true
				r.exempt = append(r.exempt, req.Key+"/")
			}
		case history.Txn:
			for j := range res.Responses {
				if side := taken(req, res); j < len(side) && len(res.Responses[j].Prev) > 0 {
					r.prevs[1][side[j].Kind] = true
				}
			}
		default:
			if len(res.Prev) > 0 {
				r.prevs[0][req.Kind] = true
			}
		}
	}
	return r
}

func (r *Reader) name(req *history.Request) {
	switch req.Kind {
	case history.Get, history.Put, history.Append, history.CAS, history.Delete:
		if req.End == "" {
			r.named[req.Key] = true
		}
		return
	}
	for i := range req.If {
		r.named[req.If[i].Key] = true
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			r.name(&side[i])
		}
	}
}

func taken(req *history.Request, res *history.Result) []history.Request {
	if res.Succeeded {
		return req.Then
	}
	return req.Else
}

// Wild reports whether the key may have been changed by what no action says: the end of a lease, a range delete that did
// not report what it deleted, or an append to a text of which nobody knows what it is made of.
func (r *Reader) Wild(key string) bool { return r.wild.has(key) || r.texts.vague(key) }

// Exempt reports whether the store itself writes the key, on behalf of lock and election requests.
func (r *Reader) Exempt(key string) bool {
	for _, p := range r.exempt {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// ReportsPrev reports whether requests of this kind, at the top or inside transactions, answer what they replaced.
func (r *Reader) ReportsPrev(kind history.Kind, inner bool) bool {
	if inner {
		return r.prevs[1][kind]
	}
	return r.prevs[0][kind]
}

// Actions returns what op says of the store's values, valid until the next call. exact is false if op saw more than the
// actions can say; they then say less, never something else. What op may have written they say in full, except of keys
// that are Wild or Exempt.
func (r *Reader) Actions(op *history.Op) (actions []Action, exact bool) {
	r.buf, r.touch = r.buf[:0], r.touch[:0]
	req, res := &op.Request, &op.Result
	r.op = op.ID
	if res.Outcome == history.Fail {
		return nil, true
	}
	if req.Serializable && req.ReadOnly() && !r.Serializable {
		return nil, true
	}
	if res.Outcome == history.Unknown {
		if req.ReadOnly() {
			return nil, true
		}
		return r.unknown(op)
	}
	if req.Kind == history.Txn {
		own := map[string]bool{}
		exact = r.txn(req, res, own)
	} else {
		exact = r.known(req, res, false, nil)
	}
	if len(r.touch) > 0 {
		r.buf = append(r.buf, Action{Touches: r.touch})
	}
	return r.buf, exact
}

// known appends the touches of an answered request that is not a transaction. own holds the keys that the surrounding
// transaction has written: what it sees there is its own.
func (r *Reader) known(req *history.Request, res *history.Result, inner bool, own map[string]bool) (exact bool) {
	t := Touch{Key: req.Key}
	switch req.Kind {
	case history.Get:
		if req.Revision != 0 {
			return false
		}
		t.Read = seen(req, res)
	case history.Range:
		return r.rangeRead(req, res, own)
	case history.Put:
		t.Read, t.Write = r.prev(req, res, inner), value(req.Value)
	case history.Append:
		t.Read, t.Write = r.appended(req, res, inner)
	case history.Delete:
		if req.End != "" {
			return r.rangeDelete(req, res, own)
		}
		t.Write = absent
		switch {
		case len(res.Prev) > 0:
			t.Read = value(res.Prev[0].Value)
		case res.Deleted > 0:
			t.Read = Cell{Known: true, Absent: true, Not: true}
		case res.Header.Revision > 0 || inner:
			t.Read = absent
		}
	case history.CAS:
		if res.Succeeded {
			t.Read, t.Write = value(req.Expect), value(req.Value)
			break
		}
		switch {
		case len(res.KVs) > 0:
			t.Read = value(res.KVs[0].Value)
		case res.Header.Revision > 0:
			t.Read = absent
		default:
			t.Read = Cell{Known: true, Not: true, Value: req.Expect}
		}
	default:
		return true // leases, locks and elections are judged by checkers of their own
	}
	r.add(t, own)
	return true
}

func (r *Reader) add(t Touch, own map[string]bool) {
	if own[t.Key] {
		t.Read = Cell{}
	}
	if own != nil && t.Write.Known {
		own[t.Key] = true
	}
	if !r.Exempt(t.Key) && (t.Read.Known || t.Write.Known) {
		r.touch = append(r.touch, t)
	}
}

func (r *Reader) prev(req *history.Request, res *history.Result, inner bool) Cell {
	switch {
	case len(res.Prev) > 0:
		return value(res.Prev[0].Value)
	case r.ReportsPrev(req.Kind, inner):
		return absent
	}
	return Cell{}
}

// seen is what a read of one key saw there.
func seen(req *history.Request, res *history.Result) Cell {
	switch {
	case req.CountOnly && res.Count > 0:
		return Cell{Known: true, Absent: true, Not: true}
	case req.CountOnly || len(res.KVs) == 0:
		return absent
	case req.KeysOnly:
		return Cell{Known: true, Absent: true, Not: true}
	}
	return value(res.KVs[0].Value)
}

// rangeRead says what was there; what was not there, it leaves out, because a range excludes keys without end.
func (r *Reader) rangeRead(req *history.Request, res *history.Result, own map[string]bool) (exact bool) {
	if req.Revision != 0 || req.CountOnly {
		return false
	}
	for _, kv := range res.KVs {
		if !r.named[kv.Key] {
			continue // somebody else's
		}
		t := Touch{Key: kv.Key, Read: value(kv.Value)}
		if req.KeysOnly {
			t.Read = Cell{Known: true, Absent: true, Not: true}
		}
		r.add(t, own)
	}
	return false
}

func (r *Reader) rangeDelete(req *history.Request, res *history.Result, own map[string]bool) (exact bool) {
	for _, kv := range res.Prev {
		r.add(Touch{Key: kv.Key, Read: value(kv.Value), Write: absent}, own)
	}
	return false
}

// txn appends the touches of an answered transaction: its compares, then the side it took. Several touches of one key
// are merged: the first read, the last write.
func (r *Reader) txn(req *history.Request, res *history.Result, own map[string]bool) (exact bool) {
	exact = r.compares(req, res)
	side := taken(req, res)
	for i := range side {
		if i >= len(res.Responses) {
			exact = false
			r.silent(&side[i], own)
			continue
		}
		sub := res.Responses[i]
		if side[i].Kind == history.Txn {
			exact = r.txn(&side[i], &sub, own) && exact
		} else {
			exact = r.known(&side[i], &sub, true, own) && exact
		}
	}
	r.touch = merge(r.touch)
	return exact
}

// silent appends what a request did of which no answer was recorded.
func (r *Reader) silent(req *history.Request, own map[string]bool) {
	switch {
	case req.Kind == history.Put:
		r.add(Touch{Key: req.Key, Write: value(req.Value)}, own)
	case req.Kind == history.Append:
		t := Touch{Key: req.Key}
		t.Read, t.Write = r.texts.appended(req.Key, req.Value, r.op)
		r.add(t, own)
	case req.Kind == history.Delete && req.End == "":
		r.add(Touch{Key: req.Key, Write: absent}, own)
	}
}

// merge makes one touch of those of one key: the first read, the last write.
func merge(touches []Touch) []Touch {
	at := make(map[string]int, len(touches))
	out := touches[:0]
	for _, t := range touches {
		i, seen := at[t.Key]
		if !seen {
			at[t.Key] = len(out)
			out = append(out, t)
			continue
		}
		if !out[i].Read.Known || out[i].Read.Not && !t.Read.Not && t.Read.Known {
			out[i].Read = t.Read
		}
		if t.Write.Known {
			out[i].Write = t.Write
		}
	}
	return out
}

// compares appends what a transaction's outcome says of the keys compared. All compares hold if it succeeded; if it
// did not, one of them fails, and only a sole one is known to.
func (r *Reader) compares(req *history.Request, res *history.Result) (exact bool) {
	exact = true
	for i := range req.If {
		c := condition(&req.If[i])
		if !c.Known {
			exact = false
			continue
		}
		if !res.Succeeded {
			if len(req.If) > 1 || c.Not {
				exact = false
				continue
			}
			c.Not = true
		}
		r.add(Touch{Key: req.If[i].Key, Read: c}, nil) // also nested ones look at what was there before the transaction
	}
	return exact
}

// condition is what a compare demands, as far as it speaks of the value's presence or equality.
func condition(c *history.Compare) Cell {
	switch {
	case c.Op == "=" && c.Target == "value":
		return value(c.Value)
	case c.Op == "=" && c.Target != "lease" && c.Number == 0:
		return absent
	case c.Target != "lease" && c.Number == 0 && (c.Op == "!=" || c.Op == ">"):
		return Cell{Known: true, Absent: true, Not: true}
	}
	return Cell{}
}
