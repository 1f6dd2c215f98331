package exchange

import (
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// native is what an operation is to Jepsen, Knossos and Elle: its function, the value of its invocation and of its
// completion, and whether it failed although it was answered.
type native struct {
	f           string
	asked, seen node
	lost        bool
}

// natives puts a history's operations into the words of others.
type natives struct {
	stale bool            // serializable reads may be
	bare  map[string]bool // the keys of holders whose locks hang on no lease
	own   map[string]bool // names of locks and elections: under them, the store writes keys of its own
	alone map[string]bool // keys that are read or written outside transactions
}

func newNatives(h *history.History) *natives {
	x := &natives{stale: h.Meta.Judge != "linearizable", bare: map[string]bool{}, own: map[string]bool{}, alone: map[string]bool{}}
	for i := range h.Ops {
		switch req := &h.Ops[i].Request; req.Kind {
		case history.Campaign, history.Leader:
			x.own[req.Key] = true
		case history.Lock:
			x.own[req.Key] = true
			x.bare[h.Ops[i].Result.Key] = req.Lease == 0
		case history.Txn:
		default:
			x.alone[req.Key] = true
		}
	}
	return x
}

// weaker are in what ways a read says less than one of the newest values; with it as its function's end, other tools
// leave it out.
var weaker = []string{"-serializable", "-past", "-keys", "-count", "-limited", "-mixed"}

// weak reports whether a function is such a read.
func weak(f string) bool {
	return slices.ContainsFunc(weaker, func(end string) bool { return strings.HasSuffix(f, end) })
}

// of puts an operation into Jepsen's words. What has none there gets a function of its own, which those tools leave
// out; so do reads that may be stale, which they would take for violations.
func (x *natives) of(op *history.Op) native {
	req, res := &op.Request, &op.Result
	n := native{f: functionOf(req), asked: nothing, seen: nothing}
	if end := x.weakness(req, res); end != "" {
		n.f += end
		return n
	}
	if micros, ok := transactional(req, res); ok {
		n.f, n.asked, n.seen = "txn", micros(false), micros(true)
		return n
	}
	switch req.Kind {
	case history.Get:
		n.asked, n.seen = vector(literal(req.Key), nothing), vector(literal(req.Key), shown(res))
		if isSet(req.Key) {
			n.seen = vector(literal(req.Key), elements(valueOf(res)))
		}
	case history.Put, history.Append:
		n.put(req)
	case history.CAS:
		n.both(vector(literal(req.Key), vector(literal(req.Expect), literal(req.Value))))
		n.lost = !res.Succeeded
	case history.Delete:
		if n.f = "delete-range"; req.End == "" {
			n.f = "delete"
			n.both(vector(literal(req.Key), nothing))
		}
	case history.Lock:
		if req.Lease == 0 { // under a lease, it is no mutex: it ends by itself
			n.f = "acquire"
			n.both(vector(literal(req.Key), nothing))
		}
	case history.Unlock:
		if x.bare[req.Key] {
			n.f = "release"
			n.both(vector(literal(req.Key[:max(strings.LastIndexByte(req.Key, '/'), 0)]), nothing))
		}
	case history.Range:
		n.ranged(req, res)
	case history.Txn:
		n.txn(req, res)
		if n.f == "txn" && x.mixed(req) {
			n.f = "transaction" // its keys are registers of another kind
		}
	}
	return n
}

func (n *native) both(value node) { n.asked, n.seen = value, value }

// weakness is in what way a read says less than one of the newest values; "" if it does not.
func (x *natives) weakness(req *history.Request, res *history.Result) string {
	switch {
	case !req.ReadOnly():
		return ""
	case req.Serializable && x.stale:
		return weaker[0]
	case req.Revision != 0:
		return weaker[1]
	case req.KeysOnly:
		return weaker[2]
	case req.CountOnly:
		return weaker[3]
	case req.Kind == history.Get && x.other(req.Key):
		return weaker[5]
	case req.Limit != 0 && (res.More || res.Outcome != history.OK):
		return weaker[4]
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			if end := x.weakness(&side[i], &history.Result{More: true}); end != "" {
				return end
			}
		}
	}
	return ""
}

// other reports whether the key is no register to other tools: an element of a set, or a key of the store's own.
func (x *natives) other(key string) bool {
	return strings.HasPrefix(key, elementPrefix) || x.own[key[:max(strings.LastIndexByte(key, '/'), 0)]]
}

// mixed reports whether a transaction is more than reads and writes of keys that only transactions read and write.
func (x *natives) mixed(req *history.Request) bool {
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			r := &side[i]
			if simple := r.Kind == history.Get || r.Kind == history.Put && r.Lease == 0 || r.Kind == history.Delete && r.End == ""; !simple ||
				x.alone[r.Key] || r.ReadOnly() && x.weakness(r, &history.Result{More: true}) != "" {
				return true
			}
		}
	}
	return false
}

// put is a write, or an addition to a set.
func (n *native) put(req *history.Request) {
	switch group, element, ok := member(req.Key); {
	case isSet(req.Key):
		n.f = "add"
		n.both(vector(literal(req.Key), literal(lastOf(req.Value))))
	case req.Kind == history.Append:
		n.both(vector(literal(req.Key), quoted(req.Value)))
	case req.Lease != 0:
		n.f = "write-leased" // it ends by itself
		n.both(vector(literal(req.Key), literal(req.Value)))
	case ok:
		n.f = "add"
		n.both(vector(quoted(group), literal(element)))
	default:
		n.both(vector(literal(req.Key), literal(req.Value)))
	}
}

