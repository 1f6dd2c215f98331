package certificate

import (
	"cmp"
	"slices"
	"time"
)

// Moment is one thing that happened between Call and Ret at some height: a revision, a key's modification.
type Moment struct {
	Call, Ret time.Duration
	Height    int64
	// Proves: by Ret, the store had reached Height. Bound: it had not passed Height when the moment began, and, if
	// Strict, had not reached it.
	Proves, Bound, Strict bool
	ID                    int32 // the caller's
}

// Inversion is a moment that began when the store was already known to be past it.
type Inversion struct {
	Before, After *Moment
}

// Inversions finds every moment below what had been proved before it began, each with the highest proof. It takes
// O(n log n), and is what real time demands of a store whose heights never go back.
func Inversions(moments []Moment) []Inversion {
	byRet := make([]*Moment, 0, len(moments))
	byCall := make([]*Moment, 0, len(moments))
	for i := range moments {
		if m := &moments[i]; m.Proves {
			byRet = append(byRet, m)
		}
		if m := &moments[i]; m.Bound {
			byCall = append(byCall, m)
		}
	}
	slices.SortStableFunc(byRet, func(a, b *Moment) int { return cmp.Compare(a.Ret, b.Ret) })
	slices.SortStableFunc(byCall, func(a, b *Moment) int { return cmp.Compare(a.Call, b.Call) })
	var out []Inversion
	var highest *Moment
	at := 0
	for _, m := range byCall {
		for ; at < len(byRet) && byRet[at].Ret < m.Call; at++ {
			if highest == nil || byRet[at].Height > highest.Height {
				highest = byRet[at]
			}
		}
		if highest != nil && (highest.Height > m.Height || m.Strict && highest.Height == m.Height) {
			out = append(out, Inversion{highest, m})
		}
	}
	return out
}
