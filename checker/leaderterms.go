package checker

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// checkLeaderTerms judges that no term has two leaders and that no member's term goes back.
//
// Leaders come from the members' own logs ("became leader at term"): a status can show a new leader beside the old term
// for a moment, so that two statuses which disagree prove nothing.
func checkLeaderTerms(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	leads := 0
	if !lim.NoEvidence {
		leads = f.oneLeaderPerTerm()
	}
	judged := f.termsNeverBack()
	if leads == 0 && judged > 0 {
		f.note("no member's log names a leader: at most one leader per term was not judged")
	}
	return f.done(leads+judged, fmt.Sprintf("%d leaders in %d statuses, one for each term, and no term went back", leads, judged),
		"no member told of a leader or a term")
}

func (f *findings) oneLeaderPerTerm() (leads int) {
	type lead struct {
		node history.NodeID
		at   time.Duration
	}
	leaders := map[uint64]lead{}
	var terms []uint64
	for _, e := range f.h.Evidence {
		for _, l := range e.Leads {
			leads++
			other, ok := leaders[l.Term]
			if !ok {
				leaders[l.Term] = lead{e.Node, l.At}
				terms = append(terms, l.Term)
				continue
			}
			if other.node != e.Node {
				f.fail("two leaders", fmt.Sprintf("%s became leader of term %d at %s, and %s did at %s", other.node, l.Term, f.h.When(other.at), e.Node, f.h.When(l.At)),
					nil).show(leadsAround(f.h, l.Term)).during(f.h, min(other.at, l.At), max(other.at, l.At))
			}
		}
	}
	sort.Slice(terms, func(i, j int) bool { return terms[i] < terms[j] })
	for i := 1; i < len(terms); i++ {
		if gap := terms[i] - terms[i-1]; gap > 1 {
			f.note("no leader was elected in %d terms between %d and %d", gap-1, terms[i-1], terms[i])
		}
	}
	return leads
}

// termsNeverBack compares a member's word with its last one in the same life of its process: what a status calls the
// term is that of the last entry applied, which begins anew with a restart.
func (f *findings) termsNeverBack() (judged int) {
	last := map[history.NodeID]history.Status{}
	for _, s := range f.h.Statuses {
		if !s.Up {
			delete(last, s.Node)
		}
		if !s.Up || s.Term == 0 {
			continue
		}
		judged++
		if before, ok := last[s.Node]; ok && s.Term < before.Term && s.Member == before.Member && !faultOn(f.h, s.Node, before.At, s.At) {
			f.fail("term went back", fmt.Sprintf("%s was in term %d at %s and in term %d at %s", s.Node, before.Term, f.h.When(before.At), s.Term, f.h.When(s.At)),
				nil).show(statusesOf(f.h, s.Node, s.At)).during(f.h, before.At, s.At)
		}
		last[s.Node] = s
	}
	return judged
}
