package search

import (
	"context"
)

// BruteLimit is the most operations that Brute takes.
const BruteLimit = 12

// Brute tries every order. It leaves an operation of unknown outcome out where that helps, whatever its Return, and
// shares nothing with Porcupine but Step: it is the second opinion on every counterexample.
func Brute(ctx context.Context, ops []Op) Verdict {
	if len(ops) > BruteLimit {
		return Unknown
	}
	b := brute{ops: ops, dead: map[place]bool{}}
	for i := range ops {
		if !ops[i].Maybe {
			b.must |= 1 << i
		}
	}
	if b.from(ctx, 0, State{}) {
		return Legal
	}
	if ctx.Err() != nil {
		return Unknown
	}
	return Illegal
}

type place struct {
	done  uint32
	state State
}

type brute struct {
	ops  []Op
	must uint32
	dead map[place]bool
}

// from reports whether the operations that are not done can follow in some order.
func (b *brute) from(ctx context.Context, done uint32, s State) bool {
	if done&b.must == b.must {
		return true
	}
	at := place{done, s}
	if b.dead[at] || ctx.Err() != nil {
		return false
	}
	// What returned before another was called goes first: nothing may be called after the earliest pending return.
	earliest := Forever
	for i := range b.ops {
		if done&(1<<i) == 0 && !b.ops[i].Maybe {
			earliest = min(earliest, b.ops[i].Return)
		}
	}
	for i := range b.ops {
		if done&(1<<i) != 0 || b.ops[i].Call > earliest {
			continue
		}
		if ok, next := Step(s, &b.ops[i]); ok && b.from(ctx, done|1<<i, next) {
			return true
		}
	}
	b.dead[at] = true
	return false
}
