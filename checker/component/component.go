// Package component decides, by search on the whole store's model, what a history says of keys that belong together.
//
// A store without revisions gives no order to follow, and a range, a transaction, a range delete or a lease says more
// than single registers can: how keys stood at one moment. Keys that such a request joins are a component. Components
// share no request, so that each is an object of its own, and the history is linearizable if every one of them is
// (Herlihy and Wing, "Linearizability", 1990, theorem 1). Within one, Wing and Gong's search runs with package model's
// store as its state. Revisions are not looked at: values, presence, counts and versions decide.
package component

import (
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// Limits on what is searched.
const (
	// OpsLimit is the most operations of one component that are searched: a search goes one frame deep for each.
	OpsLimit = 20_000
	// deadEnds bounds what one search remembers of where it was, some 40 bytes each.
	deadEnds = 4 << 20
)

// Op is one step of a component: a request with its answer, as far as they are about its keys, or the end of a lease.
type Op struct {
	ID           int // its place in the history's operations; None for the end of a lease
	Call, Return time.Duration
	Request      *history.Request
	// Other is what a transaction of unknown outcome may have done instead, if nobody can tell what its compares found.
	Other *history.Request
	// Result is the answer, without the revisions. Nil: nothing is known of it, or it is not looked at.
	Result *history.Result
	Maybe  bool  // the outcome is unknown: it may never have happened
	Ends   int64 // the lease that ends here; then there is no Request
	// Revision is the answer's own word of where it stands: what is tried first, and never proof.
	Revision int64
}

// None is the ID of what no client asked for.
const None = -1

// Part is a component with all that happened to it.
type Part struct {
	Keys []string // sorted
	Ops  []Op     // in order of Call
	// Joined: more than reads and writes of one key, so that a search of one register is not enough.
	Joined bool
	// Vague is how many observations Ops do not express: reads of past revisions, compares with revisions, counts of
	// ranges in which others write.
	Vague int
	// Lost says why the part cannot be searched at all.
	Lost string

	told    func(history.Kind, bool) bool
	strict  map[int64]bool // leases that were granted once: nothing is put under them after their end
	foreign func(key, end string) bool
}

// Verdict is what was concluded of a part.
type Verdict struct {
	Verdict search.Verdict
	By      string // the engine
	Why     string // of Unknown
}

// Judged reports whether components have a place for the operation.
func judged(rules *certificate.Rules, op *history.Op) bool {
	return rules.Judged(op) && !(op.Request.Revision != 0 && op.Request.Kind != history.Txn)
}

// with returns a copy of the part with other operations.
func (p *Part) with(ops []Op) *Part {
	q := *p
	q.Ops = ops
	return &q
}

// Untimed is the part without what its operations' times say: any order will do.
func (p *Part) Untimed() *Part {
	ops := append([]Op(nil), p.Ops...)
	for i := range ops {
		ops[i].Call = 0
		if !ops[i].Maybe {
			ops[i].Return = search.Forever - 1
		}
	}
	return p.with(ops)
}
