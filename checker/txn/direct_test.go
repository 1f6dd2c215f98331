package txn

import "testing"

// An element is looked for as a whole, and a list that ends in a separator ends in nothing.
func TestHolds(t *testing.T) {
	for _, c := range []struct {
		list, element string
		want          bool
	}{
		{"1 2 3", "2", true}, {"1 2 3", "3", true}, {"12 3", "2", false}, {"1 23", "2", false}, {"", "1", false},
		{"0 1", "", false}, {"1 ", "", true}, {"", "", true},
	} {
		if got := holds(c.list, c.element); got != c.want {
			t.Errorf("%q holds %q: %v", c.list, c.element, got)
		}
	}
}
