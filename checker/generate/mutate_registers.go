package generate

import (
	"math/rand/v2"

	"github.com/whitewater-kv/whitewater/history"
)

func registerMutations() []Mutation {
	linear, also := []string{"linearizable"}, []string{"revisions", "durable"}
	also = also[:len(also):len(also)]
	return []Mutation{
		{"stale-read", "a read answers, with its revision, what had been overwritten before it was asked", registerBase, staleRead, linear, also},
		{"stale-value", "a read answers an overwritten value at a fresh revision", registerBase, staleValue, linear, also},
		{"not-found", "a read finds nothing where something is", registerBase, notFound, linear, also},
		{"phantom-value", "a read answers what nobody wrote", registerBase, phantomValue, linear, also},
		{"dirty-read", "a write that was seen is refused afterwards", registerBase, dirtyRead, linear, append(also, "raft", "watch")},
		{"read-from-the-future", "a read sees a value before its write was called", registerBase, futureRead, linear, also},
		{"write-after-it-was-seen", "a write is called only after its value was seen", registerBase, lateWrite, linear, append(also, "watch")},
		{"lost-write", "the last acknowledged write of a key is gone at the end", registerBase, lostWrite, []string{"durable", "linearizable"}, also},
		{"lost-on-one-member", "one member has lost a key's last write", registerBase, lostOnOne, []string{"durable", "linearizable"}, also},
		{"member-empty-at-the-end", "one member does not know a key at the end", registerBase, emptyAtEnd, []string{"durable", "linearizable"}, also},
		{"cas-lost-though-equal", "a compare-and-swap that won is answered as lost", registerBase, casLost, linear, append(also, "raft", "watch")},
		{"cas-won-over-another", "a compare-and-swap wins over a value that it did not expect", registerBase, casWonOver, linear, append(also, "raft", "watch")},
		{"lost-update", "two compare-and-swaps both replace the same value", registerBase, lostUpdate, linear, append(also, "raft", "watch")},
		{"unknown-twice", "a write of unknown outcome takes effect again after it was overwritten", registerBase, unknownTwice, linear, also},
		{"swapped-reads", "two reads of a key, one after the other, answer in the wrong order", registerBase, swappedReads, linear, also},
		{"stale-read-without-revisions", "a store without revisions answers what had been overwritten", plainBase, stalePlain, linear, also},
		{"not-found-without-revisions", "a store without revisions finds nothing where something is", plainBase, notFound, linear, also},
	}
}

var plainBase = Options{Ops: 300, Clients: 5, Keys: 3, Nodes: 3, Unknown: 0.03, Plain: true, Final: true}

func staleRead(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		kv, replaced, found := past(h, op)
		if !shows(op) || !found || kv.Value == op.Result.KVs[0].Value {
			return false
		}
		set(op, kv)
		op.Result.Header.Revision = replaced - 1
		return true
	})
}

func staleValue(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		kv, _, found := past(h, op)
		if !shows(op) || !found || kv.Value == op.Result.KVs[0].Value {
			return false
		}
		set(op, kv)
		return true
	})
}

func notFound(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !shows(op) {
			return false
		}
		for i := range h.Ops {
			if sets(&h.Ops[i], op.Request.Key) && h.Ops[i].Return < op.Call {
				op.Result.KVs, op.Result.Count = nil, 0
				return true
			}
		}
		return false
	})
}

func phantomValue(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if shows(op) {
			op.Result.KVs = []history.KV{op.Result.KVs[0]}
			op.Result.KVs[0].Value = "nobody's"
		}
		return shows(op)
	})
}

func dirtyRead(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !sets(op, op.Request.Key) || seenBy(h, op.Request.Key, op.Request.Value, op) == nil {
			return false
		}
		op.Result = history.Result{Outcome: history.Fail, Error: "refused"}
		return true
	})
}

func futureRead(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !sets(op, op.Request.Key) {
			return false
		}
		return pick(h, rng, func(early *history.Op) bool {
			if !shows(early) || early.Request.Key != op.Request.Key || early.Return >= op.Call {
				return false
			}
			rev := op.Result.Header.Revision
			set(early, history.KV{Key: op.Request.Key, Value: op.Request.Value, Mod: rev})
			early.Result.Header.Revision = rev
			return true
		})
	})
}

