package certificate

import (
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// fact is what is known of a revision that no answer claims: the changes that somebody saw.
type fact struct {
	changes  []model.Change
	complete bool // a watch of all keys told it: there are no others
	differ   bool // those who saw it do not agree
}

// fill gathers what is known of the revisions that no acknowledged operation made, from watches of all keys and from
// every pair that was read; and who may have made them.
func (c *certifier) fill() {
	claimed := make([]int64, 0, len(c.items))
	for _, it := range c.items {
		if !it.read && (len(claimed) == 0 || claimed[len(claimed)-1] != it.rev) {
			claimed = append(claimed, it.rev)
		}
	}
	free := func(rev int64) bool {
		if rev <= 1 {
			return false
		}
		// Claims are almost dense, so that the place is near rev-2; the search is for when it is not.
		if i := rev - 2; i < int64(len(claimed)) && claimed[i] == rev {
			return false
		}
		i := sort.Search(len(claimed), func(i int) bool { return claimed[i] >= rev })
		return i == len(claimed) || claimed[i] != rev
	}
	c.facts = map[int64]*fact{}
	if len(c.unknown) == 0 && int64(len(claimed)) == c.last-1 && len(c.h.Watches) == 0 && len(c.h.Evidence) == 0 {
		return // nothing is missing
	}
	for i := range c.h.Watches {
		c.stream(&c.h.Watches[i], free)
	}
	for i := range c.h.Ops {
		if op := &c.h.Ops[i]; c.rules.Judged(op) && op.Result.Outcome == history.OK {
			c.pairs(&op.Request, &op.Result, free)
		}
	}
	c.candidates()
	if !c.rules.NoEvidence {
		c.logged(free)
	}
}

func (c *certifier) fact(rev int64) *fact {
	f := c.facts[rev]
	if f == nil {
		f = &fact{}
		c.facts[rev] = f
		c.last = max(c.last, rev)
	}
	return f
}

func (f *fact) add(ch model.Change) {
	for i := range f.changes {
		old := &f.changes[i]
		if old.KV.Key != ch.KV.Key {
			continue
		}
		if old.Deleted != ch.Deleted || old.KV.Value != ch.KV.Value {
			f.differ = true
		}
		if old.KV.Version == 0 {
			*old = ch
		}
		return
	}
	f.changes = append(f.changes, ch)
}

// stream takes the events of free revisions; a watch of all keys that went on afterwards told all of them.
func (c *certifier) stream(w *history.Watch, free func(int64) bool) {
	// "" and "\x00" both stand for the first key: clients cannot send the former.
	all := (w.Key == "" || w.Key == "\x00") && w.End == "\x00" && !w.NoPut && !w.NoDelete
	for i := range w.Responses {
		r := &w.Responses[i]
		for j := range r.Events {
			e := &r.Events[j]
			if !free(e.KV.Mod) {
				continue
			}
			f := c.fact(e.KV.Mod)
			ch := model.Change{KV: e.KV, Deleted: e.Delete}
			if e.Delete {
				ch.KV = history.KV{Key: e.KV.Key, Mod: e.KV.Mod}
			}
			f.add(ch)
			f.complete = f.complete || all && !r.Fragment
		}
	}
}

// pairs takes what an answer shows of free revisions. Keys without their values say too little.
func (c *certifier) pairs(req *history.Request, res *history.Result, free func(int64) bool) {
	for _, list := range [][]history.KV{res.KVs, res.Prev} {
		for i := range list {
			if kv := &list[i]; kv.Version > 0 && !req.KeysOnly && free(kv.Mod) {
				c.fact(kv.Mod).add(model.Change{KV: *kv})
			}
		}
	}
	side := model.Side(req, res.Succeeded)
	for i := range res.Responses {
		if i < len(side) {
			c.pairs(&side[i], &res.Responses[i], free)
		}
	}
}

// candidates lists who may have made the free revisions, and the keys that any operation names.
func (c *certifier) candidates() {
	c.puts, c.appends, c.deletes = map[cell][]int32{}, map[string][]int32{}, map[string][]int32{}
	c.asked, c.used, c.holder = map[string]bool{}, map[int32]bool{}, map[int32]int{}
	seen := map[[2]string]bool{}
	for i := range c.h.Ops {
		op := &c.h.Ops[i]
		eachNamed(&op.Request, func(req *history.Request) {
			if req.End == "" {
				c.asked[req.Key] = true
			} else if at := [2]string{req.Key, req.End}; req.Kind == history.Delete && !seen[at] {
				seen[at] = true
				c.ranges = append(c.ranges, at)
			}
			if op.Result.Outcome == history.Unknown {
				c.candidate(int32(i), req)
			}
		})
	}
	c.answeredBy = make([]time.Duration, len(c.items))
	earliest := time.Duration(1<<63 - 1)
	for i := len(c.items) - 1; i >= 0; i-- {
		earliest = min(earliest, c.h.Ops[c.items[i].op].Return)
		c.answeredBy[i] = earliest
	}
}

// candidate files what an operation of unknown outcome may have done.
func (c *certifier) candidate(i int32, req *history.Request) {
	switch {
	case req.Kind == history.Delete && req.End != "":
		c.sweeps = append(c.sweeps, i)
	case req.Kind == history.Delete:
		c.deletes[req.Key] = append(c.deletes[req.Key], i)
	case req.Kind == history.Put || req.Kind == history.CAS:
		at := cell{req.Key, req.Value}
		c.puts[at] = append(c.puts[at], i)
	case req.Kind == history.Append:
		c.appends[req.Key] = append(c.appends[req.Key], i)
	}
}

// eachNamed calls each for every request on keys that the request is made of.
func eachNamed(req *history.Request, each func(*history.Request)) {
	switch req.Kind {
	case history.Get, history.Put, history.Append, history.CAS, history.Delete:
		each(req)
	case history.Txn:
		for i := range req.If {
			each(&history.Request{Kind: history.Get, Key: req.If[i].Key})
		}
		for _, side := range [][]history.Request{req.Then, req.Else} {
			for i := range side {
				eachNamed(&side[i], each)
			}
		}
	}
}

// outside reports whether no operation ever names the key, or deletes a range that covers it: it is somebody else's.
func (c *certifier) outside(key string) bool {
	if c.asked[key] {
		return false
	}
	for _, r := range c.ranges {
		if model.Covers(r[0], r[1], key) {
			return false
		}
	}
	return true
}
