package txn

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/component"
	"github.com/whitewater-kv/whitewater/checker/register"
	orders "github.com/whitewater-kv/whitewater/checker/search"
)

// Limits on what is searched beside the graph: the graph decides any size, and a search decides what is small.
const (
	searchedHistory = 20_000  // operations of the whole history
	searchedOps     = 1_000   // that keys join, by their transactions
	searchedEnds    = 1 << 13 // dead ends of one search
)

// search looks for an order of the transactions themselves, where the graph has no cycle. Of registers, the graph knows
// no more of their versions' order than values and real time tell of two of them at once; that none of all orders that
// are left explains every read shows in a search alone.
func (c *check) search(ctx context.Context) {
	if len(c.report.Counts) > 0 || len(c.h.Ops) > searchedHistory {
		return
	}
	r := register.NewReader(c.h)
	rules := certificate.Rules{Serializable: r.Serializable, Told: r.ReportsPrev, Exempt: r.Exempt}
	for _, p := range component.Split(c.h, rules, func(string) bool { return false }) {
		if len(p.Ops) > searchedOps || slices.ContainsFunc(p.Keys, func(key string) bool { return !ours(key) }) {
			continue
		}
		v, err := component.Search(ctx, p, searchedEnds)
		switch {
		case err != nil:
			c.report.Bug = err.Error()
		case v.Verdict == orders.Illegal:
			c.noOrder(ctx, p)
		case v.Verdict == orders.Legal && p.Vague == 0:
			c.report.Searched += len(p.Ops)
		}
	}
}

// noOrder files a violation that a second search and, of few, trying every order confirm.
func (c *check) noOrder(ctx context.Context, p *component.Part) {
	few, err := component.Confirm(ctx, p)
	if err != nil {
		c.limit(fmt.Sprintf("%d operations have no order, as one search says: %v", len(p.Ops), err))
		return
	}
	a := Anomaly{Name: "no-order"}
	verdict, _ := component.Order(ctx, few.Untimed())
	if verdict != orders.Illegal {
		a.Name += "-realtime"
	}
	unknown := 0
	for i := range few.Ops {
		if o := &few.Ops[i]; o.ID != component.None {
			a.Ops = append(a.Ops, o.ID)
			if o.Maybe {
				unknown++
			}
		}
	}
	slices.Sort(a.Ops)
	a.Txns = len(a.Ops)
	a.Why = fmt.Sprintf("%d transactions on %s that no order explains, one after another", len(a.Ops), strings.Join(few.Keys, ", "))
	if verdict != orders.Illegal {
		a.Why += " as real time has them"
	}
	a.Steps = append(a.Steps, "confirmed by Porcupine")
	if len(few.Ops) <= component.BruteLimit {
		a.Steps[0] = "confirmed by Porcupine and by trying every order"
	}
	if id, differs := few.Stuck(); id != component.None && differs != "" {
		a.Steps = append(a.Steps, fmt.Sprintf("as far as one gets, op %d is not as it was answered: %s", c.h.Ops[id].ID, differs))
	}
	if unknown > 0 {
		a.Steps = append(a.Steps, fmt.Sprintf("%d taken to be of unknown outcome: they may have taken effect at any time after their call, or never", unknown))
	}
	c.found(a)
}