// lateWrite moves a write behind the first return of those who saw it; nobody else is its process's.
func lateWrite(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !sets(op, op.Request.Key) {
			return false
		}
		by := seenBy(h, op.Request.Key, op.Request.Value, op)
		if by == nil {
			return false
		}
		took := op.Return - op.Call
		op.Call, op.Due = by.Return+1, by.Return+1
		op.Return, op.Process = op.Call+took, 1_000_000
		return sorted(h)
	})
}

// lastWrite finds an acknowledged write that replaced something and that every final read shows.
func lastWrite(h *history.History, rng *rand.Rand, use func(write *history.Op, finals []*history.Op) bool) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !sets(op, op.Request.Key) || len(op.Result.Prev) != 1 {
			return false
		}
		var finals []*history.Op
		for i := range h.Ops {
			if f := &h.Ops[i]; f.Stage == history.Final && shows(f) && f.Request.Key == op.Request.Key && f.Result.KVs[0].Value == op.Request.Value {
				finals = append(finals, f)
			}
		}
		return len(finals) > 0 && use(op, finals)
	})
}

func lostWrite(h *history.History, rng *rand.Rand) bool {
	return lastWrite(h, rng, func(w *history.Op, finals []*history.Op) bool {
		for _, f := range finals {
			set(f, w.Result.Prev[0])
		}
		return true
	})
}

func lostOnOne(h *history.History, rng *rand.Rand) bool {
	return lastWrite(h, rng, func(w *history.Op, finals []*history.Op) bool {
		set(finals[rng.IntN(len(finals))], w.Result.Prev[0])
		return true
	})
}

func emptyAtEnd(h *history.History, rng *rand.Rand) bool {
	return lastWrite(h, rng, func(_ *history.Op, finals []*history.Op) bool {
		f := finals[rng.IntN(len(finals))]
		f.Result.KVs, f.Result.Count = nil, 0
		return true
	})
}

func casLost(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.CAS || !op.Result.Succeeded {
			return false
		}
		op.Result.Succeeded, op.Result.KVs, op.Result.Prev = false, op.Result.Prev, nil
		return true
	})
}

func casWonOver(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.CAS || op.Result.Succeeded || len(op.Result.KVs) == 0 {
			return false
		}
		op.Result.Succeeded, op.Result.Prev, op.Result.KVs = true, op.Result.KVs, nil
		return true
	})
}

// lostUpdate makes a compare-and-swap that lost expect what an acknowledged one, over before, had replaced, and win.
func lostUpdate(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !ok(op) || op.Request.Kind != history.CAS || op.Result.Succeeded {
			return false
		}
		return pick(h, rng, func(won *history.Op) bool {
			if won.Request.Kind != history.CAS || !sets(won, op.Request.Key) {
				return false
			}
			op.Request.Expect = won.Request.Expect
			op.Result.Succeeded, op.Result.KVs, op.Result.Prev = true, nil, append([]history.KV(nil), won.Result.Prev...)
			return true
		})
	})
}

func unknownTwice(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if op.Result.Outcome != history.Unknown || op.Request.Kind != history.Put {
			return false
		}
		for i := range h.Ops {
			over := &h.Ops[i]
			if !sets(over, op.Request.Key) || len(over.Result.Prev) != 1 || over.Result.Prev[0].Value != op.Request.Value {
				continue
			}
			return pick(h, rng, func(again *history.Op) bool {
				if !shows(again) || again.Request.Key != op.Request.Key || again.Call <= over.Return {
					return false
				}
				set(again, over.Result.Prev[0])
				return true
			})
		}
		return false
	})
}

func swappedReads(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(a *history.Op) bool {
		if !shows(a) {
			return false
		}
		return pick(h, rng, func(b *history.Op) bool {
			if !shows(b) || b.Request.Key != a.Request.Key || a.Return >= b.Call || a.Result.KVs[0].Value == b.Result.KVs[0].Value {
				return false
			}
			a.Result, b.Result = b.Result, a.Result
			return true
		})
	})
}

// stalePlain answers the value of an acknowledged write after another had come and gone.
func stalePlain(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(old *history.Op) bool {
		if old.Request.Kind != history.Put || !ok(old) {
			return false
		}
		for i := range h.Ops {
			newer := &h.Ops[i]
			if newer.Request.Kind != history.Put || !sets(newer, old.Request.Key) || newer.Call <= old.Return {
				continue
			}
			return pick(h, rng, func(op *history.Op) bool {
				if !shows(op) || op.Request.Key != old.Request.Key || op.Call <= newer.Return {
					return false
				}
				set(op, history.KV{Key: old.Request.Key, Value: old.Request.Value})
				return true
			})
		}
		return false
	})
}
