package checker

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

// census counts what a first violation does not tell: how many reads were stale, how much, and whose they were.
type census struct {
	reads, stale int
	byNode       map[history.NodeID]int
	worst        time.Duration
	worstOp      int32
	behind       int // writes that the worst was behind
}

// takeCensus counts the stale reads of keys whose values are unique: those that saw a value after another, certainly
// later one had certainly been written.
func takeCensus(h *history.History, keys []*register.Key) census {
	c := census{byNode: map[history.NodeID]int{}}
	for _, k := range keys {
		if k.Unique {
			c.key(h, k)
		}
	}
	return c
}

func (c *census) key(h *history.History, k *register.Key) {
	const never = register.Forever
	there := make([]time.Duration, len(k.Values)) // by value: when it had certainly been written
	for i := range there {
		there[i] = never
	}
	there[register.Missing] = -1
	var writes []*register.Op // certain ones, by Call
	for i := range k.Ops {
		o := &k.Ops[i]
		if o.Write != register.None && !o.Maybe {
			there[o.Write] = min(there[o.Write], o.Return)
			writes = append(writes, o)
		}
		if o.Read > register.Missing && !o.Not && !o.Maybe {
			there[o.Read] = min(there[o.Read], o.Return)
		}
	}
	soonest := make([]time.Duration, len(writes)+1) // of the writes from i on, the earliest return
	soonest[len(writes)] = never
	for i := len(writes) - 1; i >= 0; i-- {
		soonest[i] = min(soonest[i+1], writes[i].Return)
	}
	for i := range k.Ops {
		o := &k.Ops[i]
		if o.Read == register.None || o.Write != register.None || o.Not {
			continue
		}
		c.reads++
		later := sort.Search(len(writes), func(i int) bool { return writes[i].Call > there[o.Read] })
		if passed := soonest[later]; passed < o.Call {
			c.count(h, o, passed, writes[later:])
		}
	}
}

func (c *census) count(h *history.History, o *register.Op, passed time.Duration, later []*register.Op) {
	c.stale++
	c.byNode[h.Ops[o.ID].Node]++
	if by := o.Call - passed; by > c.worst {
		c.worst, c.worstOp, c.behind = by, o.ID, 0
		for _, w := range later {
			if w.Return < o.Call {
				c.behind++
			}
		}
	}
}

// String is the census as a sentence; "" if nothing was stale.
func (c *census) String() string {
	if c.stale == 0 {
		return ""
	}
	var nodes []history.NodeID
	for node := range c.byNode {
		nodes = append(nodes, node)
	}
	sort.Slice(nodes, func(i, j int) bool {
		a, b := c.byNode[nodes[i]], c.byNode[nodes[j]]
		return a > b || a == b && nodes[i] < nodes[j]
	})
	var by []string
	for _, node := range nodes {
		by = append(by, fmt.Sprintf("%d at %s", c.byNode[node], node))
	}
	return fmt.Sprintf("stale reads: %d of %d (%s), the worst by %s and %s", c.stale, c.reads,
		strings.Join(by, ", "), certificate.Ago(c.worst), count(c.behind, "write"))
}
