package checker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/generate"
)

// rounds is how many random histories a test looks at.
func rounds(n, soak int) int {
	if os.Getenv("WHITEWATER_SOAK") != "" {
		return soak
	}
	return n
}

// anyOptions are those of a valid history, of one kind or another.
func anyOptions(rng *rand.Rand) generate.Options {
	o := generate.Options{Ops: 20 + rng.IntN(200), Clients: 1 + rng.IntN(8), Keys: 1 + rng.IntN(6), Nodes: 1 + rng.IntN(3),
		Unknown: []float64{0, 0.02, 0.1, 0.3}[rng.IntN(4)], Fail: []float64{0, 0.05}[rng.IntN(2)],
		Watches: rng.IntN(3) > 0, Final: rng.IntN(2) == 0, Evidence: rng.IntN(2) == 0}
	switch rng.IntN(4) {
	case 0:
		o.Mix = generate.Everything()
		o.Past = rng.Float64() / 2
		o.Leases = rng.IntN(3)
	case 1:
		o.Plain = true
	case 2:
		o.Stale = 0.3
	}
	return o
}

// Nothing fires on what is right: no checker fails, and none finds a bug in itself.
func TestNoFalseAlarm(t *testing.T) {
	verdicts := map[string]int{}
	for seed := range uint64(rounds(300, 10_000)) {
		rng := rand.New(rand.NewPCG(seed, 6))
		h := generate.History(rng, anyOptions(rng))
		for _, res := range Judge(context.Background(), h, nil, Limits{}) {
			verdicts[fmt.Sprintf("%s %v", res.Checker, res.Verdict)]++
			if res.Verdict == Fail || res.Bug != "" {
				t.Fatalf("seed %d: %s: %v, %s %s\n%s", seed, res.Checker, res.Verdict, res.Why, res.Bug, h)
			}
		}
	}
	t.Log(verdicts)
}
