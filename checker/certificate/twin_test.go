package certificate_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// possible tries every order of a small history on the sequential store, revisions included. Operations of unknown
// outcome may be left out. It knows nothing of certificates.
func possible(h *history.History, rules certificate.Rules) bool {
	var ops []*history.Op
	for i := range h.Ops {
		if rules.Judged(&h.Ops[i]) {
			ops = append(ops, &h.Ops[i])
		}
	}
	return place(ops, rules, nil)
}

func place(left []*history.Op, rules certificate.Rules, done []*history.Op) bool {
	certain := 0
	for _, op := range left {
		if op.Result.Outcome == history.OK {
			certain++
		}
	}
	if certain == 0 {
		return true
	}
next:
	for i, op := range left {
		for _, other := range left {
			if other.Result.Outcome == history.OK && other.Return < op.Call {
				continue next
			}
		}
		store := model.NewStore() // made anew: it cannot be copied, and these are few
		past := map[int64]*model.Store{1: model.NewStore()}
		for _, d := range done {
			store.Do(&d.Request)
			snapshot := model.NewStore()
			for _, e := range done {
				snapshot.Do(&e.Request)
				if snapshot.Revision == store.Revision {
					break
				}
			}
			past[store.Revision] = snapshot
		}
		if op.Result.Outcome == history.OK && !answers(store, past, op, rules) {
			continue
		}
		rest := append(append([]*history.Op(nil), left[:i]...), left[i+1:]...)
		if place(rest, rules, append(done[:len(done):len(done)], op)) {
			return true
		}
	}
	return false
}

// answers reports whether the store's answer is the one recorded.
func answers(store *model.Store, past map[int64]*model.Store, op *history.Op, rules certificate.Rules) bool {
	if rev := op.Request.Revision; rev != 0 {
		at := past[rev]
		if at == nil || op.Result.Header.Revision != store.Revision {
			return false
		}
		var want history.Result
		model.Read(at, &op.Request, &want)
		return model.ReadDiffers(&op.Request, &op.Result, &want) == ""
	}
	want, _ := model.Eval(store, store.Revision, &op.Request)
	return want.Header.Revision == op.Result.Header.Revision && model.Differs(&op.Request, &op.Result, &want, rules.Told) == ""
}

// lie changes one thing that an operation was told, or when it was.
func lie(rng *rand.Rand, h *history.History) {
	op := &h.Ops[rng.IntN(len(h.Ops))]
	if op.Result.Outcome != history.OK {
		return
	}
	switch rng.IntN(6) {
	case 0:
		op.Result.Header.Revision += int64(1 - 2*rng.IntN(2))
		op.Result.Header.Revision = max(1, op.Result.Header.Revision)
	case 1:
		if len(op.Result.KVs) > 0 {
			op.Result.KVs = append([]history.KV(nil), op.Result.KVs...)
			op.Result.KVs[0].Value = "1"
		}
	case 2:
		op.Result.KVs, op.Result.Count = nil, 0
	case 3:
		other := &h.Ops[rng.IntN(len(h.Ops))]
		if other.Request.Kind == op.Request.Kind && other.Result.Outcome == history.OK {
			op.Result = other.Result
		}
	case 4:
		op.Result.Succeeded = !op.Result.Succeeded
		if op.Request.Kind == history.Txn {
			op.Result.Responses = nil
		}
	case 5: // its interval ends at once
		op.Return = op.Call + (op.Return-op.Call)/8
	}
}

// What has a certificate is possible, and what has findings is not: whatever the revisions say, searching through every
// order says the same.
func TestAgreesWithEveryOrder(t *testing.T) {
	certified, found, open := 0, 0, 0
	for seed := range uint64(rounds(3_000)) {
		rng := rand.New(rand.NewPCG(seed, 10))
		o := generate.Options{Ops: 2 + rng.IntN(5), Clients: 1 + rng.IntN(4), Keys: 1 + rng.IntN(2), Nodes: 1, Unknown: []float64{0, 0.3}[rng.IntN(2)]}
		if rng.IntN(2) == 0 {
			o.Mix, o.Past = generate.Everything(), 0.3
		}
		h := generate.History(rng, o)
		for range rng.IntN(3) {
			lie(rng, h)
		}
		r := rules(h)
		out := certificate.Certify(context.Background(), h, r)
		can := possible(h, r)
		switch {
		case out.Certificate != nil && !can:
			t.Fatalf("seed %d: certified, and impossible\n%s", seed, h)
		case out.Total > 0 && can:
			t.Fatalf("seed %d: possible, and yet %+v\n%s", seed, out.Findings, h)
		case out.Certificate != nil:
			certified++
			if err := certificate.Verify(h, r, out.Certificate); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, h)
			}
		case out.Total > 0:
			found++
		default:
			open++
		}
	}
	t.Logf("%d certified, %d with findings, %d left open", certified, found, open)
}
