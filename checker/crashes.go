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
			f.fail(c.Class, fmt.Sprintf("%s logged at %s, line %d: %s", e.Node, h.When(c.At), c.No, c.Line), nil).
				show(logLines(h, e)).during(h, c.At, c.At)
		}
		for _, x := range e.Exits {
			f.fail("exit", fmt.Sprintf("%s ended unasked at %s: %s", e.Node, h.When(x.At), x.Status), nil).show(lastLines(e.Node, x)).during(h, x.At, x.At)
		}
		for _, note := range e.Notes {
			f.note("%s: %s", e.Node, note)
		}
	}
	return f.done(len(h.Evidence), fmt.Sprintf("nothing of the kind in the logs of %d members", len(h.Evidence)), "no member's log was read")
}

// logLines are the lines of a member's log that say more than routine.
func logLines(h *history.History, e history.Evidence) func() Table {
	return func() Table {
		t := Table{Title: "what " + string(e.Node) + " logged", Columns: []string{"time", "kind", "line", "text"}}
		for _, c := range e.Crashes {
			t.add(false, h.When(c.At), c.Class, fmt.Sprint(c.No), text(c.Line))
		}
		return t.near()
	}
}

// lastLines are the last lines of the log of a process that ended.
func lastLines(node history.NodeID, x history.Exit) func() Table {
	return func() Table {
		t := Table{Title: "the last lines of the log of " + string(node), Columns: []string{"line"}}
		for _, line := range x.Tail[max(0, len(x.Tail)-tableRows):] {
			t.add(false, text(line))
		}
		return t
	}
}
