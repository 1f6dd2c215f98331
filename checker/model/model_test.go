package model_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Carrying requests out in place, and with the changes of several on top of an older store, answers the same.
func TestOverlayAnswersLikeStore(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var requests []history.Request
		generate.Stream(rng, generate.Options{Ops: 60, Clients: 3, Keys: 1 + rng.IntN(5), Mix: generate.Everything()}, func(op *history.Op, _ time.Duration) {
			requests = append(requests, op.Request)
		})
		store, base := model.NewStore(), model.NewStore()
		var changes []model.Change
		for i := range requests {
			if rng.IntN(6) == 0 { // the overlay becomes the store
				base.Apply(store.Revision, changes)
				changes = nil
			}
			rev := store.Revision
			want := store.Do(&requests[i])
			got, more := model.Eval(model.Overlay(base, &changes), rev, &requests[i])
			changes = append(changes, more...)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, request %d %v:\ngot  %+v\nwant %+v", seed, i, requests[i], got, want)
			}
			if d := model.Differs(&requests[i], &got, &want, func(history.Kind, bool) bool { return true }); d != "" {
				t.Fatalf("equal answers differ: %s", d)
			}
		}
	}
}

// The corners of etcd's semantics that are easily got wrong.
func TestCorners(t *testing.T) {
	s := model.NewStore()
	do := func(req history.Request) history.Result { return s.Do(&req) }
	put := func(key, value string) history.Request {
		return history.Request{Kind: history.Put, Key: key, Value: value}
	}
	get := func(key string) history.Request { return history.Request{Kind: history.Get, Key: key} }
	if res := do(history.Request{Kind: history.Delete, Key: "x"}); res.Deleted != 0 || res.Header.Revision != 1 {
		t.Errorf("a delete of nothing makes no revision: %+v", res)
	}
	absentValue := history.Compare{Key: "x", Target: "value", Op: "!=", Value: "1"}
	if model.Holds(s, &absentValue) {
		t.Error("no compare with the value of an absent key holds")
	}
	absentMod := history.Compare{Key: "x", Target: "mod", Op: "<", Number: 1}
	if !model.Holds(s, &absentMod) {
		t.Error("the modification of an absent key is zero")
	}
	// The nested compare looks at the time before the transaction, and its read at the time after the write before it.
	res := do(history.Request{Kind: history.Txn, Then: []history.Request{put("x", "1"), {Kind: history.Txn,
		If: []history.Compare{{Key: "x", Target: "version", Op: "=", Number: 0}}, Then: []history.Request{get("x")}}}})
	inner := res.Responses[1]
	if !inner.Succeeded || len(inner.Responses[0].KVs) != 1 || inner.Responses[0].KVs[0].Value != "1" || res.Header.Revision != 2 {
		t.Errorf("nested: %+v", res)
	}
	do(put("y", "1"))
	res = do(history.Request{Kind: history.Range, Key: "a", End: "\x00", Limit: 1})
	if res.Count != 2 || !res.More || len(res.KVs) != 1 || res.KVs[0].Key != "x" {
		t.Errorf("limited: %+v", res)
	}
	do(history.Request{Kind: history.Delete, Key: "x"})
	if res = do(put("x", "3")); len(res.Prev) != 0 {
		t.Errorf("a deleted key was replaced: %+v", res)
	}
	if kv, _ := s.Get("x"); kv.Version != 1 || kv.Create != 5 {
		t.Errorf("a key begins anew after a delete: %+v", kv)
	}
	appended := history.Request{Kind: history.Append, Key: "l", Value: "7 "}
	if res = do(appended); len(res.Prev) != 0 || res.Header.Revision != 6 {
		t.Errorf("what is absent counts as empty: %+v", res)
	}
	res = do(history.Request{Kind: history.Txn, Then: []history.Request{appended, get("l")}})
	if len(res.Responses[0].Prev) != 1 || res.Responses[1].KVs[0].Value != "7 7 " || res.Responses[1].KVs[0].Version != 2 {
		t.Errorf("appended twice: %+v", res)
	}
	if res = do(history.Request{Kind: history.CAS, Key: "x", Expect: "2", Value: "4"}); res.Succeeded || res.KVs[0].Value != "3" {
		t.Errorf("lost: %+v", res)
	}
}