// ranged is a read of a whole set, or the pairs that a range showed.
func (n *native) ranged(req *history.Request, res *history.Result) {
	if group, _, ok := member(req.Key + "x"); ok && req.End == req.Key[:len(req.Key)-1]+"0" && strings.HasSuffix(req.Key, "/") {
		n.f = "read"
		all := vector()
		for i := range res.KVs {
			_, element, _ := member(res.KVs[i].Key)
			all.items = append(all.items, literal(element))
		}
		n.asked, n.seen = vector(quoted(group), nothing), vector(quoted(group), all)
		return
	}
	n.asked, n.seen = vector(quoted(req.Key), quoted(req.End)), node{kind: 'm'}
	for i := range res.KVs {
		if key := res.KVs[i].Key; isSet(key) || strings.HasPrefix(key, listPrefix) || strings.HasPrefix(key, elementPrefix) {
			n.f, n.asked, n.seen = n.f+weaker[5], nothing, nothing // there, these keys are no texts
			return
		}
		n.seen.items = append(n.seen.items, literal(res.KVs[i].Key), literal(res.KVs[i].Value))
	}
}

// txn is an addition to a list that is guarded, or the reads and writes of a transaction that is not Elle's.
func (n *native) txn(req *history.Request, res *history.Result) {
	n.lost = len(req.If) > 0 && !res.Succeeded
	if len(req.Then) == 1 && req.Then[0].Kind == history.Put && isSet(req.Then[0].Key) {
		n.f = "add"
		n.both(vector(literal(req.Then[0].Key), literal(lastOf(req.Then[0].Value))))
		return
	}
	n.asked, n.seen = micros(req.Then, nil), micros(req.Then, res.Responses)
}

// transactional reports whether the request is about lists and registers of transactions alone, and gives its parts. What
// lost its guard has read.
func transactional(req *history.Request, res *history.Result) (func(answered bool) node, bool) {
	steps, answers := []history.Request{*req}, []history.Result{*res}
	switch {
	case req.Kind == history.Range && res.Outcome == history.OK && len(res.KVs) > 0: // reads of the keys that it showed
		steps, answers = nil, nil
		for i := range res.KVs {
			steps = append(steps, history.Request{Kind: history.Get, Key: res.KVs[i].Key})
			answers = append(answers, history.Result{KVs: res.KVs[i : i+1]})
		}
	case req.Kind == history.Txn:
		steps, answers = req.Then, res.Responses
		if res.Outcome == history.OK && !res.Succeeded {
			steps = req.Else
		}
	}
	for i := range steps {
		if key := steps[i].Key; steps[i].Kind > history.Put && steps[i].Kind != history.Append || !strings.HasPrefix(key, listPrefix) && !strings.HasPrefix(key, registerPrefix) {
			return nil, false
		}
	}
	if len(steps) == 0 {
		return nil, false
	}
	return func(answered bool) node {
		if !answered {
			return micros(steps, nil)
		}
		return micros(steps, answers)
	}, true
}

// micros are [[:r k v] [:w k v] [:append k element] …].
func micros(steps []history.Request, answers []history.Result) node {
	all := vector()
	for i := range steps {
		r := &steps[i]
		key, list := literal(r.Key), strings.HasPrefix(r.Key, listPrefix)
		switch {
		case r.Kind == history.Get && i < len(answers) && list:
			all.items = append(all.items, vector(keyword("r"), key, elements(valueOf(&answers[i]))))
		case r.Kind == history.Get && i < len(answers):
			all.items = append(all.items, vector(keyword("r"), key, shown(&answers[i])))
		case r.Kind == history.Get:
			all.items = append(all.items, vector(keyword("r"), key, nothing))
		case r.Kind == history.Append && list:
			all.items = append(all.items, vector(keyword("append"), key, literal(strings.TrimSuffix(r.Value, " "))))
		case r.Kind == history.Append:
			all.items = append(all.items, vector(keyword("append"), key, quoted(r.Value)))
		case r.Kind == history.Put && list:
			all.items = append(all.items, vector(keyword("append"), key, literal(lastOf(r.Value))))
		case r.Kind == history.Put:
			all.items = append(all.items, vector(keyword("w"), key, literal(r.Value)))
		case r.Kind == history.Delete && r.End == "":
			all.items = append(all.items, vector(keyword("w"), key, nothing))
		}
	}
	return all
}

// shown is the value that a read saw.
func shown(res *history.Result) node {
	if len(res.KVs) == 0 {
		return nothing
	}
	return literal(res.KVs[0].Value)
}

func valueOf(res *history.Result) string {
	if len(res.KVs) == 0 {
		return ""
	}
	return res.KVs[0].Value
}

// elements are those of a list that is kept as text.
func elements(text string) node {
	all := vector()
	for _, element := range strings.Fields(text) {
		all.items = append(all.items, literal(element))
	}
	return all
}

// lastOf is the last element of a list.
func lastOf(list string) string {
	list = strings.TrimSuffix(list, " ")
	return list[strings.LastIndexByte(list, ' ')+1:]
}

// isSet reports whether the key is a set's that is a list.
func isSet(key string) bool {
	return key == "set/all" || strings.HasPrefix(key, "set/all/") || strings.HasSuffix(key, "/list") &&
		slices.ContainsFunc([]string{"lockset/", "locketcdset/"}, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// member takes the key of a set's element apart: the set's name, and the element.
func member(key string) (group, element string, ok bool) {
	rest, ok := strings.CutPrefix(key, elementPrefix)
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		return rest[:i], rest[i+1:], ok
	}
	return anyKey, rest, ok
}
