package search

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

func rounds(n int) int {
	if os.Getenv("WHITEWATER_SOAK") != "" {
		return n * 100
	}
	return n
}

// small makes a small random history of two registers with few values: some operations as they happened, some not.
func small(rng *rand.Rand) []Op {
	n := 2 + rng.IntN(7)
	ops := make([]Op, n)
	at := make([]time.Duration, n)
	span := 3 + rng.IntN(15)
	for i := range ops {
		o := &ops[i]
		o.ID, o.Read, o.Write = i, Nothing, Nothing
		o.Call = time.Duration(rng.IntN(span))
		o.Return = o.Call + time.Duration(rng.IntN(span/2+1))
		at[i] = o.Call + time.Duration(rng.Int64N(int64(o.Return-o.Call)+1))
		o.Maybe = rng.IntN(4) == 0
	}
	state, withRevisions := State{Revision: 1}, rng.IntN(2) == 0
	for t := time.Duration(0); t <= time.Duration(3*span); t++ {
		for _, i := range rng.Perm(n) {
			if at[i] == t {
				happen(rng, &ops[i], &state)
				if !withRevisions {
					ops[i].Revision = 0
				}
			}
		}
	}
	for range rng.IntN(3) {
		o := &ops[rng.IntN(n)]
		switch rng.IntN(3) {
		case 0:
			o.Read[rng.IntN(2)] = int32(rng.IntN(4)) - 1
		case 1:
			if !o.Maybe {
				d := time.Duration(rng.IntN(5))
				o.Call, o.Return = o.Call+d, o.Return+d
			}
		case 2:
			if o.Revision > 1 {
				o.Revision--
			}
		}
	}
	return ops
}

func happen(rng *rand.Rand, o *Op, state *State) {
	k := rng.IntN(2)
	switch rng.IntN(4) {
	case 0:
		o.Read[k] = state.Values[k]
		if rng.IntN(2) == 0 {
			o.Read[1-k] = state.Values[1-k]
		}
	case 1:
		o.Read[k], o.Not[k] = (state.Values[k]+1+int32(rng.IntN(2)))%3, true
	case 2:
		o.Write[k] = int32(rng.IntN(3))
	case 3:
		o.Read[k], o.Write[1-k] = state.Values[k], int32(rng.IntN(3))
	}
	if o.Maybe {
		o.Return = Forever
		if o.writes() && rng.IntN(2) == 0 {
			_, *state = Step(*state, o)
			state.Revision++
		}
		return
	}
	if o.writes() {
		state.Revision++
		for k, w := range o.Write {
			if w != None {
				state.Values[k] = w
			}
		}
	}
	o.Revision = state.Revision
}

func TestAgreement(t *testing.T) {
	ctx := context.Background()
	counts := map[Verdict]int{}
	for seed := range uint64(rounds(30_000)) {
		ops := small(rand.New(rand.NewPCG(seed, 2)))
		want := Brute(ctx, ops)
		counts[want]++
		if got := Porcupine(ctx, ops); got != want {
			t.Fatalf("seed %d: Porcupine %v, brute force %v\n%+v", seed, got, want, ops)
		}
		if got, order := Order(ctx, ops); got != want || got == Legal && !follows(ops, order) {
			t.Fatalf("seed %d: Order %v %v, brute force %v\n%+v", seed, got, order, want, ops)
		}
		if got, _ := Order(ctx, Tighten(ops)); got != want {
			t.Fatalf("seed %d: narrowed, Order %v, brute force %v\n%+v", seed, got, want, ops)
		}
		if got := Porcupine(ctx, Tighten(ops)); got != want {
			t.Fatalf("seed %d: narrowed %v, brute force %v\n%+v\n%+v", seed, got, want, ops, Tighten(ops))
		}
	}
	t.Log(counts)
}

// follows reports whether the order is one: it obeys real time, leaves out nothing that answered, and every step fits.
func follows(ops []Op, order []int) bool {
	placed := make([]bool, len(ops))
	state := State{}
	for _, i := range order {
		for j := range ops {
			if !placed[j] && !ops[j].Maybe && ops[j].Return < ops[i].Call {
				return false
			}
		}
		ok, next := Step(state, &ops[i])
		if !ok || placed[i] {
			return false
		}
		placed[i], state = true, next
	}
	for i := range ops {
		if !placed[i] && !ops[i].Maybe {
			return false
		}
	}
	return true
}

// Every step of shrinking keeps a legal history legal: otherwise it would make violations of its own.
func TestShrinkingIsSound(t *testing.T) {
	ctx := context.Background()
	tried := 0
	for seed := range uint64(rounds(10_000)) {
		ops := small(rand.New(rand.NewPCG(seed, 3)))
		if Brute(ctx, ops) != Legal {
			continue
		}
		Shrink(ops, func(less []Op) bool {
			tried++
			if got := Brute(ctx, less); got != Legal {
				t.Fatalf("seed %d: legal, but not any more once shrunk (%v)\n%+v\n%+v", seed, got, ops, less)
			}
			return tried%3 == 0 // go on from a part of them
		})
	}
	t.Log(tried)
}

func TestShrinkingIsMinimal(t *testing.T) {
	ctx := context.Background()
	most := 0
	for seed := range uint64(rounds(3_000)) {
		ops := small(rand.New(rand.NewPCG(seed, 4)))
		if Brute(ctx, ops) != Illegal {
			continue
		}
		less := Shrink(ops, func(ops []Op) bool { return Brute(ctx, ops) == Illegal })
		if Brute(ctx, less) != Illegal {
			t.Fatalf("seed %d: shrunk to what is legal\n%+v", seed, less)
		}
		most = max(most, len(less))
	}
	if most > 8 {
		t.Errorf("%d operations at most", most)
	}
}

func TestLimitsAreKept(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ops := small(rand.New(rand.NewPCG(1, 1)))
	if Porcupine(ctx, ops) != Unknown {
		t.Error("Porcupine concluded although it was stopped")
	}
	if Porcupine(context.Background(), make([]Op, PorcupineLimit+1)) != Unknown || Brute(context.Background(), make([]Op, BruteLimit+1)) != Unknown {
		t.Error("a search took more operations than it may")
	}
}
