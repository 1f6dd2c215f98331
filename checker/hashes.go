package checker

import (
	"context"
	"fmt"
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// checkHashes compares the members' hashes of their stores. Hashes of one revision are comparable if the members had
// compacted up to the same revision, because a hash covers what compaction left.
func checkHashes(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	if lim.NoEvidence {
		return f.done(0, "", "the members' hashes are left out")
	}
	type point struct{ revision, compact int64 }
	members := map[point][]history.Evidence{}
	hashes := 0
	for _, e := range h.Evidence {
		if e.Hash == nil {
			f.note("%s: no hash", e.Node)
			continue
		}
		hashes++
		p := point{e.Hash.Revision, e.Hash.Compact}
		members[p] = append(members[p], e)
	}
	points := make([]point, 0, len(members))
	for p := range members {
		points = append(points, p)
	}
	sort.Slice(points, func(i, j int) bool {
		a, b := points[i], points[j]
		return a.revision < b.revision || a.revision == b.revision && a.compact < b.compact
	})
	compared := 0
	for _, p := range points {
		group := members[p]
		if len(group) > 1 {
			compared += len(group)
		}
		if sides := byHash(group); len(sides) > 1 {
			f.mismatch(p.revision, p.compact, sides)
		}
	}
	if hashes < 2 {
		return f.done(0, "", "fewer than two members gave a hash")
	}
	if compared < hashes {
		for _, p := range points {
			if group := members[p]; len(group) == 1 {
				f.doubt("%s's hash is of revision %d, compacted at %d, and no other member's is", group[0].Node, p.revision, p.compact)
			}
		}
	}
	return f.done(compared, fmt.Sprintf("%d members' stores hash alike", compared), "")
}
