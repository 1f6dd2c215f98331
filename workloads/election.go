package workloads

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Election is candidates that campaign, proclaim values while they lead, and resign or lose their lease, and observers
// that ask who leads. One worker in four observes.
var Election = Workload{
	Name:   "election",
	Doc:    "candidates campaign, proclaim and resign; observers ask who leads",
	Prefix: "election/",
	Params: Params{TTL: 5, Hold: 50 * time.Millisecond, Mix: map[string]int{"resign": 70, "revoke": 30}},
	Closed: true,
	New: func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		g := &candidate{course: newCourse(p, worker, rng), mix: choose(p.Mix), name: fmt.Sprintf("election/%d", group(worker, 4))}
		g.state = g.born
		if worker%4 == 3 {
			g.state = g.observe
		}
		return g.next
	},
}

type candidate struct {
	course
	mix    chooser
	name   string
	leader *history.LeaderKey
	left   int // proclamations of this term of office
}

func (g *candidate) born(history.Op) history.Request { return g.begin(g.campaign) }

func (g *candidate) campaign(last history.Op) history.Request {
	if !ok(last) {
		return g.pause(g.Hold, g.born)
	}
	g.lease = last.Result.Lease
	g.state = g.elected
	return history.Request{Kind: history.Campaign, Key: g.name, Value: g.values.next(), Lease: g.lease}
}

func (g *candidate) elected(last history.Op) history.Request {
	if !ok(last) || last.Result.Leader == nil {
		return g.end(g.born)
	}
	g.leader, g.left = last.Result.Leader, 1+g.rng.IntN(3)
	return g.pause(g.Hold, g.govern)
}

// govern proclaims once more, or leaves office.
func (g *candidate) govern(history.Op) history.Request {
	if g.left--; g.left >= 0 {
		g.state = g.proclaimed
		return history.Request{Kind: history.Proclaim, Leader: g.leader, Value: g.values.next()}
	}
	if g.mix.pick(g.rng) == "revoke" {
		return g.end(g.born)
	}
	g.state = g.resigned
	return history.Request{Kind: history.Resign, Leader: g.leader}
}

// proclaimed goes on only if it was heard: whoever is not sure to lead does not.
func (g *candidate) proclaimed(last history.Op) history.Request {
	if !ok(last) {
		return g.end(g.born)
	}
	return g.pause(g.Hold, g.govern)
}

func (g *candidate) resigned(history.Op) history.Request { return g.end(g.born) }

func (g *candidate) observe(history.Op) history.Request {
	return g.pause(g.Hold, func(history.Op) history.Request {
		g.state = g.observe
		return history.Request{Kind: history.Leader, Key: g.name}
	})
}
