package history

import (
	"testing"
	"time"
)

// Readers count from the load's start; where there is no such mark, from zero, unless the clock is a time of day.
func TestWhen(t *testing.T) {
	for _, c := range []struct {
		name      string
		start, op time.Duration
		at        time.Duration
		want      string
	}{
		{"in the load", 3 * time.Second, 0, 4500 * time.Millisecond, "1.500 s"},
		{"in the warm-up", 3 * time.Second, 0, 2 * time.Second, "−1.000 s"},
		{"just before the load", 3 * time.Second, 0, 3*time.Second - time.Microsecond, "0.000 s"},
		{"no mark", 0, 11 * time.Millisecond, 2 * time.Second, "2.000 s"},
		{"no mark, a time of day", 0, 490_000 * time.Hour, 490_000*time.Hour + time.Second, "1.000 s"},
	} {
		h := &History{Meta: Meta{LoadStart: c.start}, Ops: []Op{{Call: c.op, Return: c.op}}}
		if got := h.When(c.at); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := (&History{}).When(0); got != "0.000 s" {
		t.Errorf("an empty history: %s", got)
	}
}
