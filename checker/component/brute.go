package component

import (
	"context"
	"fmt"
	"math/bits"
	"regexp"

	"github.com/whitewater-kv/whitewater/checker/search"
)

// BruteLimit is the most operations of which every order is tried.
const BruteLimit = 10

// Brute tries every order, on a store that starts anew for each. It shares nothing with Order but the model, and leaves
// out nothing that may have happened.
func Brute(ctx context.Context, p *Part) search.Verdict {
	if len(p.Ops) > BruteLimit {
		return search.Unknown
	}
	b := brute{part: p, dead: map[string]bool{}}
	for i := range p.Ops {
		if !p.Ops[i].Maybe {
			b.must |= 1 << i
		}
	}
	switch {
	case b.from(ctx, 0, nil):
		return search.Legal
	case ctx.Err() != nil:
		return search.Unknown
	}
	return search.Illegal
}

type brute struct {
	part    *Part
	must    uint32
	dead    map[string]bool
	longest int    // of the orders that lead nowhere, how many that have to be placed are
	due     int    // and the operation that is due after it
	differs string // but cannot be, because
}

// from reports whether the operations that are not done can follow in some order.
func (b *brute) from(ctx context.Context, done uint32, path []Placed) bool {
	if done&b.must == b.must {
		return true
	}
	state, _ := b.after(path)
	at := fmt.Sprint(done, state)
	if b.dead[at] || ctx.Err() != nil {
		return false
	}
	earliest, due := search.Forever, 0
	for i := range b.part.Ops {
		if b.must&^done&(1<<i) != 0 && b.part.Ops[i].Return < earliest {
			earliest, due = b.part.Ops[i].Return, i
		}
	}
	b.remember(done, due, path)
	for i := range b.part.Ops {
		if done&(1<<i) != 0 || b.part.Ops[i].Call > earliest {
			continue
		}
		for _, other := range []bool{false, true} {
			if other && b.part.Ops[i].Other == nil {
				continue
			}
			next := append(path[:len(path):len(path)], Placed{i, other})
			if _, ok := b.after(next); ok && b.from(ctx, done|1<<i, next) {
				return true
			}
		}
	}
	b.dead[at] = true
	return false
}

// remember keeps the longest order, if what is due next is not as it was answered.
func (b *brute) remember(done uint32, due int, path []Placed) {
	n := bits.OnesCount32(done & b.must)
	if n <= b.longest {
		return
	}
	r := newReplay(b.part)
	for _, at := range path {
		r.do(&b.part.Ops[at.Op], at.Other)
	}
	if d := r.do(&b.part.Ops[due], false); d != "" {
		b.longest, b.due, b.differs = n, b.part.Ops[due].ID, d
	}
}

// after is the state that an order leaves, and whether its last answer is right.
func (b *brute) after(path []Placed) (string, bool) {
	r := newReplay(b.part)
	differs := ""
	for _, at := range path {
		differs = r.do(&b.part.Ops[at.Op], at.Other)
	}
	return r.String(), differs == ""
}

// Stuck says of a few operations without an order how far one gets: the operation that is due after the longest order
// that real time and the answers allow, by its ID, and what is then not as it was answered. "" where there is nothing to
// say.
func (p *Part) Stuck() (id int, differs string) {
	if len(p.Ops) > BruteLimit {
		return None, ""
	}
	b := brute{part: p, dead: map[string]bool{}, longest: -1}
	for i := range p.Ops {
		if !p.Ops[i].Maybe {
			b.must |= 1 << i
		}
	}
	b.from(context.Background(), 0, nil)
	return b.due, revisions.ReplaceAllString(b.differs, "")
}

// revisions are what the model's own store says beside a value.
var revisions = regexp.MustCompile(` \(create \d+, mod \d+, version \d+(, lease [0-9a-f]+)?\)`)
