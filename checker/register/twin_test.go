package register

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/search"
)

// rounds is how many random histories a test looks at.
func rounds(n int) int {
	if os.Getenv("WHITEWATER_SOAK") != "" {
		return n * 100
	}
	return n
}

// small makes a small random history of one register: operations that happened at some moment of their interval,
// and then, mostly, one or two lies about them.
func small(rng *rand.Rand) *Key {
	n := 2 + rng.IntN(8)
	k := &Key{Name: "x", Values: []string{""}, writer: []int32{None}, Unique: true}
	ops := make([]Op, n)
	span := 3 + rng.IntN(20)
	at := make([]time.Duration, n)
	for i := range ops {
		o := &ops[i]
		o.Call = time.Duration(rng.IntN(span))
		o.Return = o.Call + time.Duration(rng.IntN(span/2+1))
		at[i] = o.Call + time.Duration(rng.Int64N(int64(o.Return-o.Call)+1))
		o.Read, o.Write, o.ID = None, None, int32(i)
	}
	state := Missing
	for t := time.Duration(0); t <= time.Duration(3*span); t++ {
		for _, i := range rng.Perm(n) {
			if at[i] == t {
				state = happen(rng, k, &ops[i], state)
			}
		}
	}
	for range rng.IntN(3) {
		lie(rng, k, ops)
	}
	// The order of calls, as in every history.
	for len(k.Ops) < n {
		best := -1
		for i := range ops {
			if ops[i].ID >= 0 && (best < 0 || ops[i].Call < ops[best].Call) {
				best = i
			}
		}
		o := ops[best]
		ops[best].ID = -1
		o.ID = int32(len(k.Ops))
		if o.Write > 0 {
			k.writer[o.Write] = o.ID
		}
		k.Ops = append(k.Ops, o)
	}
	return k
}

func happen(rng *rand.Rand, k *Key, o *Op, state int32) int32 {
	fresh := func() int32 {
		k.Values = append(k.Values, fmt.Sprint(len(k.Values)))
		k.writer = append(k.writer, None)
		return int32(len(k.Values) - 1)
	}
	switch rng.IntN(5) {
	case 0, 1:
		o.Read = state
		if rng.IntN(8) == 0 {
			o.Read, o.Not = int32(rng.IntN(len(k.Values))), true
			if o.Read == state {
				o.Not = false
			} else {
				k.Nots++
			}
		}
		return state
	case 2:
		o.Write = fresh()
	case 3: // a put that tells what it replaced, or a compare-and-swap that won
		o.Read, o.Write = state, fresh()
	case 4: // of unknown outcome
		o.Write, o.Maybe, o.Return = fresh(), true, Forever
		if rng.IntN(2) == 0 {
			o.Read = int32(rng.IntN(len(k.Values)))
		}
		if rng.IntN(2) == 0 || o.Read != None && o.Read != state {
			return state
		}
	}
	return o.Write
}

// lie changes what an operation saw, or when it was.
func lie(rng *rand.Rand, k *Key, ops []Op) {
	o := &ops[rng.IntN(len(ops))]
	switch rng.IntN(3) {
	case 0:
		if o.Read != None {
			o.Read = int32(rng.IntN(len(k.Values)))
		}
	case 1:
		if d := time.Duration(rng.IntN(5)); !o.Maybe {
			o.Call, o.Return = o.Call+d, o.Return+d
		}
	case 2:
		if d := time.Duration(rng.IntN(5)); !o.Maybe && o.Call >= d {
			o.Call, o.Return = o.Call-d, o.Return-d
		}
	}
}

func searchOps(list []Op, blind bool) []search.Op {
	var out []search.Op
	for i := range list {
		o := &list[i]
		s := search.Op{Call: o.Call, Return: o.Return, ID: int(o.ID), Read: search.Nothing, Write: search.Nothing, Maybe: o.Maybe}
		s.Read[0], s.Write[0], s.Not[0] = o.Read, o.Write, o.Not
		if blind && o.Write != None {
			s.Read[0], s.Not[0] = None, false
		}
		out = append(out, s)
	}
	return out
}

// invented reports whether an operation saw a value whose writer is left out: then the proof proves nothing.
func invented(k *Key, proof []Op) bool {
	writes := map[int32]bool{}
	for _, o := range proof {
		writes[o.Write] = true
	}
	for _, o := range proof {
		if o.Read > Missing && !o.Not && !o.Maybe && k.writer[o.Read] != None && !writes[o.Read] {
			return true
		}
	}
	return false
}

func show(k *Key) string {
	var b strings.Builder
	for _, o := range k.Ops {
		fmt.Fprintf(&b, "%+v\n", o)
	}
	return b.String()
}

// The zones, Porcupine, and trying every order agree, each knowing nothing of the others; what narrows and what shrinks
// changes nothing.
func TestAgreement(t *testing.T) {
	ctx := context.Background()
	illegal, missed := 0, 0
	for seed := range uint64(rounds(20_000)) {
		k := small(rand.New(rand.NewPCG(seed, 1)))
		for _, blind := range []bool{false, true} {
			ops := searchOps(k.Ops, blind)
			want := search.Brute(ctx, ops)
			conflict, err := k.Check(ctx, blind)
			// What the value was not, the zones do not use.
			if err != nil || conflict != nil && want != search.Illegal || conflict == nil && want == search.Illegal && k.Nots == 0 {
				t.Fatalf("seed %d, blind %v: zones found %+v, brute force %v\n%s", seed, blind, conflict, want, show(k))
			}
			if order, c, _ := k.Linearize(ctx); !blind && c == nil {
				switch {
				case order == nil && k.Nots == 0 || order != nil && (want == search.Illegal || k.Verify(order) != nil):
					t.Fatalf("seed %d: the order %v does not hold: %v\n%s", seed, order, k.Verify(order), show(k))
				case order == nil && want == search.Legal:
					missed++
				}
			}
			if got := search.Porcupine(ctx, ops); got != want {
				t.Fatalf("seed %d, blind %v: Porcupine %v, brute force %v\n%s", seed, blind, got, want, show(k))
			}
			if got := search.Porcupine(ctx, search.Tighten(ops)); got != want {
				t.Fatalf("seed %d, blind %v: narrowed %v, brute force %v\n%s", seed, blind, got, want, show(k))
			}
			if conflict == nil {
				continue
			}
			illegal++
			few := searchOps(k.Proof(conflict), false)
			if search.Brute(ctx, few) != search.Illegal || invented(k, k.Proof(conflict)) {
				t.Fatalf("seed %d, blind %v: the conflict %+v is none\n%s", seed, blind, conflict, show(k))
			}
			shrunk := search.Shrink(ops, func(ops []search.Op) bool { return search.Brute(ctx, ops) == search.Illegal })
			if search.Brute(ctx, shrunk) != search.Illegal || len(shrunk) > len(ops) {
				t.Fatalf("seed %d, blind %v: shrunk to %+v\n%s", seed, blind, shrunk, show(k))
			}
		}
	}
	t.Logf("%d of them illegal, %d legal ones left to the search", illegal, missed)
}
