package history

import (
	"cmp"
	"slices"
)

// Sort puts operations in the order of their calls, faults in the order of their starts, and so on, and gives every
// operation its place as its number.
func (h *History) Sort() {
	// Operations are large: what is in order is not moved.
	byCall := func(a, b Op) int { return compareOps(&a, &b) }
	if !slices.IsSortedFunc(h.Ops, byCall) {
		slices.SortStableFunc(h.Ops, byCall)
	}
	for i := range h.Ops {
		h.Ops[i].ID = i
	}
	slices.SortStableFunc(h.Watches, func(a, b Watch) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(h.Faults, func(a, b Fault) int { return cmp.Compare(a.Start, b.Start) })
	slices.SortStableFunc(h.Statuses, func(a, b Status) int { return cmp.Compare(a.At, b.At) })
}

func compareOps(a, b *Op) int { return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.ID, b.ID)) }
