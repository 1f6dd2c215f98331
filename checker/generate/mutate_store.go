package generate

import (
	"math/rand/v2"

	"github.com/whitewater-kv/whitewater/history"
)

func storeMutations() []Mutation {
	linear, also := []string{"linearizable"}, []string{"revisions", "durable", "transactions", "bank", "set"}
	also = also[:len(also):len(also)]
	return []Mutation{
		{"resurrected", "a read sees a value after its delete was acknowledged", storeBase, resurrected, linear, also},
		{"range-misses-a-key", "a range leaves out a key that is there", storeBase, rangeMisses, linear, also},
		{"range-shows-a-deleted-key", "a range shows a key that was deleted", storeBase, rangeShowsDeleted, linear, also},
		{"range-mixes-two-states", "a range shows one key as it was before", storeBase, rangeMixes, linear, also},
		{"range-of-an-old-state", "a range answers a state, whole, that had passed", storeBase, rangeOld, linear, also},
		{"count-off", "a range counts one key too many", storeBase, countOff, linear, also},
		{"more-off", "a range claims that there is more", storeBase, moreOff, linear, also},
		{"past-read-wrong", "a read of a past revision shows a later state", storeBase, pastWrong, linear, append(also, "serializable", "watch")},
		{"compare-flipped", "a transaction takes the side that its compares forbid", storeBase, compareFlipped, linear, append(also, "raft", "watch")},
		{"transaction-half-read", "a transaction reads one key as it was before", storeBase, txnHalfRead, linear, also},
		{"transaction-half-applied", "a read after a transaction finds one of its two writes missing", storeBase, txnHalfApplied, linear, also},
		{"delete-counted-wrong", "a delete that removed a key says that there was none", certainBase, deleteWrong, []string{"revisions"}, append(also, "linearizable", "watch", "raft")},
		{"replaced-another", "a put says that it replaced an older value than it did", storeBase, replacedAnother, linear, append(also, "watch")},
	}
}

// certainBase leaves no operation that could explain what another did.
var certainBase = Options{Ops: 300, Clients: 5, Keys: 4, Nodes: 3, Mix: Everything(), Watches: true, Final: true, Evidence: true}

func resurrected(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(del *history.Op) bool {
		if !ok(del) || del.Request.Kind != history.Delete || del.Request.End != "" || len(del.Result.Prev) != 1 {
			return false
		}
		return pick(h, rng, func(op *history.Op) bool {
			if !ok(op) || op.Request.Kind != history.Get || op.Request.Key != del.Request.Key || op.Call <= del.Return {
				return false
			}
			set(op, del.Result.Prev[0])
			op.Result.Count = 1
			return true
		})
	})
}

// wholeRange reports whether the operation is a range that showed all of at least one key of the present state.
func wholeRange(op *history.Op) bool {
	r := &op.Request
	return ok(op) && r.Kind == history.Range && r.Revision == 0 && !r.KeysOnly && !r.CountOnly && r.Limit == 0 && !r.Serializable && len(op.Result.KVs) > 0
}

func rangeMisses(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !wholeRange(op) {
			return false
		}
		i := rng.IntN(len(op.Result.KVs))
		op.Result.KVs = append(append([]history.KV(nil), op.Result.KVs[:i]...), op.Result.KVs[i+1:]...)
		op.Result.Count--
		return true
	})
}

func rangeShowsDeleted(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(del *history.Op) bool {
		if !ok(del) || del.Request.Kind != history.Delete || del.Request.End != "" || len(del.Result.Prev) != 1 {
			return false
		}
		return pick(h, rng, func(op *history.Op) bool {
			if !wholeRange(op) || op.Call <= del.Return || op.Request.Key > del.Request.Key || op.Request.End <= del.Request.Key {
				return false
			}
			for i, kv := range op.Result.KVs {
				if kv.Key == del.Request.Key {
					return false
				}
				if kv.Key > del.Request.Key {
					op.Result.KVs = append(append(append([]history.KV(nil), op.Result.KVs[:i]...), del.Result.Prev[0]), op.Result.KVs[i:]...)
					op.Result.Count++
					return true
				}
			}
			op.Result.KVs = append(append([]history.KV(nil), op.Result.KVs...), del.Result.Prev[0])
			op.Result.Count++
			return true
		})
	})
}

// replaced finds what the key was before its present version, and by a write that had returned.
func replaced(h *history.History, now *history.KV) *history.KV {
	for i := range h.Ops {
		if op := &h.Ops[i]; sets(op, now.Key) && op.Result.Header.Revision == now.Mod && len(op.Result.Prev) == 1 {
			return &op.Result.Prev[0]
		}
	}
	return nil
}

