package checker

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// byHash groups members by their hashes, the largest group first.
func byHash(members []history.Evidence) (sides [][]history.Evidence) {
	for _, e := range members {
		i := slices.IndexFunc(sides, func(side []history.Evidence) bool { return side[0].Hash.Hash == e.Hash.Hash })
		if i < 0 {
			sides = append(sides, nil)
			i = len(sides) - 1
		}
		sides[i] = append(sides[i], e)
	}
	sort.SliceStable(sides, func(i, j int) bool { return len(sides[i]) > len(sides[j]) })
	return sides
}

// mismatch files that members' stores differ, with what else they showed of themselves: their hashes, the keys that they
// answered differently at the end, the first revision that their replayed histories tell differently, and their logs.
func (f *findings) mismatch(revision, compact int64, sides [][]history.Evidence) {
	var words []string
	for _, side := range sides {
		var nodes []history.NodeID
		for _, e := range side {
			nodes = append(nodes, e.Node)
		}
		words = append(words, fmt.Sprintf("%s to %08x", nodeList(nodes), side[0].Hash.Hash))
	}
	keys := f.finalKeys()
	var ops []history.Op
	if len(keys) > 0 {
		ops = keys[0].reads
	}
	c := f.fail("hash-mismatch", fmt.Sprintf("at revision %d, compacted at %d, the stores hash differently: %s", revision, compact, strings.Join(words, ", ")), ops)
	if c == nil {
		return
	}
	c.show(f.hashTable(revision, compact, sides[0][0].Hash.Hash), func() Table { return finalTable(f.h, keys) }, f.firstDifference)
	c.Notes = append(c.Notes, f.logsAgree())
	if rev := firstChange(keys); rev > 0 {
		for i := range f.h.Ops {
			if op := &f.h.Ops[i]; op.Result.Header.Revision == rev && !op.Request.ReadOnly() && op.Result.Outcome == history.OK {
				c.Ops = append([]history.Op{*op}, c.Ops...)
				c.Context = meanwhile(f.h, op.Call, op.Return)
				break
			}
		}
	}
	c.Ops = inOrder(c.Ops)
}

// hashTable shows every member's hash; those that differ from the most frequent one are marked.
func (f *findings) hashTable(revision, compact int64, most uint32) func() Table {
	return func() Table {
		t := Table{Title: "the members' hashes", Columns: []string{"member", "hash", "of revision", "compacted at", "agrees with"}}
		for _, e := range f.h.Evidence {
			if e.Hash == nil {
				t.add(false, string(e.Node), "none", "", "", strings.Join(e.Notes, "; "))
				continue
			}
			var like []history.NodeID
			for _, other := range f.h.Evidence {
				if other.Node != e.Node && other.Hash != nil && *other.Hash == *e.Hash {
					like = append(like, other.Node)
				}
			}
			comparable := e.Hash.Revision == revision && e.Hash.Compact == compact
			agrees := nodeList(like)
			if !comparable && len(like) == 0 {
				agrees = "not comparable"
			}
			t.add(comparable && (e.Hash.Hash != most || len(like) == 0), string(e.Node), fmt.Sprintf("%08x", e.Hash.Hash), fmt.Sprint(e.Hash.Revision), fmt.Sprint(e.Hash.Compact), agrees)
		}
		return t
	}
}

// differingKey is a key that members answered differently at the end.
type differingKey struct {
	key   string
	shown map[history.NodeID]*history.KV // nil: absent
	reads []history.Op                   // the first of each member
}

// finalKeys are the keys that members answered differently when every key was read through every member at the end.
func (f *findings) finalKeys() (differ []differingKey) {
	byKey := map[string]*differingKey{}
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		if op.Stage != history.Final || op.Request.Kind != history.Get || op.Result.Outcome != history.OK || op.Request.Revision > 0 || op.Request.KeysOnly || op.Request.CountOnly {
			continue
		}
		k := byKey[op.Request.Key]
		if k == nil {
			k = &differingKey{key: op.Request.Key, shown: map[history.NodeID]*history.KV{}}
			byKey[op.Request.Key] = k
		}
		if _, known := k.shown[op.Node]; known {
			continue
		}
		k.reads, k.shown[op.Node] = append(k.reads, *op), nil
		if len(op.Result.KVs) > 0 {
			k.shown[op.Node] = &op.Result.KVs[0]
		}
	}
	for _, key := range sortedKeys(byKey) {
		if k := byKey[key]; !alike(k.shown) {
			differ = append(differ, *k)
		}
	}
	return differ
}

