// Package txn judges transactions by the graph of their dependencies, without looking at revisions: Adya's anomalies, as
// Elle finds them (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", 2020),
// for lists that transactions append to and for registers with unique values.
//
// A version is a key with a value. Who wrote it and who read it is known because values are unique. What came after what
// is known for lists because a list shows its past, and for registers by inference: a transaction that read one version
// and wrote the next, and the real time between operations that saw them (the zones of Gibbons and Korach, 1997). Where
// that shows no cycle, and the history is small, the transactions' order itself is searched for.
package txn

import (
	"context"
	"sort"

	"github.com/whitewater-kv/whitewater/history"
)

// Report is what was found.
type Report struct {
	Txns, Keys, Edges int
	Anomalies         []Anomaly      // at most PerName of each name
	Counts            map[string]int // all of them, by name
	Level             string         // the strongest isolation level that still holds
	Searched          int            // operations whose order was found by search as well
	Bug               string         // evidence that did not hold when it was checked again
	Limits            []string       // what was not looked at, and why
}

// PerName bounds the anomalies kept of each name; the others are counted.
const PerName = 2

// Anomaly is something that no strictly serializable store can have shown.
type Anomaly struct {
	Name  string
	Why   string   // one sentence
	Ops   []int    // places in the history: of a cycle, T1, T2, … and then whose times tell an order
	Txns  int      // how many of Ops are a cycle's transactions
	Steps []string // the argument, numbered
	SVG   []byte   // of a cycle
}

// Levels are the isolation levels from the strongest to nothing at all.
var Levels = []string{"strict-serializable", "strong-session-serializable", "serializable", "snapshot-isolation", "read-committed", "read-uncommitted", "none"}

// level is the strongest level that an anomaly leaves standing (Adya 1999, and Elle's hierarchy).
func level(name string) int {
	switch base, extra := split(name); {
	case base == "no-order" && extra == "": // no order of any kind
		return 3
	case base == "no-order":
		return 2
	case extra == "realtime":
		return 1
	case extra == "process":
		return 2
	case base == "G2-item":
		return 3
	case base == "G-single", base == "G-nonadjacent", base == "lost-update", base == "internal", base == "future-read":
		return 4
	case base == "G1a", base == "G1b", base == "G1c", base == "duplicate-elements", base == "garbage-read":
		return 5
	}
	return 6 // G0, dirty-update, incompatible-order
}

// Check judges the transactions of a history: every operation on keys that begin with "append/" (lists: elements with
// spaces between them, put as a whole or appended) or "wr/" (registers).
func Check(ctx context.Context, h *history.History) Report {
	c := &check{h: h, names: map[string]int32{}, grown: map[string]*growing{}, report: Report{Counts: map[string]int{}}}
	c.decode()
	c.report.Txns, c.report.Keys = len(c.txns), len(c.keys)
	if len(c.txns) == 0 || c.stopped(ctx) {
		return c.report
	}
	c.resolve()
	c.direct()
	if c.stopped(ctx) {
		return c.report
	}
	c.orderRegisters()
	g := c.build()
	c.report.Edges = len(g.to)
	if !c.stopped(ctx) {
		c.cycles(ctx, g)
		c.search(ctx)
	}
	worst := 0
	for name := range c.report.Counts {
		worst = max(worst, level(name))
	}
	c.report.Level = Levels[worst]
	sort.SliceStable(c.report.Anomalies, func(i, j int) bool {
		return level(c.report.Anomalies[i].Name) > level(c.report.Anomalies[j].Name)
	})
	return c.report
}

func (c *check) stopped(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	c.limit(context.Cause(ctx).Error())
	return true
}

// limit says once that something was left out.
func (c *check) limit(why string) {
	for _, said := range c.report.Limits {
		if said == why {
			return
		}
	}
	c.report.Limits = append(c.report.Limits, why)
}

// found files an anomaly.
func (c *check) found(a Anomaly) {
	c.report.Counts[a.Name]++
	if c.report.Counts[a.Name] <= PerName {
		c.report.Anomalies = append(c.report.Anomalies, a)
	}
}