func rangeMixes(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !wholeRange(op) {
			return false
		}
		i := rng.IntN(len(op.Result.KVs))
		old := replaced(h, &op.Result.KVs[i])
		if old == nil {
			return false
		}
		op.Result.KVs = append([]history.KV(nil), op.Result.KVs...)
		op.Result.KVs[i] = *old
		return true
	})
}

func rangeOld(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(early *history.Op) bool {
		if !wholeRange(early) {
			return false
		}
		return pick(h, rng, func(op *history.Op) bool {
			if !wholeRange(op) || op.Request.Key != early.Request.Key || op.Request.End != early.Request.End || op.Call <= early.Return {
				return false
			}
			for i := range h.Ops {
				w := &h.Ops[i]
				if sets(w, w.Request.Key) && w.Result.Header.Revision > early.Result.Header.Revision && w.Return < op.Call &&
					w.Request.Key >= op.Request.Key && w.Request.Key < op.Request.End {
					op.Result = early.Result
					return true
				}
			}
			return false
		})
	})
}

func countOff(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.Range || op.Result.Count == 0 {
			return false
		}
		op.Result.Count++
		return true
	})
}

func moreOff(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !wholeRange(op) {
			return false
		}
		op.Result.More = true
		return true
	})
}

func pastWrong(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		r := &op.Request
		if !ok(op) || r.Kind != history.Range || r.Revision == 0 || r.KeysOnly || r.CountOnly || len(op.Result.KVs) == 0 {
			return false
		}
		kv := op.Result.KVs[0]
		return pick(h, rng, func(w *history.Op) bool {
			if !sets(w, kv.Key) || w.Result.Header.Revision <= r.Revision || w.Return >= op.Call {
				return false
			}
			op.Result.KVs = append([]history.KV(nil), op.Result.KVs...)
			op.Result.KVs[0].Value, op.Result.KVs[0].Mod = w.Request.Value, w.Result.Header.Revision
			return true
		})
	})
}

func compareFlipped(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.Txn || op.Result.Succeeded || len(op.Request.Then) == 0 {
			return false
		}
		for i := range op.Request.Then {
			if op.Request.Then[i].Kind != history.Get {
				return false
			}
		}
		if len(op.Request.Then) != len(op.Request.Else) {
			return false
		}
		op.Result.Succeeded = true
		return true
	})
}

func txnHalfRead(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.Txn || op.Result.Succeeded || len(op.Result.Responses) < 2 {
			return false
		}
		i := rng.IntN(len(op.Result.Responses))
		if len(op.Result.Responses[i].KVs) != 1 {
			return false
		}
		old := replaced(h, &op.Result.Responses[i].KVs[0])
		if old == nil {
			return false
		}
		op.Result.Responses = append([]history.Result(nil), op.Result.Responses...)
		op.Result.Responses[i].KVs = []history.KV{*old}
		return true
	})
}

// txnHalfApplied has a read of one of the keys that a transaction wrote, after it and before anybody else wrote there,
// find what was there before.
func txnHalfApplied(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(txn *history.Op) bool {
		if !ok(txn) || txn.Request.Kind != history.Txn || !txn.Result.Succeeded {
			return false
		}
		puts := 0
		for i := range txn.Request.Then {
			if txn.Request.Then[i].Kind == history.Put {
				puts++
			}
		}
		if puts < 2 {
			return false
		}
		return pick(h, rng, func(op *history.Op) bool {
			if !shows(op) || op.Call <= txn.Return || op.Result.KVs[0].Mod != txn.Result.Header.Revision {
				return false
			}
			for i, sub := range txn.Request.Then {
				if sub.Key == op.Request.Key && len(txn.Result.Responses[i].Prev) == 1 {
					set(op, txn.Result.Responses[i].Prev[0])
					return true
				}
			}
			return false
		})
	})
}

func deleteWrong(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.Delete || op.Request.End != "" || op.Result.Deleted != 1 {
			return false
		}
		op.Result.Deleted, op.Result.Prev = 0, nil
		return true
	})
}

func replacedAnother(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !sets(op, op.Request.Key) || op.Request.Kind != history.Put || len(op.Result.Prev) != 1 {
			return false
		}
		old := replaced(h, &op.Result.Prev[0])
		if old == nil {
			return false
		}
		op.Result.Prev = []history.KV{*old}
		return true
	})
}
