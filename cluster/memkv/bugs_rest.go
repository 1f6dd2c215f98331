package memkv

import (
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

var leaseBugs = []Bug{
	{
		Name: "lease-expires-early", Doc: "a lease ends at half its time",
		Workload: "lease", Caught: []string{"lease"}, every: 1, hooks: hooks{early: halfTime},
	},
	{
		Name: "key-outlives-lease", Doc: "a lease is revoked, or ends, and its keys stay",
		Workload: "lease", Caught: []string{"lease"}, every: 2, hooks: hooks{outlive: (*sim).hour},
	},
	{
		Name: "lock-twice", Doc: "a lock is given to two at a time",
		Workload: "lock", Caught: []string{"lock"}, every: 2, hooks: hooks{jump: jumpLock},
	},
	{
		Name: "elected-twice", Doc: "an election is won by two at a time",
		Workload: "election", Caught: []string{"election"}, every: 2, hooks: hooks{jump: jumpElection},
	},
}

var raftBugs = []Bug{
	{
		Name: "member-diverges", Doc: "one member loses a write",
		Workload: "register", Caught: []string{"linearizable", "hashes"}, every: 50, hooks: hooks{skips: diverge},
	},
	{
		Name: "two-leaders", Doc: "two members say that they became leader of one term",
		Workload: "register", Caught: []string{"leader-terms", "raft"}, every: 1, hooks: hooks{forge: twoLeaders},
	},
	{
		Name: "term-goes-back", Doc: "a member names a term lower than it did before",
		Workload: "register", Caught: []string{"leader-terms"}, hooks: hooks{status: termBack},
	},
	{
		Name: "log-mismatch", Doc: "two members' logs differ at one index",
		Workload: "register", Caught: []string{"raft"}, every: 1, hooks: hooks{forge: mismatch},
	},
	{
		Name: "log-lost-write", Doc: "an acknowledged write is in no member's log",
		Workload: "register", Caught: []string{"raft"}, every: 1, hooks: hooks{forge: loseEntry},
	},
	{
		Name: "commit-goes-back", Doc: "a member saved a commit index lower than before",
		Workload: "register", Caught: []string{"raft"}, every: 1, hooks: hooks{forge: commitBack},
	},
}

func halfTime(_ *sim, l *lease) time.Duration { return time.Duration(l.ttl) * time.Second / 2 }

func jumpLock(s *sim, kind history.Kind) bool { return kind == history.Lock && s.hour() }

func jumpElection(s *sim, kind history.Kind) bool { return kind == history.Campaign && s.hour() }

// diverge lets a follower pass over a write.
func diverge(s *sim, n *node, e entry) bool {
	return n != s.leader && e.request != nil && e.request.Kind == history.Put && s.hour()
}

func twoLeaders(s *sim, all []history.Evidence) {
	if len(all) < 2 {
		return
	}
	for i := range all {
		if len(all[i].Leads) > 0 {
			other := &all[(i+1)%len(all)]
			other.Leads = append(other.Leads, all[i].Leads[0])
			return
		}
	}
}

func termBack(s *sim, st *history.Status) {
	if st.Up && s.hour() {
		st.Term += 2
	}
}

// middle is the last write of the first half of a log.
func middle(w *history.WAL) *history.Entry {
	for i := len(w.Entries) / 2; i > 0; i-- {
		if r := w.Entries[i].Request; r != nil && r.Kind == history.Put {
			return &w.Entries[i]
		}
	}
	return nil
}

func mismatch(s *sim, all []history.Evidence) {
	if e := middle(all[len(all)-1].WAL); e != nil {
		e.Digest++
		changed := *e.Request
		changed.Value += "!"
		e.Request = &changed
	}
}

func loseEntry(s *sim, all []history.Evidence) {
	lost := middle(all[0].WAL)
	if lost == nil {
		return
	}
	for i := range all {
		for j, e := range all[i].WAL.Entries {
			if e.Index == lost.Index {
				all[i].WAL.Entries[j] = history.Entry{Index: e.Index, Term: e.Term}
			}
		}
	}
}

func commitBack(s *sim, all []history.Evidence) {
	w := all[0].WAL
	last := w.States[len(w.States)-1]
	last.Commit /= 2
	w.States = append(w.States, last)
}
