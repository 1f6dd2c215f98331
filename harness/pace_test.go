package harness

import "testing"

// As much garbage as there may be, in percent of what is in use: a small history's may grow to several times of it, a large
// one's to half.
func TestGarbagePace(t *testing.T) {
	for _, c := range []struct {
		heapMiB uint64
		percent int
	}{{0, 400}, {10, 400}, {256, 400}, {512, 200}, {1 << 10, 100}, {2 << 10, 50}, {16 << 10, 50}} {
		if got := gcPace(c.heapMiB << 20); got != c.percent {
			t.Errorf("%d MiB: %d %%, want %d %%", c.heapMiB, got, c.percent)
		}
	}
}
