package workloads_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/workloads"
)

// A pace never goes back, keeps its rate, and says the same whenever it is asked, in whatever order.
func TestPaces(t *testing.T) {
	const rate, n = 2000, 20_000
	seeded := func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
	for name, pace := range map[string]workloads.Pace{
		"constant": workloads.Constant(rate),
		"poisson":  workloads.Poisson(rate, seeded()),
	} {
		late := pace(n)
		last := time.Duration(-1)
		for i := range n {
			if pace(i) < last {
				t.Fatalf("%s: operation %d is due at %v, after one at %v", name, i, pace(i), last)
			}
			last = pace(i)
		}
		if pace(n) != late {
			t.Errorf("%s: asked again, operation %d is due at %v, not %v", name, n, pace(n), late)
		}
		if got := n / late.Seconds(); math.Abs(got-rate) > rate/20 {
			t.Errorf("%s: %.0f operations per second, want %d", name, got, rate)
		}
	}
	if workloads.Constant(2)(3) != 1500*time.Millisecond {
		t.Error("the fourth of two operations per second is not due at 1.5 s")
	}
	if a, b := workloads.Poisson(rate, seeded()), workloads.Poisson(rate, seeded()); a(100) != b(100) {
		t.Error("the same seed gave two paces")
	}
	if workloads.Constant(0) != nil || workloads.Poisson(0, seeded()) != nil {
		t.Error("a rate of zero is not a closed loop")
	}
}
