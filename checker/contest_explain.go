package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// contenders shows who contended for a lock or an election at a revision, the oldest first: whose key it was, from when
// to when it existed, and who was told that it holds. Those that a sentence is about are marked.
func contenders(h *history.History, name string, all []life, rev int64, about ...string) Table {
	t := Table{Title: fmt.Sprintf("the contenders for %s around revision %d", name, rev),
		Columns: []string{"key", "created at revision", "gone at revision", "client", "told that it holds"}}
	told := holders(h)
	byAge := slices.Clone(all)
	slices.SortStableFunc(byAge, func(a, b life) int { return cmp.Compare(a.created, b.created) })
	for _, l := range byAge {
		gone, client, when := "", "", ""
		if l.deleted > 0 {
			gone = fmt.Sprint(l.deleted)
		}
		if op, ok := told[l.key]; ok {
			client, when = fmt.Sprint(op.Process), fmt.Sprintf("op %d at %s, revision %d", op.ID, h.When(op.Return), op.Result.Header.Revision)
		}
		if l.deleted > 0 && l.deleted < rev-contendersAround || l.created > rev+contendersAround {
			continue
		}
		t.add(slices.Contains(about, l.key), text(l.key), fmt.Sprint(l.created), gone, client, when)
	}
	return t.near()
}

// contendersAround is how many revisions before and after a grant others' keys still matter to its reader.
const contendersAround = 20

// holders are the first answers that told a key that it holds its lock or leads.
func holders(h *history.History) map[string]history.Op {
	first := map[string]history.Op{}
	for i := range h.Ops {
		op := &h.Ops[i]
		key := ""
		switch {
		case op.Result.Outcome != history.OK:
		case op.Request.Kind == history.Lock:
			key = op.Result.Key
		case op.Request.Kind == history.Campaign && op.Result.Leader != nil:
			key = op.Result.Leader.Key
		}
		if _, known := first[key]; key != "" && !known {
			first[key] = *op
		}
	}
	return first
}
