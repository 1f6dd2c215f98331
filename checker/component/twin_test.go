package component

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// rounds is how many random histories a test looks at.
func rounds(n, soak int) int {
	if os.Getenv("WHITEWATER_SOAK") != "" {
		return soak
	}
	return n
}

func rulesOf(h *history.History) certificate.Rules {
	r := register.NewReader(h)
	return certificate.Rules{Serializable: r.Serializable, Told: r.ReportsPrev, Exempt: r.Exempt}
}

func nobody(string) bool { return false }

// tiny is a history of at most nine operations on two or three keys, answered by a store that carries them out in some
// order, and then, mostly, distorted.
func tiny(rng *rand.Rand) *history.History {
	g := &gamble{rng: rng, keys: 1 + rng.IntN(3), values: 2 + rng.IntN(3), leases: rng.IntN(3), revisions: rng.IntN(2) == 0}
	h := g.history(2 + rng.IntN(6))
	for range rng.IntN(5) {
		g.distort(h)
	}
	return h
}

// The search, Porcupine and trying every order agree on small histories: gets, puts, deletes, appends, ranges,
// transactions, range deletes and leases, with unknown outcomes.
func TestTwins(t *testing.T) {
	ctx := context.Background()
	verdicts := map[string]int{}
	for seed := range uint64(rounds(8_000, 400_000)) {
		h := tiny(rand.New(rand.NewPCG(seed, 21)))
		for _, p := range Split(h, rulesOf(h), nobody) {
			if len(p.Ops) > BruteLimit || p.Lost != "" {
				continue
			}
			want := Brute(ctx, p)
			got, order := Order(ctx, p)
			verdicts[fmt.Sprint(want, p.Joined)]++
			if got != want {
				t.Fatalf("seed %d: the search says %v, trying every order %v\n%s\n%+v", seed, got, want, h, p.Ops)
			}
			if got == search.Legal {
				if err := p.Verify(order); err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, h)
				}
			}
			for _, narrowed := range []bool{false, true} {
				if v := Porcupine(ctx, p, narrowed); v != want && v != search.Unknown && seed%4 == 0 {
					t.Fatalf("seed %d: Porcupine (narrowed %v) says %v, trying every order %v\n%s\n%+v", seed, narrowed, v, want, h, p.Ops)
				}
			}
		}
	}
	t.Log(verdicts)
}

// Shrinking keeps what is legal legal: no step of it can make a violation.
func TestShrinkKeepsLegal(t *testing.T) {
	ctx := context.Background()
	shrunk := 0
	for seed := range uint64(rounds(2_000, 60_000)) {
		h := tiny(rand.New(rand.NewPCG(seed, 22)))
		for _, p := range Split(h, rulesOf(h), nobody) {
			if len(p.Ops) > BruteLimit || p.Lost != "" {
				continue
			}
			legal := Brute(ctx, p) == search.Legal
			few := Shrink(p, func(q *Part) bool {
				illegal := Brute(ctx, q) == search.Illegal
				if legal && illegal {
					t.Fatalf("seed %d: shrinking broke what was legal\n%s\n%+v\n%+v", seed, h, p.Ops, q.Ops)
				}
				return illegal
			})
			if !legal {
				shrunk++
				if Brute(ctx, few) != search.Illegal {
					t.Fatalf("seed %d: what was shrunk is legal\n%s", seed, h)
				}
			}
		}
	}
	t.Log(shrunk, "were illegal")
}
