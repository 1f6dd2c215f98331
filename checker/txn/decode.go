package txn

import (
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// Prefixes of the keys that are judged.
const (
	Lists     = "append/"
	Registers = "wr/"
)

// fate is what became of a transaction.
type fate uint8

const (
	committed fate = iota
	open           // unknown: committed if somebody saw one of its versions
	aborted
)

// txn is a transaction: its micro-operations are check.micros[first:last].
type txn struct {
	op          int32 // its place in the history
	first, last int32
	fate        fate
}

// micro is one read or write of one version.
type micro struct {
	version int32
	write   bool
	blind   bool // an append: it did not ask what was there
	outside bool // a read of what others wrote: before any write of the key by the transaction itself
}

// none is no version, or no transaction.
const none int32 = -1

// version is a key with a value. Every key's first version is the one without a value: the root.
type version struct {
	key    int32
	value  string
	writer int32 // the transaction that installed it; none
	ghost  int32 // a transaction that wrote it and was aborted; none
	reader int32 // one that read it; none
	parent int32 // the version that it is known to have replaced; none
	child  int32 // the first that replaced it
	next   int32 // the next that replaced the same
	seen   bool  // a committed transaction read or wrote it, or it is the past of such a version
	below  bool  // it was read, or one that descends from it was
	inner  bool  // its writer overwrote it in the same transaction
	loose  bool  // an append that nobody read: what it left is known but for its last element
	many   bool  // more than one transaction may have written it: nothing is concluded from it
}

// key is a key with its versions; the root's number is versions[""].
type key struct {
	name     string
	list     bool
	versions map[string]int32
}

// check is the state of one check.
type check struct {
	h        *history.History
	txns     []txn
	micros   []micro
	keys     []key
	names    map[string]int32
	versions []version
	orders   []order // of registers
	zones    []zone  // of their versions
	report   Report

	grown      map[string]*growing // lists that are appended to, by key
	grownNames []string
	learning   bool
}

// decode turns operations into transactions.
func (c *check) decode() {
	c.learn()
	c.transactions()
}

func (c *check) transactions() {
	for i := range c.h.Ops {
		op := &c.h.Ops[i]
		if !c.judged(&op.Request) {
			continue
		}
		switch op.Result.Outcome {
		case history.OK:
			c.committed(i, op)
		case history.Unknown:
			c.attempted(i, op, open)
		case history.Fail:
			c.attempted(i, op, aborted)
		}
	}
}

// judged reports whether the request is a transaction of ours: on our keys, and not a read of a past state.
func (c *check) judged(r *history.Request) bool {
	switch r.Kind {
	case history.Get, history.Range:
		return ours(r.Key) && r.Revision == 0 && !r.CountOnly && !r.KeysOnly && (!r.Serializable || c.h.Meta.Judge == "linearizable")
	case history.Put, history.CAS:
		if g := c.grown[r.Key]; g != nil {
			g.put = true
			return false
		}
		return ours(r.Key)
	case history.Append:
		return c.grown[r.Key] != nil && !c.grown[r.Key].put
	case history.Delete:
		if ours(r.Key) {
			c.limit("deletes of " + r.Key + " are not judged")
		}
		return false
	case history.Txn:
		n := 0
		for _, side := range [][]history.Request{r.Then, r.Else} {
			for j := range side {
				if !c.judged(&side[j]) {
					return false
				}
				n++
			}
		}
		return n > 0
	}
	return false
}

func ours(key string) bool {
	return strings.HasPrefix(key, Lists) || strings.HasPrefix(key, Registers)
}

// committed files an acknowledged transaction. A guarded one that lost only read, and what it wanted to write was not
// written: that is a second transaction, aborted.
func (c *check) committed(i int, op *history.Op) {
	c.begin(i, committed)
	c.carriedOut(&op.Request, &op.Result)
	c.end()
	if guarded := op.Request.Kind == history.CAS || op.Request.Kind == history.Txn; guarded && !op.Result.Succeeded {
		c.begin(i, aborted)
		c.wanted(&op.Request)
		c.end()
	}
}

// attempted files a transaction of which no answer came, or a refusal.
func (c *check) attempted(i int, op *history.Op, f fate) {
	c.begin(i, f)
	c.wanted(&op.Request)
	c.end()
}

func (c *check) begin(i int, f fate) {
	at := int32(len(c.micros))
	c.txns = append(c.txns, txn{op: int32(i), first: at, last: at, fate: f})
}

// end closes the last transaction, or forgets it if it did nothing.
func (c *check) end() {
	t := &c.txns[len(c.txns)-1]
	t.last = int32(len(c.micros))
	if t.first == t.last {
		c.txns = c.txns[:len(c.txns)-1]
	}
}

func (c *check) carriedOut(r *history.Request, res *history.Result) {
	switch r.Kind {
	case history.Get:
		value := ""
		if len(res.KVs) > 0 {
			value = res.KVs[0].Value
		}
		c.read(r.Key, value)
	case history.Range:
		c.ranged(r, res)
	case history.Put:
		c.write(r.Key, r.Value)
	case history.Append:
		c.append(r.Key, r.Value)
	case history.CAS:
		if res.Succeeded {
			c.read(r.Key, r.Expect)
			c.write(r.Key, r.Value)
			return
		}
		c.carriedOut(&history.Request{Kind: history.Get, Key: r.Key}, res)
	case history.Txn:
		side := r.Else
		if res.Succeeded {
			side = r.Then
		}
		for j := range side {
			if j < len(res.Responses) {
				c.carriedOut(&side[j], &res.Responses[j])
			}
		}
	}
}

// ranged files the pairs that were shown, and, if all were, the keys that were not: a key of the range that an earlier
// operation spoke of was read as absent.
func (c *check) ranged(r *history.Request, res *history.Result) {
	shown := map[string]bool{}
	for j := range res.KVs {
		if kv := &res.KVs[j]; ours(kv.Key) {
			shown[kv.Key] = true
			c.read(kv.Key, kv.Value)
		}
	}
	if res.More || r.Limit > 0 {
		return
	}
	for j := range c.keys {
		name := c.keys[j].name
		if in := name == r.Key || name > r.Key && (r.End == "\x00" || name < r.End); in && !shown[name] {
			c.read(name, "")
		}
	}
}

func (c *check) wanted(r *history.Request) {
	switch r.Kind {
	case history.Put, history.CAS:
		c.write(r.Key, r.Value)
	case history.Append:
		c.append(r.Key, r.Value)
	case history.Txn:
		for j := range r.Then {
			c.wanted(&r.Then[j])
		}
	}
}

func (c *check) read(name, value string) {
	value = listed(name, value)
	if c.learning {
		if g := c.grown[name]; g != nil {
			g.shown(value, c.txns[len(c.txns)-1].op)
		}
		return
	}
	c.micros = append(c.micros, micro{version: c.intern(name, value)})
}

func (c *check) write(name, value string) {
	if c.learning {
		return
	}
	c.micros = append(c.micros, micro{version: c.intern(name, value), write: true})
}

// intern is the number of a version.
func (c *check) intern(name, value string) int32 {
	id, ok := c.names[name]
	if !ok {
		id = int32(len(c.keys))
		c.names[name] = id
		c.keys = append(c.keys, key{name: name, list: strings.HasPrefix(name, Lists), versions: map[string]int32{}})
		c.newVersion(id, "")
	}
	if v, ok := c.keys[id].versions[value]; ok {
		return v
	}
	return c.newVersion(id, value)
}

func (c *check) newVersion(id int32, value string) int32 {
	v := int32(len(c.versions))
	c.versions = append(c.versions, version{key: id, value: value, writer: none, ghost: none, reader: none, parent: none, child: none, next: none})
	c.keys[id].versions[value] = v
	return v
}

// shorter is the list without its last element.
func shorter(list string) string {
	i := strings.LastIndexByte(list, ' ')
	return list[:max(i, 0)]
}
