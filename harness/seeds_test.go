package harness

import (
	"iter"
	"os"
	"testing"
)

// seeds are as many seeds as a test can afford; WHITEWATER_SOAK makes them twenty-five times as many.
func seeds(t *testing.T, n uint64) iter.Seq[uint64] {
	t.Helper()
	if os.Getenv("WHITEWATER_SOAK") != "" {
		n *= 25
	}
	return func(yield func(uint64) bool) {
		for seed := uint64(1); seed <= n; seed++ {
			if !yield(seed) {
				return
			}
		}
	}
}
