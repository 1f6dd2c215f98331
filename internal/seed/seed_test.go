package seed

import "testing"

// A stream depends on its seed, name and index, and on nothing else.
func TestStreams(t *testing.T) {
	first := func(s Seed, name string, index ...int) uint64 { return s.Stream(name, index...).Uint64() }
	if once, again := first(1, "load", 2), first(1, "load", 2); once != again {
		t.Error("the same stream gave two different numbers")
	}
	seen := map[uint64]string{}
	for name, got := range map[string]uint64{
		"1 load":    first(1, "load"),
		"2 load":    first(2, "load"),
		"1 load 0":  first(1, "load", 0),
		"1 load 1":  first(1, "load", 1),
		"1 nemesis": first(1, "nemesis"),
	} {
		if other, ok := seen[got]; ok {
			t.Errorf("streams %q and %q begin alike", name, other)
		}
		seen[got] = name
	}
}
