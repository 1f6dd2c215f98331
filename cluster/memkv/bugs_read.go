package memkv

import (
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

var readBugs = []Bug{
	{
		Name: "stale-read", Doc: "a read is answered with a value that was overwritten before",
		Workload: "register", Caught: []string{"linearizable", "revisions"}, hooks: hooks{moment: staleRead},
	},
	{
		Name: "dirty-read", Doc: "a put fails, and is read for a while nevertheless",
		Workload: "register", Caught: []string{"linearizable", "revisions", "watch"}, hooks: hooks{door: failDirty, report: readDirty},
	},
	{
		Name: "phantom", Doc: "a read shows a value that nobody wrote",
		Workload: "register", Caught: []string{"linearizable", "revisions"}, every: 50, hooks: hooks{report: phantom},
	},
	{
		Name: "revision-goes-back", Doc: "a read's header has a revision of the past",
		Workload: "register", Caught: []string{"revisions"}, hooks: hooks{report: revisionBack},
	},
	{
		Name: "wrong-version", Doc: "a read shows a version one too high",
		Workload: "kv", Caught: []string{"linearizable", "revisions", "serializable"}, hooks: hooks{report: wrongVersion},
	},
	{
		Name: "wrong-create", Doc: "a read shows a create revision one too low",
		Workload: "kv", Caught: []string{"linearizable", "revisions", "serializable"}, hooks: hooks{report: wrongCreate},
	},
	{
		Name: "range-misses-key", Doc: "a range leaves out one of its keys",
		Workload: "kv", Caught: []string{"linearizable", "revisions", "serializable"}, every: 5, hooks: hooks{report: missKey},
	},
	{
		Name: "wrong-count", Doc: "a range counts one key too many",
		Workload: "kv", Caught: []string{"linearizable", "revisions"}, every: 5, hooks: hooks{report: miscount},
	},
	{
		Name: "wrong-more", Doc: "a limited range denies that there is more",
		Workload: "kv", Caught: []string{"linearizable", "revisions"}, every: 2, hooks: hooks{report: denyMore},
	},
	{
		Name: "past-read-now", Doc: "a read of a past revision shows the present",
		Workload: "kv", Caught: []string{"linearizable", "revisions", "serializable"}, every: 5, hooks: hooks{report: presentPast},
	},
	{
		Name: "torn-read", Doc: "half of a range is of the past",
		Workload: "bank", Caught: []string{"linearizable", "revisions", "bank"}, every: 5, hooks: hooks{report: tear},
	},
	{
		Name: "serializable-back", Doc: "a serializable read goes back to a state older than the member showed before",
		Workload: "kv", Caught: []string{"serializable"}, every: 4, hooks: hooks{report: serializableBack},
	},
}

// staleRead moves a read to before the last change that is old enough to have been acknowledged.
func staleRead(s *sim, n *node, req history.Request, now *int64) {
	if req.Kind != history.Get || req.Revision > 0 {
		return
	}
	all := s.store.versions[req.Key]
	for i := len(all) - 1; i > 0; i-- {
		if mod := all[i].Mod; mod <= n.revision && s.old(mod) {
			if s.hour() {
				*now = mod - 1
			}
			return
		}
	}
}

// dirtyValue is the value of a put that failed.
type dirtyValue struct {
	value string
	reads int // that are still to see it
}

func failDirty(s *sim, _ *node, req history.Request) (history.Result, bool) {
	if req.Kind != history.Put || !s.hour() {
		return history.Result{}, false
	}
	s.dirty[req.Key] = &dirtyValue{value: req.Value, reads: 3}
	return refuse(errManyAtOnce), true
}

func readDirty(s *sim, n *node, req history.Request, res *history.Result) {
	d := s.dirty[req.Key]
	if req.Kind != history.Get || d == nil || d.reads == 0 {
		return
	}
	d.reads--
	kv := history.KV{Key: req.Key, Create: n.revision, Version: 1}
	if len(res.KVs) > 0 {
		kv = res.KVs[0]
		kv.Version++
	}
	kv.Value, kv.Mod = d.value, n.revision
	res.KVs = []history.KV{kv}
}

// one is a pair of the answer to change, if there is any and the hour has come.
func (s *sim) one(res *history.Result) *history.KV {
	if len(res.KVs) == 0 || !s.hour() {
		return nil
	}
	return &res.KVs[s.rng.IntN(len(res.KVs))]
}

func phantom(s *sim, _ *node, req history.Request, res *history.Result) {
	if kv := s.one(res); kv != nil && !req.KeysOnly {
		kv.Value = fmt.Sprintf("phantom.%d", s.rng.IntN(1_000_000))
	}
}

func wrongVersion(s *sim, _ *node, _ history.Request, res *history.Result) {
	if kv := s.one(res); kv != nil {
		kv.Version++
	}
}

func wrongCreate(s *sim, _ *node, _ history.Request, res *history.Result) {
	if kv := s.one(res); kv != nil {
		kv.Create--
	}
}

// revisionBack names a revision at which the answer was not yet true.
func revisionBack(s *sim, _ *node, _ history.Request, res *history.Result) {
	if kv := s.one(res); kv != nil && kv.Mod > 1 {
		res.Header.Revision = kv.Mod - 1
	}
}

func missKey(s *sim, _ *node, req history.Request, res *history.Result) {
	if req.Kind == history.Range && len(res.KVs) > 1 && s.hour() {
		i := s.rng.IntN(len(res.KVs))
		res.KVs = slices.Delete(res.KVs, i, i+1)
		res.Count--
	}
}

func miscount(s *sim, _ *node, req history.Request, res *history.Result) {
	if req.Kind == history.Range && s.hour() {
		res.Count++
	}
}

func denyMore(s *sim, _ *node, _ history.Request, res *history.Result) {
	if res.More && s.hour() {
		res.More = false
	}
}

func presentPast(s *sim, n *node, req history.Request, res *history.Result) {
	if req.Revision > 0 && req.Revision < n.revision && res.Outcome == history.OK && s.hour() {
		req.Revision = 0
		header := res.Header
		*res = history.Result{Outcome: history.OK, Header: header}
		s.read(req, n.revision, nil, res)
	}
}

// tear answers the second half of a range as it was five changes ago.
func tear(s *sim, n *node, req history.Request, res *history.Result) {
	if req.Kind != history.Range || len(res.KVs) < 2 || !s.hour() {
		return
	}
	for i := len(res.KVs) / 2; i < len(res.KVs); i++ {
		if kv, ok := s.store.at(res.KVs[i].Key, n.revision-5); ok {
			res.KVs[i] = kv
		}
	}
}

func serializableBack(s *sim, n *node, req history.Request, res *history.Result) {
	past := n.revision - 50
	if !req.Serializable || req.Revision > 0 || past < 2 || past < n.compact || !s.hour() {
		return
	}
	*res = history.Result{Outcome: history.OK, Header: res.Header}
	res.Header.Revision = past
	s.read(req, past, nil, res)
}
