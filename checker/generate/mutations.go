package generate

import (
	"math/rand/v2"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// Mutation is one way of making a valid history violate a promise: what a broken store or a broken member would have
// left behind.
type Mutation struct {
	Name, Doc string
	// Base are the options of a history that has what the mutation needs.
	Base Options
	// Apply breaks the history in place. It returns false where it finds nothing to break; the history is then as it
	// was.
	Apply func(*history.History, *rand.Rand) bool
	// Caught are the checkers that must say Fail; Also may, because the same damage shows to them.
	Caught, Also []string
}

// Mutations lists all. Those of one kind of promise stand together in a file of their own: to add some, write a list
// there and name it here.
func Mutations() []Mutation {
	return slices.Concat(registerMutations(), storeMutations(), revisionMutations(), watchMutations(), memberMutations(), compactionMutations())
}

// registerBase has reads, writes and compare-and-swaps on few keys, and all that is recorded of a run.
var registerBase = Options{Ops: 300, Clients: 5, Keys: 3, Nodes: 3, Unknown: 0.03, Fail: 0.03, Watches: true, Final: true, Evidence: true}

// storeBase has everything that the whole key space offers.
var storeBase = Options{Ops: 300, Clients: 5, Keys: 4, Nodes: 3, Unknown: 0.02, Mix: Everything(), Past: 0.3, Watches: true, Final: true, Evidence: true}

// pick calls try with the operations in random order, until it returns true.
func pick(h *history.History, rng *rand.Rand, try func(*history.Op) bool) bool {
	for _, i := range rng.Perm(len(h.Ops)) {
		if try(&h.Ops[i]) {
			return true
		}
	}
	return false
}

func ok(op *history.Op) bool { return op.Result.Outcome == history.OK }

// shows reports whether the operation is a get that showed its key, of the present state.
func shows(op *history.Op) bool {
	return ok(op) && op.Request.Kind == history.Get && !op.Request.Serializable && op.Request.Revision == 0 && len(op.Result.KVs) == 1
}

// sets reports whether the operation is an acknowledged write of the key.
func sets(op *history.Op, key string) bool {
	return ok(op) && op.Request.Key == key && (op.Request.Kind == history.Put || op.Request.Kind == history.CAS && op.Result.Succeeded)
}

// past returns a version of the key that an acknowledged write had replaced before the operation was called, and the
// revision of that write.
func past(h *history.History, before *history.Op) (kv history.KV, replaced int64, found bool) {
	for i := range h.Ops {
		op := &h.Ops[i]
		if sets(op, before.Request.Key) && op.Return < before.Call && len(op.Result.Prev) == 1 {
			return op.Result.Prev[0], op.Result.Header.Revision, true
		}
	}
	return history.KV{}, 0, false
}

// set replaces what a get shows.
func set(op *history.Op, kv history.KV) { op.Result.KVs = []history.KV{kv} }

// readers calls each for every other operation that showed the value as its key's present one.
func seenBy(h *history.History, key, value string, writer *history.Op) (first *history.Op) {
	for i := range h.Ops {
		op := &h.Ops[i]
		if op != writer && shows(op) && op.Request.Key == key && op.Result.KVs[0].Value == value && (first == nil || op.Return < first.Return) {
			first = op
		}
	}
	return first
}

// sorted restores the order of calls after an operation was moved in time, and the numbers with it.
func sorted(h *history.History) bool {
	slices.SortStableFunc(h.Ops, func(a, b history.Op) int { return int(a.Call - b.Call) })
	for i := range h.Ops {
		h.Ops[i].ID = i
	}
	return true
}
