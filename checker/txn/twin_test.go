package txn

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// serializable tries every order that real time allows: the definition of strict serializability, for small histories.
func serializable(h *history.History) bool {
	return place(h, 0, map[string]string{})
}

func place(h *history.History, done uint, state map[string]string) bool {
	left := false
	for i := range h.Ops {
		op := &h.Ops[i]
		left = left || done&(1<<i) == 0 && op.Result.Outcome == history.OK
	}
	if !left {
		return true
	}
	for i := range h.Ops {
		if done&(1<<i) != 0 || h.Ops[i].Result.Outcome == history.Fail || !first(h, done, i) {
			continue
		}
		if next, ok := carryOut(&h.Ops[i], state); ok && place(h, done|1<<i, next) {
			return true
		}
	}
	return false
}

// first reports whether nothing that is left had returned before the operation was called.
func first(h *history.History, done uint, i int) bool {
	for j := range h.Ops {
		if op := &h.Ops[j]; done&(1<<j) == 0 && op.Result.Outcome == history.OK && op.Return < h.Ops[i].Call {
			return false
		}
	}
	return true
}

// carryOut is the state after an operation, if it can have answered as it did in this one. An append needs the list that
// it continues: its guard says so.
func carryOut(op *history.Op, state map[string]string) (map[string]string, bool) {
	next := maps.Clone(state)
	known := op.Result.Outcome == history.OK
	side := op.Request.Then
	if known && !op.Result.Succeeded {
		side = op.Request.Else
	}
	for i := range side {
		r := &side[i]
		if r.Kind == history.Append {
			next[r.Key] += r.Value
			continue
		}
		if r.Kind == history.Put {
			if strings.HasPrefix(r.Key, Lists) && next[r.Key] != shorter(r.Value) {
				return nil, false
			}
			next[r.Key] = r.Value
			continue
		}
		value := ""
		if known && len(op.Result.Responses[i].KVs) > 0 {
			value = op.Result.Responses[i].KVs[0].Value
		}
		if known && value != next[r.Key] {
			return nil, false
		}
	}
	return next, true
}

// distort changes one read of a small history to another value of its key, or one interval, or one outcome.
func distort(h *history.History, rng *rand.Rand) {
	op := &h.Ops[rng.IntN(len(h.Ops))]
	switch rng.IntN(4) {
	case 0:
		at := h.Ops[rng.IntN(len(h.Ops))].Return
		if at > op.Call {
			op.Return = at
		}
	case 1:
		op.Return = op.Call + (op.Return-op.Call)/time.Duration(1+rng.IntN(8))
	case 2:
		if rng.IntN(3) == 0 {
			op.Result = history.Result{}
			return
		}
		fallthrough
	default:
		for i := range op.Result.Responses {
			if res := &op.Result.Responses[i]; len(res.KVs) > 0 {
				other := h.Ops[rng.IntN(len(h.Ops))]
				for _, r := range other.Result.Responses {
					if len(r.KVs) > 0 && r.KVs[0].Key == res.KVs[0].Key {
						res.KVs[0].Value = r.KVs[0].Value
					}
				}
			}
		}
	}
}

// On small histories the check says that there is an anomaly exactly where no order exists: where the graph of registers
// shows none, a search does.
func TestTwin(t *testing.T) {
	rounds := uint64(1500)
	if os.Getenv("WHITEWATER_SOAK") != "" {
		rounds *= 100
	}
	for _, lists := range []bool{true, false} {
		invalid, missed := 0, 0
		for seed := range rounds {
			rng := rand.New(rand.NewPCG(seed, 9))
			s := &simulation{rng: rng, lists: lists, clients: 3, txns: 7, unknown: 0.1, keys: 2, perKey: 99}
			h := s.run()
			for range rng.IntN(3) {
				distort(h, rng)
			}
			r := Check(context.Background(), h)
			found := len(r.Counts) > 0
			switch right := serializable(h); {
			case right && found:
				t.Fatalf("seed %d, lists %v: an order exists, yet %v %+v\n%s", seed, lists, r.Counts, r.Anomalies, h)
			case !right:
				invalid++
				if !found {
					missed++
				}
			}
		}
		t.Logf("lists %v: %d of %d histories were wrong, %d of them passed", lists, invalid, rounds, missed)
		if invalid < int(rounds)/20 || missed > 0 {
			t.Errorf("lists %v: %d wrong histories, %d missed", lists, invalid, missed)
		}
	}
}
