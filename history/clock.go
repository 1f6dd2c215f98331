package history

import (
	"fmt"
	"strings"
	"time"
)

// farAway is how far from zero a clock without marks has to stand for its readers to count from the first operation.
const farAway = time.Hour

// Start is the moment from which readers count time: the start of the load; where that was not marked, the start of the
// run. Histories from elsewhere may be timed by a clock that was already running; then it is their first operation.
func (h *History) Start() time.Duration {
	if h.Meta.LoadStart == 0 && len(h.Ops) > 0 && h.Ops[0].Call > farAway {
		return h.Ops[0].Call
	}
	return h.Meta.LoadStart
}

// When is a moment as readers are told it: "12.345 s", from Start on. What came before, in the warm-up, is negative.
func (h *History) When(at time.Duration) string { return Seconds(at-h.Start()) + " s" }

// Seconds writes a time in seconds, to the millisecond.
func Seconds(d time.Duration) string {
	text := fmt.Sprintf("%.3f", d.Seconds())
	if text == "-0.000" {
		return "0.000"
	}
	return strings.Replace(text, "-", "−", 1) // a minus, because a dash stands between the ends of a span
}
