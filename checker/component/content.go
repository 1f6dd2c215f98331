package component

import (
	"sort"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// content is what a component's keys hold: a model.View that changes in place and can go back. Its hash changes with it.
type content struct {
	names   *names
	cells   []history.KV // by key; Version 0: absent
	ended   []bool       // by lease
	hash    hash
	history []change
}

// names number the keys, values and leases of a component, so that states are small.
type names struct {
	keys    []string // sorted
	keyAt   map[string]int32
	values  map[string]int32
	leaseAt map[int64]int
	// versions are the keys whose version somebody asks for. Of others it is not kept, so that histories with and
	// without one write more meet in the same state.
	versions map[string]bool
}

// change is how to go back: to what a key held, or, if lease is not negative, to before the lease's end.
type change struct {
	key   int32
	lease int
	kv    history.KV
}

// hash is of 128 bits, so that two states of one search never meet in practice.
type hash [2]uint64

func (h *hash) flip(a, b, c uint64) {
	x := mix(mix(mix(a)+b) + c)
	h[0] ^= x
	h[1] ^= mix(x ^ 0x5851F42D4C957F2D)
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func newContent(n *names) *content {
	return &content{names: n, cells: make([]history.KV, len(n.keys)), ended: make([]bool, len(n.leaseAt))}
}

// Get returns a key's content.
func (c *content) Get(key string) (history.KV, bool) {
	at, ok := c.names.keyAt[key]
	if !ok || c.cells[at].Version == 0 {
		return history.KV{}, false
	}
	return c.cells[at], true
}

// Scan calls each for the keys of a range, in order, until it returns false.
func (c *content) Scan(key, end string, each func(history.KV) bool) {
	for at := sort.SearchStrings(c.names.keys, key); at < len(c.cells); at++ {
		if end != "\x00" && c.names.keys[at] >= end {
			return
		}
		if c.cells[at].Version != 0 && !each(c.cells[at]) {
			return
		}
	}
}

// apply makes changes.
func (c *content) apply(changes []model.Change) {
	for i := range changes {
		at, ok := c.names.keyAt[changes[i].KV.Key]
		if !ok {
			continue
		}
		kv := changes[i].KV
		switch {
		case changes[i].Deleted:
			kv = history.KV{}
		case !c.names.versions[kv.Key]:
			kv.Version = 1
		}
		c.history = append(c.history, change{at, -1, c.cells[at]})
		c.set(at, kv)
	}
}

func (c *content) set(at int32, kv history.KV) {
	c.flip(at)
	c.cells[at] = kv
	c.flip(at)
}

// flip adds a key's content to the hash, or takes it away.
func (c *content) flip(at int32) {
	if kv := &c.cells[at]; kv.Version != 0 {
		c.hash.flip(uint64(at)<<32|uint64(c.names.value(kv.Value)), uint64(kv.Version), uint64(kv.Lease))
	}
}

// end ends a lease: its keys are gone, all at once. Of one that ends for good, that is remembered.
func (c *content) end(lease int64, good bool) {
	n := c.names.leaseAt[lease]
	if c.ended[n] {
		return
	}
	for at := range c.cells {
		if kv := &c.cells[at]; kv.Version != 0 && kv.Lease == lease {
			c.history = append(c.history, change{int32(at), -1, *kv})
			c.set(int32(at), history.KV{})
		}
	}
	if good {
		c.history = append(c.history, change{lease: n})
		c.endFlip(n)
	}
}

func (c *content) endFlip(n int) {
	c.ended[n] = !c.ended[n]
	c.hash.flip(1<<63, uint64(n), 1)
}

// back undoes all changes since there were so many.
func (c *content) back(to int) {
	for len(c.history) > to {
		last := c.history[len(c.history)-1]
		c.history = c.history[:len(c.history)-1]
		if last.lease >= 0 {
			c.endFlip(last.lease)
		} else {
			c.set(last.key, last.kv)
		}
	}
}

// clone is a copy that goes its own way.
func (c *content) clone() *content {
	d := *c
	d.cells, d.ended, d.history = append([]history.KV(nil), c.cells...), append([]bool(nil), c.ended...), nil
	return &d
}

// value numbers a value.
func (n *names) value(v string) int32 {
	at, ok := n.values[v]
	if !ok {
		at = int32(len(n.values)) + 1
		n.values[v] = at
	}
	return at
}

// number gives the part's keys, values and leases their numbers.
func number(p *Part) *names {
	n := &names{keys: p.Keys, keyAt: map[string]int32{}, values: map[string]int32{}, leaseAt: map[int64]int{}, versions: map[string]bool{}}
	for i, key := range p.Keys {
		n.keyAt[key] = int32(i)
	}
	for i := range p.Ops {
		o := &p.Ops[i]
		if o.Request == nil {
			if _, ok := n.leaseAt[o.Ends]; !ok {
				n.leaseAt[o.Ends] = len(n.leaseAt)
			}
			continue
		}
		n.compared(o.Request)
		if o.Other != nil {
			n.compared(o.Other)
		}
	}
	return n
}

// compared finds the keys whose version matters.
func (n *names) compared(req *history.Request) {
	for i := range req.If {
		if c := &req.If[i]; c.Target == "version" && (c.Number > 1 || c.Number == 1 && c.Op != "<") {
			n.versions[c.Key] = true
		}
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			n.compared(&side[i])
		}
	}
}

// over reports whether the lease has ended for good.
func (c *content) over(lease int64) bool {
	n, ok := c.names.leaseAt[lease]
	return ok && c.ended[n]
}
