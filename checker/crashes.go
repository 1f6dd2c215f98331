package checker

import (
	"context"
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/history"
)

// checkCrashes judges that no member broke down by itself: no panic, fatal error or data race in its log, and no end of
// its process that nobody asked for.
func checkCrashes(_ context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	if lim.NoEvidence {
		return f.done(0, "", "the members' logs are left aside")
	}
	var silent []history.NodeID
	for _, node := range h.Meta.Nodes {
		if !slices.ContainsFunc(h.Evidence, func(e history.Evidence) bool { return e.Node == node }) {
			silent = append(silent, node)
		}
	}
	if len(silent) > 0 && len(h.Evidence) > 0 {
		f.doubt("nothing was read from %v", silent)
	}
	for _, e := range h.Evidence {
		for _, c := range e.Crashes {
			f.fail(c.Class, fmt.Sprintf("%s logged at %v, line %d: %s", e.Node, c.At, c.No, c.Line), nil, meanwhile(h, c.At, c.At)...)
		}
		for _, x := range e.Exits {
			notes := append([]string{"the last lines of its log:"}, x.Tail...)
			f.fail("exit", fmt.Sprintf("%s ended unasked at %v: %s", e.Node, x.At, x.Status), nil, append(notes, meanwhile(h, x.At, x.At)...)...)
		}
		for _, note := range e.Notes {
			f.note("%s: %s", e.Node, note)
		}
	}
	return f.done(len(h.Evidence), fmt.Sprintf("nothing of the kind in the logs of %d members", len(h.Evidence)), "no member's log was read")
}
