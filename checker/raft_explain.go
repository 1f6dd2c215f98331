package checker

import (
	"fmt"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// entriesAround is how many entries of a log are shown before one, and after.
const entriesAround = 3

// entriesAt shows what the logs hold around an index.
func entriesAt(logs []raftLog, index uint64) func() Table {
	return func() Table {
		t := Table{Title: fmt.Sprintf("the logs around entry %d", index), Columns: []string{"entry"}}
		for _, l := range logs {
			t.Columns = append(t.Columns, fmt.Sprintf("%s, committed up to %d", l.node, l.wal.Commit))
		}
		for i := max(index, entriesAround+1) - entriesAround; i <= index+entriesAround; i++ {
			cells, any := []string{fmt.Sprint(i)}, false
			for _, l := range logs {
				e, ok := l.at(i)
				switch {
				case ok:
					cells, any = append(cells, text(entryText(e))), true
				case l.purged(i):
					cells = append(cells, "behind a snapshot")
				default:
					cells = append(cells, "none")
				}
			}
			if any || i == index {
				t.add(i == index, cells...)
			}
		}
		return t
	}
}

// heldBy shows which logs hold what an operation wrote.
func heldBy(logs []raftLog, op int, unique map[pair]int) func() Table {
	return func() Table {
		t := Table{Title: "the members' logs", Columns: []string{"member", "entries", "committed up to", "the write"}}
		for _, l := range logs {
			where := "not in it"
			for _, e := range l.entries {
				for _, i := range writersOf(e, unique) {
					if i == op {
						where = fmt.Sprintf("entry %d of term %d", e.Index, e.Term)
					}
				}
			}
			t.add(where == "not in it", string(l.node), fmt.Sprintf("%d – %d", l.next-uint64(len(l.entries)), l.next-1), fmt.Sprint(l.wal.Commit), where)
		}
		return t
	}
}

// statesAround shows a member's hard states, in the order in which it saved them, around one.
func statesAround(l raftLog, at int) func() Table {
	return func() Table {
		t := Table{Title: fmt.Sprintf("the hard states in the log of %s, as they were saved", l.node), Columns: []string{"state", "term", "vote for", "commit index"}}
		for i, s := range l.wal.States {
			vote := ""
			if s.Vote != 0 {
				vote = fmt.Sprintf("%x", s.Vote)
			}
			t.add(i == at, fmt.Sprintf("%d of %d", i+1, len(l.wal.States)), fmt.Sprint(s.Term), vote, fmt.Sprint(s.Commit))
		}
		return t.near()
	}
}

// leadsAround shows who said that it became leader, by term, with those of one term marked.
func leadsAround(h *history.History, term uint64) func() Table {
	return func() Table {
		type lead struct {
			node history.NodeID
			history.Lead
		}
		var leads []lead
		for _, e := range h.Evidence {
			for _, l := range e.Leads {
				leads = append(leads, lead{e.Node, l})
			}
		}
		sort.SliceStable(leads, func(i, j int) bool { return leads[i].Term < leads[j].Term })
		t := Table{Title: "who became leader, by the members' own logs", Columns: []string{"term", "leader", "time"}}
		for _, l := range leads {
			t.add(l.Term == term, fmt.Sprint(l.Term), string(l.node), h.When(l.At))
		}
		return t.near()
	}
}

// statusesOf shows what a member said of itself around a moment.
func statusesOf(h *history.History, node history.NodeID, at time.Duration) func() Table {
	return func() Table {
		t := Table{Title: "what " + string(node) + " said of itself", Columns: []string{"time", "state", "term", "leader", "raft index", "revision"}}
		for _, s := range h.Statuses {
			if s.Node != node {
				continue
			}
			state := s.State
			if !s.Up {
				state += ", no answer"
			}
			t.add(s.At == at, h.When(s.At), state, fmt.Sprint(s.Term), string(s.Leader), fmt.Sprint(s.Index), fmt.Sprint(s.Revision))
		}
		return t.near()
	}
}

// writer is the operation that alone asked for what an entry writes, for a counterexample: it tells the time.
func (f *findings) writer(entries ...history.Entry) (ops []history.Op) {
	if f.unique == nil {
		f.unique = uniquePuts(f.h)
	}
	known := map[int]bool{}
	for _, e := range entries {
		for _, i := range writersOf(e, f.unique) {
			if !known[i] {
				known[i] = true
				ops = append(ops, f.h.Ops[i])
			}
		}
	}
	return ops
}

// during says what the cluster was doing between two moments, for a counterexample without operations.
func (c *Counterexample) during(h *history.History, from, to time.Duration) *Counterexample {
	if c != nil {
		c.Context = meanwhile(h, from, to)
	}
	return c
}
