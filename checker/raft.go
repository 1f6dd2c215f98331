package checker

import (
	"context"
	"fmt"
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// checkRaft judges Raft's own safety properties (Ongaro and Ousterhout, "In Search of an Understandable Consensus
// Algorithm", figure 3) by what the members wrote: their logs, their hard states, and their word that they led.
//
// It trusts that an Entry is what a reader of the log ends up with: entries that were overwritten are gone, and so is
// everything that came after them. What a member has purged behind a snapshot is taken as present and right.
func checkRaft(ctx context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	if lim.NoEvidence {
		return f.done(0, "", "the members' files are left out")
	}
	logs, entries := raftLogs(h)
	f.electionSafety()
	for _, l := range logs {
		f.hardStates(l)
	}
	f.sameEntries(logs)
	chosen := f.committed(logs)
	f.onMajority(logs, chosen)
	f.leaderCompleteness(logs, chosen)
	if why := stopped(ctx); why != "" {
		f.doubt("%s", why)
	}
	f.acknowledged(logs, chosen)
	leads := 0
	for _, e := range h.Evidence {
		leads += len(e.Leads)
		if e.WAL == nil {
			f.note("%s: no log to judge", e.Node)
		}
	}
	pass := fmt.Sprintf("%d entries in %d logs, %d elections: one leader per term, logs match, nothing committed is missing", entries, len(logs), leads)
	return f.done(entries+leads, pass, "no member's log was read")
}

// raftLog is one member's log.
type raftLog struct {
	node    history.NodeID
	wal     *history.WAL
	entries []history.Entry // by index, without holes
	next    uint64          // the index after the last
}

// raftLogs are the members' logs that can be judged, with the number of their entries.
func raftLogs(h *history.History) (logs []raftLog, count int) {
	for i := range h.Evidence {
		e := &h.Evidence[i]
		if e.WAL == nil {
			continue
		}
		entries := append([]history.Entry(nil), e.WAL.Entries...)
		sort.SliceStable(entries, func(i, j int) bool { return entries[i].Index < entries[j].Index })
		l := raftLog{node: e.Node, wal: e.WAL, next: e.WAL.First}
		if len(entries) > 0 {
			l.next = entries[0].Index
		}
		// Before a hole, which a snapshot from the leader leaves behind, everything is history.
		for _, entry := range entries {
			if entry.Index != l.next {
				l.entries = l.entries[:0]
			}
			l.entries, l.next = append(l.entries, entry), entry.Index+1
		}
		logs, count = append(logs, l), count+len(l.entries)
	}
	return logs, count
}

// at is the entry of an index, if the log still has it.
func (l raftLog) at(index uint64) (history.Entry, bool) {
	first := l.next - uint64(len(l.entries))
	if index < first || index >= l.next {
		return history.Entry{}, false
	}
	return l.entries[index-first], true
}

// about are the entries of indexes, if the log still has them.
func (l raftLog) about(indexes ...uint64) (entries []history.Entry) {
	for _, index := range indexes {
		if e, ok := l.at(index); ok {
			entries = append(entries, e)
		}
	}
	return entries
}

// purged reports whether the index is behind the log's beginning, where a snapshot stands for it.
func (l raftLog) purged(index uint64) bool { return index < l.next-uint64(len(l.entries)) }

func sameEntry(a, b history.Entry) bool { return a.Term == b.Term && a.Digest == b.Digest }

func (f *findings) electionSafety() {
	first := map[uint64]history.NodeID{}
	for _, e := range f.h.Evidence {
		for _, lead := range e.Leads {
			if other, ok := first[lead.Term]; ok && other != e.Node {
				f.fail("election-safety", fmt.Sprintf("%s and %s both became leader in term %d", other, e.Node, lead.Term), nil).
					show(leadsAround(f.h, lead.Term)).during(f.h, lead.At, lead.At)
				continue
			}
			first[lead.Term] = e.Node
		}
	}
}

// hardStates: a member's term and commit index never go back, and it votes for one candidate in a term.
func (f *findings) hardStates(l raftLog) {
	var last history.HardState
	for i, s := range l.wal.States {
		switch {
		case s.Term < last.Term:
			f.fail("term-went-back", fmt.Sprintf("%s saved term %d after term %d", l.node, s.Term, last.Term), nil).show(statesAround(l, i))
		case s.Commit < last.Commit:
			f.fail("commit-went-back", fmt.Sprintf("%s saved commit index %d after %d", l.node, s.Commit, last.Commit), f.writer(l.about(s.Commit, last.Commit)...)).show(statesAround(l, i))
		case s.Term == last.Term && last.Vote != 0 && s.Vote != last.Vote:
			f.fail("voted-twice", fmt.Sprintf("%s voted for %x and for %x in term %d", l.node, last.Vote, s.Vote, s.Term), nil).show(statesAround(l, i), leadsAround(f.h, s.Term))
		}
		last = s
	}
	for i := 1; i < len(l.entries); i++ {
		if a, b := l.entries[i-1], l.entries[i]; b.Term < a.Term {
			f.fail("log-term-went-back", fmt.Sprintf("%s holds entry %d of term %d after entry %d of term %d", l.node, b.Index, b.Term, a.Index, a.Term), f.writer(a, b)).show(entriesAt([]raftLog{l}, b.Index))
			break
		}
	}
}

// sameEntries is log matching: entries of one index and term are one entry, and so are all before them. Walking back
// from the highest index of two logs, once they agree they have to agree down to where one of them begins.
func (f *findings) sameEntries(logs []raftLog) {
	for i, a := range logs {
		for _, b := range logs[i+1:] {
			agreed := uint64(0)
			for index := min(a.next, b.next); index > 0; index-- {
				x, ok := a.at(index - 1)
				y, ok2 := b.at(index - 1)
				if !ok || !ok2 {
					if a.purged(index-1) || b.purged(index-1) {
						break
					}
					continue
				}
				if x.Term == y.Term && x.Digest != y.Digest || x.Term != y.Term && agreed > 0 {
					f.fail("log-matching", differ(a.node, b.node, x, y), f.writer(x, y), agreement(agreed)...).show(entriesAt(logs, x.Index))
					break
				}
				if x.Term == y.Term {
					agreed = x.Index
				}
			}
		}
	}
}

func agreement(index uint64) []string {
	if index == 0 {
		return nil
	}
	return []string{fmt.Sprintf("they agree on entry %d, which comes after it", index)}
}

func differ(a, b history.NodeID, x, y history.Entry) string {
	return fmt.Sprintf("entry %d is %s on %s and %s on %s", x.Index, entryText(x), a, entryText(y), b)
}

func entryText(e history.Entry) string {
	if e.Request != nil {
		return fmt.Sprintf("%s (term %d)", clipText(e.Request.String(), 80), e.Term)
	}
	return fmt.Sprintf("%016x (term %d)", e.Digest, e.Term)
}

// committed is state-machine safety: no two members apply different entries at one index. It returns the log that the
// cluster agreed on, as far as anyone still has it.
func (f *findings) committed(logs []raftLog) []history.Entry {
	type owned struct {
		history.Entry
		node history.NodeID
	}
	byIndex := map[uint64]owned{}
	for _, l := range logs {
		for _, e := range l.entries {
			if e.Index > l.wal.Commit {
				break
			}
			have, ok := byIndex[e.Index]
			switch {
			case !ok:
				byIndex[e.Index] = owned{e, l.node}
			case !sameEntry(have.Entry, e):
				f.fail("state-machine-safety", differ(have.node, l.node, have.Entry, e)+", and both had committed it", f.writer(have.Entry, e)).show(entriesAt(logs, e.Index))
			}
		}
	}
	chosen := make([]history.Entry, 0, len(byIndex))
	for _, e := range byIndex {
		chosen = append(chosen, e.Entry)
	}
	sort.Slice(chosen, func(i, j int) bool { return chosen[i].Index < chosen[j].Index })
	return chosen
}

// onMajority: a committed entry is in the logs of a majority. Files are read one after another, so entries that were
// committed while they were read are left out: only what a member said to have applied before counts, if any said so.
func (f *findings) onMajority(logs []raftLog, chosen []history.Entry) {
	said := uint64(0)
	for _, s := range f.h.Statuses {
		said = max(said, s.Applied)
	}
	members := max(len(f.h.Meta.Nodes), len(f.h.Evidence))
	for _, e := range chosen {
		if said > 0 && e.Index > said {
			break
		}
		holders, without := members-len(logs), []history.NodeID(nil)
		for _, l := range logs {
			if have, ok := l.at(e.Index); l.purged(e.Index) || ok && sameEntry(have, e) {
				holders++
			} else {
				without = append(without, l.node)
			}
		}
		if holders <= members/2 {
			f.fail("not-on-majority", fmt.Sprintf("entry %d, %s, was committed but is missing on %s, %d of %d members", e.Index, entryText(e), nodeList(without), len(without), members), f.writer(e)).show(entriesAt(logs, e.Index))
		}
	}
}

// leaderCompleteness: what was committed in a term is in the log of every leader of a later term.
func (f *findings) leaderCompleteness(logs []raftLog, chosen []history.Entry) {
	if len(chosen) == 0 {
		return
	}
	for _, l := range logs {
		for _, lead := range f.leadsOf(l.node) {
			upTo := committedBefore(logs, lead.Term)
			for _, e := range chosen {
				if e.Index > upTo {
					break
				}
				if have, ok := l.at(e.Index); !l.purged(e.Index) && !(ok && sameEntry(have, e)) {
					f.fail("leader-completeness", fmt.Sprintf("%s led term %d without entry %d, %s, committed in an earlier term", l.node, lead.Term, e.Index, entryText(e)), f.writer(e)).
						show(entriesAt(logs, e.Index), leadsAround(f.h, lead.Term))
					break
				}
			}
		}
	}
}

func (f *findings) leadsOf(node history.NodeID) []history.Lead {
	for _, e := range f.h.Evidence {
		if e.Node == node {
			return e.Leads
		}
	}
	return nil
}

// committedBefore is the highest commit index that any member saved in a term before this one.
func committedBefore(logs []raftLog, term uint64) uint64 {
	upTo := uint64(0)
	for _, l := range logs {
		for _, s := range l.wal.States {
			if s.Term < term {
				upTo = max(upTo, s.Commit)
			}
		}
	}
	return upTo
}
