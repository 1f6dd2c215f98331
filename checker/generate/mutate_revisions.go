package generate

import (
	"math/rand/v2"

	"github.com/whitewater-kv/whitewater/history"
)

func revisionMutations() []Mutation {
	caught, also := []string{"revisions"}, []string{"linearizable", "watch", "durable", "serializable"}
	return []Mutation{
		{"revision-used-twice", "two writes are acknowledged as the same revision", registerBase, revisionTwice, caught, also},
		{"revisions-swapped", "two writes, one after the other, are acknowledged with each other's revision", registerBase, revisionsSwapped, caught, also},
		{"revision-goes-back", "a read is answered at a revision that had passed before it was asked", registerBase, revisionBack, caught, also},
		{"revision-ahead", "a read is answered at a later revision, and does not show what was written there", registerBase, revisionAhead, caught, also},
		{"write-at-a-revision-that-was-read", "a write is acknowledged at a revision that had been read before it was called", registerBase, writeBack, caught, also},
		{"modified-elsewhere", "a read shows its key changed at a revision that changed another key", registerBase, modElsewhere, caught, also},
		{"version-off", "a read shows one version too many", registerBase, versionOff, caught, also},
		{"created-off", "a read shows its key created a revision too late", registerBase, createOff, caught, also},
		{"modified-in-the-future", "a read shows its key changed after the revision of the answer", registerBase, modFuture, caught, also},
		{"stale-for-its-revision", "a serializable read shows what its revision had overwritten", staleBase, staleForRevision, []string{"serializable"}, []string{"revisions"}},
		{"serializable-goes-back", "a client's serializable reads of one member go back", staleBase, serializableBack, []string{"serializable"}, []string{"revisions"}},
	}
}

var staleBase = Options{Ops: 300, Clients: 5, Keys: 3, Nodes: 3, Unknown: 0.03, Stale: 0.5, Watches: true, Final: true, Evidence: true}

func revisionTwice(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(a *history.Op) bool {
		return sets(a, a.Request.Key) && pick(h, rng, func(b *history.Op) bool {
			if a == b || !sets(b, b.Request.Key) {
				return false
			}
			b.Result.Header.Revision = a.Result.Header.Revision
			return true
		})
	})
}

func revisionsSwapped(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(a *history.Op) bool {
		return sets(a, a.Request.Key) && pick(h, rng, func(b *history.Op) bool {
			if !sets(b, b.Request.Key) || a.Return >= b.Call {
				return false
			}
			a.Result.Header.Revision, b.Result.Header.Revision = b.Result.Header.Revision, a.Result.Header.Revision
			return true
		})
	})
}

func revisionBack(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(a *history.Op) bool {
		return ok(a) && a.Result.Header.Revision > 1 && pick(h, rng, func(op *history.Op) bool {
			if !shows(op) || a.Return >= op.Call || op.Result.KVs[0].Mod >= a.Result.Header.Revision {
				return false
			}
			op.Result.Header.Revision = a.Result.Header.Revision - 1
			return true
		})
	})
}

func revisionAhead(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(w *history.Op) bool {
		return sets(w, w.Request.Key) && pick(h, rng, func(op *history.Op) bool {
			if !shows(op) || op.Request.Key != w.Request.Key || op.Result.Header.Revision >= w.Result.Header.Revision {
				return false
			}
			op.Result.Header.Revision = w.Result.Header.Revision
			return true
		})
	})
}

func writeBack(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(r *history.Op) bool {
		return shows(r) && pick(h, rng, func(w *history.Op) bool {
			if !sets(w, w.Request.Key) || w.Call <= r.Return {
				return false
			}
			w.Result.Header.Revision = r.Result.Header.Revision
			return true
		})
	})
}

func modElsewhere(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(w *history.Op) bool {
		return sets(w, w.Request.Key) && pick(h, rng, func(op *history.Op) bool {
			if !shows(op) || op.Request.Key == w.Request.Key || op.Result.Header.Revision < w.Result.Header.Revision {
				return false
			}
			set(op, op.Result.KVs[0])
			op.Result.KVs[0].Mod = w.Result.Header.Revision
			return true
		})
	})
}

func editKV(h *history.History, rng *rand.Rand, edit func(*history.KV, *history.Op)) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if shows(op) {
			set(op, op.Result.KVs[0])
			edit(&op.Result.KVs[0], op)
		}
		return shows(op)
	})
}

func versionOff(h *history.History, rng *rand.Rand) bool {
	return editKV(h, rng, func(kv *history.KV, _ *history.Op) { kv.Version++ })
}

func createOff(h *history.History, rng *rand.Rand) bool {
	return editKV(h, rng, func(kv *history.KV, _ *history.Op) { kv.Create++ })
}

func modFuture(h *history.History, rng *rand.Rand) bool {
	return editKV(h, rng, func(kv *history.KV, op *history.Op) { kv.Mod = op.Result.Header.Revision + 1 })
}

// pastRead reports whether the operation is a serializable get that showed its key.
func pastRead(op *history.Op) bool {
	return ok(op) && op.Request.Serializable && op.Request.Kind == history.Get && len(op.Result.KVs) == 1
}

func staleForRevision(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if !pastRead(op) {
			return false
		}
		old := replaced(h, &op.Result.KVs[0])
		if old != nil {
			set(op, *old)
		}
		return old != nil
	})
}

func serializableBack(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(first *history.Op) bool {
		return pastRead(first) && pick(h, rng, func(op *history.Op) bool {
			if !pastRead(op) || op.Process != first.Process || op.Request.Key != first.Request.Key || op.Call <= first.Return ||
				op.Result.Header.Revision <= first.Result.Header.Revision {
				return false
			}
			first.Result, op.Result = op.Result, first.Result
			return true
		})
	})
}
