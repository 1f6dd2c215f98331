package checker

import (
	"math"
	"sort"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// chronicle is the store's history by key and revision as clients saw it. Nobody is trusted: a change is known because
// somebody saw it (a watch, the writer that was acknowledged, a later reader), and everybody who saw it has to have seen
// the same.
type chronicle struct {
	h       *history.History
	keep    func(key string) bool
	keys    []string            // sorted
	changes map[string][]change // by key, in order of revision
	seen    map[string]*sightings
	clashes []clash
	wipes   []wipe
	covered []span // revisions of which an unfiltered watch of all keys delivered everything
	loose   map[string]bool
	open    []wipe // deletes of unknown outcome: they may have happened, and nobody need have seen it
}

// change is one change of one key.
type change struct {
	rev    int64
	kv     *history.KV // of a put; nil for a deletion
	full   bool        // kv's create revision, version and lease are known
	hidden bool        // kv's value is not known
	also   uint16      // how many more watches saw the same
	by     source
}

// source is who saw a change: an operation's place in the history, or the watch's, counted down from -1.
type source int32

func watchSource(i int) source      { return source(-1 - i) }
func (s source) watch() (int, bool) { return int(-1 - s), s < 0 }

// rank orders sources: the operations as in the history, then the watches.
func (s source) rank() int64 {
	if i, ok := s.watch(); ok {
		return math.MaxInt32 + int64(i)
	}
	return int64(s)
}

// clash is two sources that saw different things at one key and revision.
type clash struct {
	key  string
	a, b change
}

// wipe is a deletion of a range whose keys were not told.
type wipe struct {
	key, end string
	rev      int64
}

// span is revisions from first to last, both included.
type span struct{ first, last int64 }

func newChronicle(h *history.History) *chronicle { return newChronicleOf(h, nil) }

// newChronicleOf is a chronicle of the keys to keep alone; nil keeps all.
func newChronicleOf(h *history.History, keep func(key string) bool) *chronicle {
	c := &chronicle{h: h, keep: keep, changes: map[string][]change{}, seen: map[string]*sightings{}, loose: map[string]bool{}}
	for i := range h.Ops {
		c.operation(i)
	}
	for i := range h.Watches {
		c.stream(i)
	}
	for key, seen := range c.seen {
		c.keys = append(c.keys, key)
		c.changes[key] = c.settle(key, seen.list)
	}
	c.seen = nil
	sort.Strings(c.keys)
	sort.Slice(c.clashes, func(i, j int) bool {
		a, b := c.clashes[i], c.clashes[j]
		return a.a.rev < b.a.rev || a.a.rev == b.a.rev && a.key < b.key
	})
	c.covered = joined(c.covered)
	return c
}

func (c *chronicle) add(key string, seen change) {
	if seen.rev <= 0 || c.keep != nil && !c.keep(key) {
		return
	}
	if seen.kv != nil && seen.kv.Lease != 0 {
		c.loose[key] = true
	}
	s := c.seen[key]
	if s == nil {
		s = &sightings{}
		c.seen[key] = s
	}
	if !s.known(&seen) {
		s.list = append(s.list, seen)
	}
}

func (c *chronicle) operation(i int) {
	op := &c.h.Ops[i]
	by := source(i)
	c.pairs(&op.Request, &op.Result, by)
	switch {
	case op.Result.Outcome == history.OK:
		c.written(&op.Request, &op.Result, op.Result.Header.Revision, by)
	case op.Result.Outcome == history.Unknown:
		c.maybeDeleted(&op.Request)
	}
}

// pairs files what an answer shows.
func (c *chronicle) pairs(req *history.Request, res *history.Result, by source) {
	for _, kvs := range [][]history.KV{res.KVs, res.Prev} {
		for j := range kvs {
			kv := &kvs[j]
			c.add(kv.Key, change{rev: kv.Mod, kv: kv, full: kv.Version > 0, hidden: req.KeysOnly, by: by})
		}
	}
	side := model.Side(req, res.Succeeded)
	for j := range res.Responses {
		if j < len(side) {
			c.pairs(&side[j], &res.Responses[j], by)
		}
	}
}

// written files what an acknowledged write did, at its revision.
func (c *chronicle) written(req *history.Request, res *history.Result, rev int64, by source) {
	switch req.Kind {
	case history.Put:
		c.put(req, rev, by)
	case history.Append: // the whole value is not known
		c.add(req.Key, change{rev: rev, kv: &history.KV{Key: req.Key, Mod: rev, Lease: req.Lease}, hidden: true, by: by})
	case history.CAS:
		if res.Succeeded {
			c.put(req, rev, by)
		}
	case history.Delete:
		c.deleted(req, res, rev, by)
	case history.Txn:
		side := model.Side(req, res.Succeeded)
		for j := range res.Responses {
			if j < len(side) {
				c.written(&side[j], &res.Responses[j], rev, by)
			}
		}
	}
}

func (c *chronicle) put(req *history.Request, rev int64, by source) {
	kv := &history.KV{Key: req.Key, Value: req.Value, Mod: rev, Lease: req.Lease}
	c.add(req.Key, change{rev: rev, kv: kv, by: by})
}

func (c *chronicle) deleted(req *history.Request, res *history.Result, rev int64, by source) {
	switch {
	case res.Deleted == 0:
	case req.End == "":
		c.add(req.Key, change{rev: rev, by: by})
	case int64(len(res.Prev)) == res.Deleted:
		for j := range res.Prev {
			c.add(res.Prev[j].Key, change{rev: rev, by: by})
		}
	default:
		c.wipes = append(c.wipes, wipe{req.Key, req.End, rev})
	}
}

func (c *chronicle) maybeDeleted(req *history.Request) {
	switch req.Kind {
	case history.Delete:
		c.open = append(c.open, wipe{key: req.Key, end: req.End})
	case history.Txn:
		for _, side := range [][]history.Request{req.Then, req.Else} {
			for j := range side {
				c.maybeDeleted(&side[j])
			}
		}
	}
}

func (c *chronicle) stream(i int) {
	w := &c.h.Watches[i]
	by := watchSource(i)
	for j := range w.Responses {
		for k := range w.Responses[j].Events {
			ev := &w.Responses[j].Events[k]
			seen := change{rev: ev.KV.Mod, by: by}
			if !ev.Delete {
				seen.kv, seen.full = &ev.KV, ev.KV.Version > 0
			}
			if ev.Prev != nil {
				c.add(ev.Prev.Key, change{rev: ev.Prev.Mod, kv: ev.Prev, full: ev.Prev.Version > 0, by: by})
			}
			c.add(ev.KV.Key, seen)
		}
	}
	if first, last := delivered(w); allKeys(w) && !w.NoPut && !w.NoDelete && first <= last {
		c.covered = append(c.covered, span{first, last})
	}
}

// allKeys reports whether the watch is of every key there can be: no key is empty.
func allKeys(w *history.Watch) bool {
	return w.End == "\x00" && (w.Key == "" || w.Key == "\x00")
}

// delivered is the span of revisions of which the stream has delivered everything that it was asked for: from where it
// began to its last event or bookmark. It is empty if that is not known.
func delivered(w *history.Watch) (first, last int64) {
	first = w.Start
	for j := range w.Responses {
		r := &w.Responses[j]
		switch {
		case r.Created:
			if first == 0 {
				first = r.Header.Revision + 1
			}
		case len(r.Events) > 0:
			rev := r.Events[len(r.Events)-1].KV.Mod
			if first == 0 {
				first = r.Events[0].KV.Mod
			}
			if r.Fragment {
				rev--
			}
			last = max(last, rev)
		case r.Progress:
			if first == 0 {
				first = r.Header.Revision + 1
			}
			last = max(last, r.Header.Revision)
		}
	}
	return first, last
}

// joined merges spans that touch.
func joined(spans []span) []span {
	sort.Slice(spans, func(i, j int) bool { return spans[i].first < spans[j].first })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, s.last)
			continue
		}
		out = append(out, s)
	}
	return out
}
