package history

import (
	"cmp"
	"slices"
)

// Sort puts operations in the order of their calls, faults in the order of their starts, and so on, and gives every
// operation its place as its number.
func (h *History) Sort() {
	sortOps(h.Ops)
	for i := range h.Ops {
		h.Ops[i].ID = i
	}
	slices.SortStableFunc(h.Watches, func(a, b Watch) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(h.Faults, func(a, b Fault) int { return cmp.Compare(a.Start, b.Start) })
	slices.SortStableFunc(h.Statuses, func(a, b Status) int { return cmp.Compare(a.At, b.At) })
}

// sortOps is stable, and moves each operation once at the most: they are large.
func sortOps(ops []Op) {
	from := make([]int, len(ops)) // each place's operation
	for i := range from {
		from[i] = i
	}
	slices.SortFunc(from, func(a, b int) int { return cmp.Or(compareOps(&ops[a], &ops[b]), cmp.Compare(a, b)) })
	for i := range from {
		if from[i] == i {
			continue
		}
		first, at := ops[i], i
		for from[at] != i {
			ops[at] = ops[from[at]]
			at, from[at] = from[at], at
		}
		ops[at], from[at] = first, at
	}
}

func compareOps(a, b *Op) int { return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.ID, b.ID)) }
