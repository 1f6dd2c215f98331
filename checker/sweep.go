package checker

import (
	"sort"
	"time"
)

// moment is one thing that happened between call and ret at some height: a revision, a key's modification.
type moment struct {
	call, ret time.Duration
	height    int64
	// proves: by ret, the store had reached height. bound: it had not passed height when the moment began, and, if
	// strict, had not reached it.
	proves, bound, strict bool
	id                    int32
}

// inversion is a moment that began when the store was already known to be past it.
type inversion struct {
	before, after *moment
}

// inversions finds every moment below what had been proved before it began, each with the highest proof. It takes
// O(n log n), and is what real time demands of a store whose heights never go back.
func inversions(moments []moment) []inversion {
	byRet := make([]*moment, 0, len(moments))
	byCall := make([]*moment, 0, len(moments))
	for i := range moments {
		if m := &moments[i]; m.proves {
			byRet = append(byRet, m)
		}
		if m := &moments[i]; m.bound {
			byCall = append(byCall, m)
		}
	}
	sort.SliceStable(byRet, func(i, j int) bool { return byRet[i].ret < byRet[j].ret })
	sort.SliceStable(byCall, func(i, j int) bool { return byCall[i].call < byCall[j].call })
	var out []inversion
	var highest *moment
	at := 0
	for _, m := range byCall {
		for ; at < len(byRet) && byRet[at].ret < m.call; at++ {
			if highest == nil || byRet[at].height > highest.height {
				highest = byRet[at]
			}
		}
		if highest != nil && (highest.height > m.height || m.strict && highest.height == m.height) {
			out = append(out, inversion{highest, m})
		}
	}
	return out
}