func alike(shown map[history.NodeID]*history.KV) bool {
	var first *history.KV
	seen := false
	for _, kv := range shown {
		if !seen {
			first, seen = kv, true
			continue
		}
		if (kv == nil) != (first == nil) || kv != nil && *kv != *first {
			return false
		}
	}
	return true
}

// finalTable shows those keys, a column for each member.
func finalTable(h *history.History, keys []differingKey) Table {
	t := Table{Title: "keys that the members showed differently at the end", Columns: []string{"key"}}
	if len(keys) == 0 {
		return t
	}
	var nodes []history.NodeID
	for _, op := range keys[0].reads {
		nodes = append(nodes, op.Node)
	}
	slices.Sort(nodes)
	for _, node := range nodes {
		t.Columns = append(t.Columns, string(node))
	}
	for _, k := range keys {
		cells := []string{text(k.key)}
		for _, node := range nodes {
			value := "absent"
			if kv := k.shown[node]; kv != nil {
				value = fmt.Sprintf("%s (revision %d)", clipText(kv.Value, 40), kv.Mod)
			}
			cells = append(cells, value)
		}
		t.add(false, cells...)
	}
	return t.near()
}

// firstChange is the lowest revision that some member showed of such a key and another did not.
func firstChange(keys []differingKey) (first int64) {
	for _, k := range keys {
		newest := int64(0)
		for _, kv := range k.shown {
			if kv != nil {
				newest = max(newest, kv.Mod)
			}
		}
		if newest > 0 && (first == 0 || newest < first) {
			first = newest
		}
	}
	return first
}

// differencesShown is how many revisions are shown that members' replayed histories tell differently.
const differencesShown = 4

// firstDifference shows the first revisions that the members' replayed histories tell differently, if there are any.
func (f *findings) firstDifference() Table {
	t := Table{Title: "the first revisions that the members' histories, replayed, tell differently", Columns: []string{"revision"}}
	type replay struct {
		span span
		told map[int64]string
	}
	var replays []replay
	revisions := map[int64]bool{}
	for i := range f.h.Watches {
		w := &f.h.Watches[i]
		if w.Purpose != "replay" || !allKeys(w) {
			continue
		}
		first, last := delivered(w)
		r := replay{span{max(first, w.Compacted), last}, map[int64]string{}}
		for j := range w.Responses {
			for k := range w.Responses[j].Events {
				ev := &w.Responses[j].Events[k]
				r.told[ev.KV.Mod] += eventText(ev) + "; "
				revisions[ev.KV.Mod] = true
			}
		}
		replays = append(replays, r)
		t.Columns = append(t.Columns, string(w.Node))
	}
	for _, rev := range slices.Sorted(maps.Keys(revisions)) {
		cells, versions := []string{fmt.Sprint(rev)}, map[string]bool{}
		for _, r := range replays {
			told := strings.TrimSuffix(r.told[rev], "; ")
			switch covers := r.span.first <= rev && rev <= r.span.last; {
			case told == "" && !covers:
				told = "not replayed"
			case told == "":
				told = "nothing"
				fallthrough
			default:
				versions[told] = true
			}
			cells = append(cells, text(told))
		}
		if len(versions) > 1 {
			t.add(len(t.Rows) == 0, cells...)
		}
		if len(t.Rows) == differencesShown {
			break
		}
	}
	return t
}

// logsAgree says whether the members' logs differ, which tells a log that went wrong from one that was carried out wrong.
func (f *findings) logsAgree() string {
	logs, _ := raftLogs(f.h)
	if len(logs) < 2 {
		return "there are no two members' logs to compare"
	}
	shared, first := 0, uint64(0)
	for i, a := range logs {
		for _, b := range logs[i+1:] {
			for _, e := range a.entries {
				other, ok := b.at(e.Index)
				if !ok || e.Index > min(a.wal.Commit, b.wal.Commit) {
					continue
				}
				shared++
				if !sameEntry(e, other) && (first == 0 || e.Index < first) {
					first = e.Index
				}
			}
		}
	}
	switch {
	case first > 0:
		return fmt.Sprintf("the members' logs differ, first at entry %d", first)
	case shared == 0:
		return "the members' logs share no entry"
	}
	return "the members' logs agree in every committed entry that they share: what differs is what became of it when it was carried out"
}
