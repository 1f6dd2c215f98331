package summary

import (
	"cmp"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// PointLimit bounds the points of each outcome: a chart of more is a smear, and the histograms have them all.
const PointLimit = 500

// Point is one operation worth a mark of its own: one that failed, one whose effect is unknown, or one of the slowest.
type Point struct {
	At      time.Duration // when it was due
	Latency time.Duration // from then on
	Outcome history.Outcome
}

// points picks them. Of the failed and unknown ones that exceed the limit, every so-manieth is kept.
func points(h *history.History) []Point {
	var byOutcome [3][]Point
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Stage == history.Load {
			o := min(op.Result.Outcome, history.Fail)
			byOutcome[o] = append(byOutcome[o], Point{op.Due, op.Return - op.Due, o})
		}
	}
	slices.SortFunc(byOutcome[history.OK], func(a, b Point) int { return cmp.Compare(b.Latency, a.Latency) })
	out := byOutcome[history.OK][:min(PointLimit, len(byOutcome[history.OK]))]
	for _, o := range []history.Outcome{history.Fail, history.Unknown} {
		all := byOutcome[o]
		for i := range min(PointLimit, len(all)) {
			out = append(out, all[i*len(all)/min(PointLimit, len(all))])
		}
	}
	slices.SortFunc(out, func(a, b Point) int { return cmp.Compare(a.At, b.At) })
	return slices.Clip(out)
}
