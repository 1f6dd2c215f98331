package component

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// gamble makes small histories by chance.
type gamble struct {
	rng                  *rand.Rand
	keys, values, leases int
	revisions            bool
	store                *model.Store
	ended                map[int64]bool
}

func (g *gamble) key() string   { return fmt.Sprint("k", g.rng.IntN(g.keys)) }
func (g *gamble) value() string { return fmt.Sprint(g.rng.IntN(g.values)) }

// history has a store carry n requests out one after another, each somewhere between its call and its return.
func (g *gamble) history(n int) *history.History {
	g.store, g.ended = model.NewStore(), map[int64]bool{}
	h := &history.History{}
	wide := time.Duration(1 + g.rng.IntN(4))
	for i := range n {
		at := time.Duration(10 * i)
		op := history.Op{Process: history.Process(i), Node: "n1", Call: at - g.span(wide), Return: at + 1 + g.span(wide), Request: g.request(true)}
		if g.leases > 0 && g.rng.IntN(4) == 0 {
			g.end(int64(1 + g.rng.IntN(g.leases))) // runs out
		}
		switch fate := g.rng.IntN(8); {
		case fate == 0:
			op.Result.Error = "deadline exceeded"
		case fate == 1:
			g.answer(&op)
			op.Result = history.Result{Error: "deadline exceeded"}
		default:
			op.Result = g.answer(&op)
		}
		h.Ops = append(h.Ops, op)
	}
	sorted(h)
	return h
}

func (g *gamble) span(wide time.Duration) time.Duration {
	return time.Duration(g.rng.Int64N(int64(8 * wide)))
}

func sorted(h *history.History) {
	slices.SortStableFunc(h.Ops, func(a, b history.Op) int { return int(a.Call - b.Call) })
	for i := range h.Ops {
		h.Ops[i].ID = i
	}
}

func (g *gamble) request(top bool) history.Request {
	req := history.Request{Key: g.key()}
	switch n := g.rng.IntN(16); {
	case n < 4:
		req.Kind = history.Get
	case n < 6:
		req.Kind, req.Value = history.Put, g.value()
		if g.leases > 0 && g.rng.IntN(2) == 0 {
			req.Lease = int64(1 + g.rng.IntN(g.leases))
		}
	case n < 7:
		req.Kind = history.Delete
	case n < 9:
		req.Kind, req.Key, req.End = history.Range, "k", []string{"k1", "l", "\x00"}[g.rng.IntN(3)]
		switch g.rng.IntN(5) {
		case 0:
			req.CountOnly = true
		case 1:
			req.Limit = 1
		case 2:
			req.KeysOnly = true
		}
	case n < 10:
		req.Kind, req.Key, req.End = history.Delete, "k", []string{"k1", "l"}[g.rng.IntN(2)]
	case n < 11:
		req.Kind, req.Value = history.Append, g.value()
	case n < 12 && top:
		req.Kind, req.Expect, req.Value = history.CAS, g.value(), g.value()
	case n < 13 && top && g.leases > 0:
		req = history.Request{Kind: history.Revoke, Lease: int64(1 + g.rng.IntN(g.leases))}
	case n < 14 && top && g.leases > 0:
		req = history.Request{Kind: history.Grant, Lease: int64(1 + g.rng.IntN(g.leases))}
	default:
		req = g.txn(top)
	}
	return req
}

func (g *gamble) txn(top bool) history.Request {
	req := history.Request{Kind: history.Txn}
	for range g.rng.IntN(3) {
		c := history.Compare{Key: g.key(), Op: []string{"=", "!=", "<", ">"}[g.rng.IntN(4)], Number: g.rng.Int64N(4)}
		switch c.Target = []string{"value", "version", "mod", "create", "lease"}[g.rng.IntN(5)]; c.Target {
		case "value":
			c.Value, c.Number = g.value(), 0
		case "mod", "create":
			c.Number *= 2
		}
		req.If = append(req.If, c)
	}
	for _, side := range []*[]history.Request{&req.Then, &req.Else} {
		for range g.rng.IntN(3) {
			if sub := g.request(false); sub.Kind != history.Txn || top {
				*side = append(*side, sub)
			}
		}
	}
	return req
}

func (g *gamble) end(lease int64) {
	var gone []model.Change
	g.store.Scan("", "\x00", func(kv history.KV) bool {
		if kv.Lease == lease {
			gone = append(gone, model.Change{KV: history.KV{Key: kv.Key}, Deleted: true})
		}
		return true
	})
	if g.ended[lease] = true; len(gone) > 0 {
		g.store.Apply(g.store.Revision+1, gone)
	}
}

// answer is the store's, with or without what a store without revisions does not tell.
func (g *gamble) answer(op *history.Op) history.Result {
	req := &op.Request
	switch req.Kind {
	case history.Grant:
		g.ended[req.Lease] = false
		return history.Result{Outcome: history.OK, Lease: req.Lease}
	case history.Revoke:
		g.end(req.Lease)
		return history.Result{Outcome: history.OK}
	}
	res, changes := model.Eval(g.store, g.store.Revision, req)
	for i := range changes {
		if g.ended[changes[i].KV.Lease] {
			return history.Result{Outcome: history.Fail, Error: "lease not found"}
		}
	}
	if len(changes) > 0 {
		g.store.Apply(g.store.Revision+1, changes)
	}
	if !g.revisions {
		return *plain(&history.Result{Outcome: history.OK, KVs: res.KVs, Count: res.Count, More: res.More, Succeeded: res.Succeeded, Deleted: res.Deleted, Responses: res.Responses})
	}
	return res
}

// distort changes an answer, a moment, or an outcome.
func (g *gamble) distort(h *history.History) {
	op := &h.Ops[g.rng.IntN(len(h.Ops))]
	switch g.rng.IntN(9) {
	case 0:
		op.Call += time.Duration(g.rng.IntN(20))
		op.Return = max(op.Return, op.Call+1)
	case 1:
		op.Return = op.Call + 1
	case 2:
		if op.Result.Outcome == history.OK {
			op.Result = history.Result{Error: "deadline exceeded"}
		}
	default:
		g.lie(&op.Result)
	}
	sorted(h)
}

func (g *gamble) lie(res *history.Result) {
	switch n := g.rng.IntN(6); {
	case res.Outcome != history.OK && len(res.Responses) == 0 && len(res.KVs) == 0 && res.Deleted == 0:
	case len(res.Responses) > 0:
		g.lie(&res.Responses[g.rng.IntN(len(res.Responses))])
	case n == 0:
		res.Count += int64(g.rng.IntN(3)) - 1
	case n == 1 && res.Deleted > 0:
		res.Deleted--
	case len(res.KVs) > 0 && n < 4:
		res.KVs = append([]history.KV(nil), res.KVs[1:]...)
		res.Count = int64(len(res.KVs))
	case len(res.KVs) > 0:
		res.KVs = append([]history.KV(nil), res.KVs...)
		res.KVs[g.rng.IntN(len(res.KVs))].Value = g.value()
	case res.Outcome == history.OK:
		res.Succeeded = !res.Succeeded
	}
}
