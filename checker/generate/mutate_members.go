package generate

import (
	"math/rand/v2"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

func memberMutations() []Mutation {
	raft := []string{"raft"}
	return []Mutation{
		{"two-leaders", "two members become leader of the same term", registerBase, twoLeaders, []string{"leader-terms", "raft"}, nil},
		{"term-goes-back", "a member is in a term, and then in an earlier one", registerBase, termBack, []string{"leader-terms"}, nil},
		{"panic", "a member panics", registerBase, panics, []string{"crashes"}, nil},
		{"ends-unasked", "a member's process ends by itself", registerBase, endsUnasked, []string{"crashes"}, nil},
		{"hashes-differ", "a member's store hashes otherwise at the same revision", registerBase, hashesDiffer, []string{"hashes"}, nil},
		{"entry-differs", "a member holds another entry at an index of the log", registerBase, entryDiffers, raft, nil},
		{"entry-missing-everywhere", "an acknowledged write is in no member's log", registerBase, entryNowhere, raft, nil},
		{"committed-on-a-minority", "what was committed is missing from most members' logs", registerBase, onMinority, raft, nil},
		{"saved-term-goes-back", "a member saves an earlier term after a later one", registerBase, savedTermBack, raft, nil},
		{"saved-commit-goes-back", "a member saves a lower commit index after a higher one", registerBase, savedCommitBack, raft, nil},
		{"two-votes", "a member votes twice in one term", registerBase, twoVotes, raft, nil},
	}
}

func member(h *history.History, rng *rand.Rand) *history.Evidence {
	if len(h.Evidence) < 2 {
		return nil
	}
	return &h.Evidence[1+rng.IntN(len(h.Evidence)-1)]
}

func twoLeaders(h *history.History, rng *rand.Rand) bool {
	e := member(h, rng)
	if e == nil {
		return false
	}
	e.Leads = append(slices.Clone(e.Leads), h.Evidence[0].Leads...)
	return len(h.Evidence[0].Leads) > 0
}

func termBack(h *history.History, rng *rand.Rand) bool {
	if len(h.Statuses) == 0 {
		return false
	}
	later := h.Statuses[rng.IntN(len(h.Statuses))]
	later.Term--
	h.Statuses = append(slices.Clone(h.Statuses), later)
	return later.Up && later.Term > 0
}

func panics(h *history.History, rng *rand.Rand) bool {
	e := member(h, rng)
	if e != nil {
		e.Crashes = append(e.Crashes, history.LogLine{At: 1, Class: "panic", Line: "panic: boom", No: 1})
	}
	return e != nil
}

func endsUnasked(h *history.History, rng *rand.Rand) bool {
	e := member(h, rng)
	if e != nil {
		e.Exits = append(e.Exits, history.Exit{At: 1, Status: "exit status 2"})
	}
	return e != nil
}

func hashesDiffer(h *history.History, rng *rand.Rand) bool {
	e := member(h, rng)
	if e == nil || e.Hash == nil {
		return false
	}
	hash := *e.Hash
	hash.Hash++
	e.Hash = &hash
	return true
}

// edit changes a member's log in a copy.
func edit(e *history.Evidence, change func(*history.WAL) bool) bool {
	if e == nil || e.WAL == nil || len(e.WAL.Entries) < 3 {
		return false
	}
	wal := *e.WAL
	wal.Entries, wal.States = slices.Clone(wal.Entries), slices.Clone(wal.States)
	e.WAL = &wal
	return change(&wal)
}

func entryDiffers(h *history.History, rng *rand.Rand) bool {
	return edit(member(h, rng), func(w *history.WAL) bool {
		w.Entries[rng.IntN(len(w.Entries))].Digest++
		return true
	})
}

func entryNowhere(h *history.History, rng *rand.Rand) bool {
	return pick(h, rng, func(op *history.Op) bool {
		if op.Request.Kind != history.Put || !ok(op) {
			return false
		}
		for i := range h.Evidence {
			if !edit(&h.Evidence[i], func(w *history.WAL) bool {
				for j := range w.Entries {
					if r := w.Entries[j].Request; r != nil && r.Kind == history.Put && r.Value == op.Request.Value {
						w.Entries[j].Request = &history.Request{Kind: history.Put, Key: "other", Value: "other"}
					}
				}
				return true
			}) {
				return false
			}
		}
		return len(h.Evidence) > 0
	})
}

func onMinority(h *history.History, _ *rand.Rand) bool {
	for i := 1; i < len(h.Evidence); i++ {
		if !edit(&h.Evidence[i], func(w *history.WAL) bool {
			w.Entries = w.Entries[:len(w.Entries)-2]
			w.Commit = uint64(len(w.Entries))
			w.States = []history.HardState{{Term: 2, Vote: 99, Commit: w.Commit}}
			return true
		}) {
			return false
		}
	}
	return len(h.Evidence) > 2
}

func savedTermBack(h *history.History, rng *rand.Rand) bool {
	return edit(member(h, rng), func(w *history.WAL) bool {
		w.States = append(w.States, history.HardState{Term: 1, Vote: 99, Commit: w.Commit})
		return true
	})
}

func savedCommitBack(h *history.History, rng *rand.Rand) bool {
	return edit(member(h, rng), func(w *history.WAL) bool {
		w.States = append(w.States, history.HardState{Term: 2, Vote: 99, Commit: 1})
		return true
	})
}

func twoVotes(h *history.History, rng *rand.Rand) bool {
	return edit(member(h, rng), func(w *history.WAL) bool {
		w.States = append(w.States, history.HardState{Term: 2, Vote: 98, Commit: w.Commit})
		return true
	})
}
