package memkv

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/cluster/clustertest"
	"github.com/whitewater-kv/whitewater/history"
)

// twin is the checkers' model of a store, with its past. It was written apart from this one.
type twin struct {
	now  *model.Store
	past [][]model.Change // of each revision
}

// do is the model's answer to a request that was carried out.
func (w *twin) do(r history.Request) history.Result {
	if r.Revision > 0 && (r.Kind == history.Get || r.Kind == history.Range) {
		then := w.at(r.Revision)
		r.Revision = 0
		result := then.Do(&r)
		result.Header.Revision = w.now.Revision
		return result
	}
	result, changes := model.Eval(w.now, w.now.Revision, &r)
	if len(changes) > 0 {
		w.apply(changes)
	}
	result.Header.Revision = w.now.Revision
	return result
}

func (w *twin) apply(changes []model.Change) {
	w.past = append(w.past, changes)
	w.now.Apply(w.now.Revision+1, changes)
}

// at is the store as it was at a revision.
func (w *twin) at(revision int64) *model.Store {
	then := model.NewStore()
	for _, changes := range w.past[:max(0, revision-1)] {
		then.Apply(then.Revision+1, changes)
	}
	return then
}

// modelled says whether the model knows such requests: it has no leases that end, and inside of transactions only the
// present.
func modelled(r history.Request) bool {
	for _, side := range [][]history.Request{r.Then, r.Else} {
		for _, op := range side {
			if op.Revision > 0 || !modelled(op) {
				return false
			}
		}
	}
	switch r.Kind {
	case history.Grant, history.Revoke, history.TimeToLive, history.KeepAlive, history.Compact:
		return false
	}
	return true
}

// tidy leaves out what no driver tells: the counts of single keys, and the leases of keys without their values.
func tidy(r history.Request, result *history.Result) {
	if r.Kind == history.Get {
		result.Count = 0
	}
	for i := range result.KVs {
		if r.KeysOnly {
			result.KVs[i].Lease = 0
		}
	}
	for i, op := range model.Side(&r, result.Succeeded) {
		if i < len(result.Responses) {
			tidy(op, &result.Responses[i])
		}
	}
}

// Random programs, through random members: what this store answers is what the model says.
func TestTwin(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			c, err := New(Options{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			rng := rand.New(rand.NewPCG(seed, 5))
			w := &twin{now: model.NewStore()}
			answered, failed := 0, 0
			for i, r := range clustertest.Program(rng, 400) {
				client, err := c.Dial(t.Context(), c.Nodes[rng.IntN(len(c.Nodes))])
				if err != nil {
					t.Fatal(err)
				}
				if !modelled(r) && r.Kind != history.Grant && r.Kind != history.Compact {
					continue
				}
				r.Serializable = false
				got := client.Do(t.Context(), r)
				switch {
				case got.Outcome != history.OK:
					failed++
				case modelled(r):
					answered++
					want := w.do(r)
					want.Outcome = history.OK
					tidy(r, &want)
					if got, want := clustertest.Answer(r, got), clustertest.Answer(r, want); got != want {
						t.Fatalf("seed %d, request %d:\n%s\nwant\n%s", seed, i, got, want)
					}
				}
			}
			if answered < 120 || failed < 20 {
				t.Errorf("seed %d: %d answered, %d failed: too few to mean something", seed, answered, failed)
			}
		})
	}
}
