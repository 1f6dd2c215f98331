// Package latency measures a run: how long its operations took, from the moment they were due and from the moment they
// were sent, second by second.
//
// Both readings come from the one recording that is also judged. The reading from due time is the honest one: while a
// server stands still, an open loop keeps falling due, and those operations waited (G. Tene, "How NOT to Measure
// Latency"). The reading from send time is what a closed loop would have shown, kept beside it so that the difference
// can be seen.
package latency

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/whitewater-kv/whitewater/history"
)

// Face is the moment from which an operation's latency is read.
type Face uint8

// The two readings of one recording.
const (
	Due  Face = iota // from when the pace wanted it sent
	Send             // from when it was sent
)

// String is the face's name in files and reports.
func (f Face) String() string {
	if f == Send {
		return "send"
	}
	return "due"
}

// Faces are both readings, the honest one first.
var Faces = []Face{Due, Send}

// Phases of a run, as history.Phases names them. All is every one of them.
const (
	Quiet    = "quiet"
	Faulty   = "faulty"
	Recovery = "recovery"
	All      = "all"
)

// Grace is how long after the end of a second an operation that was due in it may be answered and still count as held.
// It forgives operations in flight at the boundary, not a backlog: one that grows leaves it within seconds.
const Grace = 100 * time.Millisecond

// Slice is what fell due in one second of the load, of one phase, operation and outcome. The sum of all slices is the
// run, so every total is a sum of slices and agrees with every other.
type Slice struct {
	Second  int // since the load's start
	Phase   string
	Op      string
	Outcome history.Outcome
	Full    bool // the whole second belongs to the phase, and so does all that was due in it
	Whole   bool // the whole second belongs to the load
	Count   int64
	Held    int64 // of Count: OK, and answered by the second's end plus Grace
	Clipped int64 // latencies beyond the histogram's range, recorded at its limit
	faces   [2]*hdrhistogram.PackedHistogram
}

// Recording is a run's load, measured. Warm-up, final reads and the nemesis's own probes are not in it.
type Recording struct {
	Open    bool          // an open loop; in a closed one due and send are the same
	Start   time.Duration // of the load, since the run's epoch
	Length  time.Duration
	Epoch   time.Time // wall clock at the load's start
	Phases  []history.Phase
	Slices  []Slice // ordered by second, phase, operation and outcome
	Ended   []Ended // by second of return
	Slips   *Histogram
	Queued  *Histogram // how long operations waited for their own client to be free
	Ops     []string   // the operations seen, in order of frequency
	Offered float64    // operations due per second of the load
	Unsent  []int64    // by second: due, and still waiting for their client when the load ended

	crossed map[int]bool // seconds of one phase in which an operation of another was due: it waited while a fault began
}

// Ended counts the operations that ended in one second of the load, whatever second they were due in.
type Ended struct{ OK, Fail, Unknown int64 }

// Filter chooses slices. The zero value of a field chooses all; Outcomes nil means OK alone.
type Filter struct {
	Op, Phase string
	Outcomes  []history.Outcome
	FullOnly  bool
}

// Every is all three outcomes.
var Every = []history.Outcome{history.OK, history.Fail, history.Unknown}

// Match reports whether the filter chooses a slice.
func (f Filter) Match(s *Slice) bool {
	if f.Op != "" && f.Op != All && f.Op != s.Op || f.Phase != "" && f.Phase != All && f.Phase != s.Phase {
		return false
	}
	if all := f.Phase == "" || f.Phase == All; f.FullOnly && !s.Full && !(all && s.Whole) {
		return false
	}
	if f.Outcomes == nil {
		return s.Outcome == history.OK
	}
	return slices.Contains(f.Outcomes, s.Outcome)
}

// Total is the histogram of everything that a filter chooses, read from one face.
func (r *Recording) Total(f Filter, face Face) *Histogram {
	total := NewHistogram()
	for i := range r.Slices {
		if s := &r.Slices[i]; f.Match(s) {
			total.MergeSlice(s, face)
		}
	}
	return total
}

// Count is the number of operations that a filter chooses.
func (r *Recording) Count(f Filter) (n int64) {
	for i := range r.Slices {
		if f.Match(&r.Slices[i]) {
			n += r.Slices[i].Count
		}
	}
	return n
}

// Seconds are the seconds of the load of which a phase has at least a part, in order; with full, only those that it
// has wholly: a second in which a fault begins is no full quiet one, nor is one of which operations were still waiting
// when a fault began in the next.
func (r *Recording) Seconds(phase string, full bool) []int {
	var seconds []int
	for second := range r.seconds() {
		from, to := r.span(second)
		if r.full(phase, second) || !full && r.covered(phase, from, to) > 0 {
			seconds = append(seconds, second)
		}
	}
	return seconds
}

func (r *Recording) full(phase string, second int) bool {
	from, to := r.span(second)
	all := phase == "" || phase == All
	return to-from == time.Second && (all || r.covered(phase, from, to) == time.Second && !r.crossed[second])
}

// Left is how many operations of a kind were due in a second and left unsent. Nobody asked what they would have been: they
// are divided by the load's mix.
func (r *Recording) Left(op string, second int) float64 {
	if second >= len(r.Unsent) || r.Unsent[second] == 0 {
		return 0
	}
	all := r.Count(Filter{Outcomes: Every})
	if all == 0 {
		return 0
	}
	return float64(r.Unsent[second]) * float64(r.Count(Filter{Op: op, Outcomes: Every})) / float64(all)
}

// LeftShare is the share of what was due in the load that was left unsent.
func (r *Recording) LeftShare() float64 {
	left := int64(0)
	for _, n := range r.Unsent {
		left += n
	}
	if left == 0 {
		return 0
	}
	return float64(left) / float64(left+r.Count(Filter{Outcomes: Every}))
}

// Span is how much of the load belongs to a phase.
func (r *Recording) Span(phase string) time.Duration {
	return r.covered(phase, r.Start, r.Start+r.Length)
}

func (r *Recording) seconds() int { return int((r.Length + time.Second - 1) / time.Second) }

// span is a second's place on the run's clock, cut at the load's end.
func (r *Recording) span(second int) (from, to time.Duration) {
	from = r.Start + time.Duration(second)*time.Second
	return from, min(from+time.Second, r.Start+r.Length)
}

// covered is how much of a span belongs to a phase.
func (r *Recording) covered(phase string, from, to time.Duration) (inside time.Duration) {
	if phase == "" || phase == All {
		return max(0, to-from)
	}
	for _, p := range r.Phases {
		if p.Name == phase {
			inside += max(0, min(to, p.To)-max(from, p.From))
		}
	}
	return inside
}

// Buckets calls each for every filled bucket of a slice, in order of value.
func (s *Slice) Buckets(face Face, each func(ns, count int64)) {
	s.faces[face].ForEachBucket(func(value, count int64) bool {
		each(value, count)
		return true
	})
}

func compareSlices(a, b Slice) int {
	return cmp.Or(cmp.Compare(a.Second, b.Second), cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Op, b.Op),
		cmp.Compare(a.Outcome, b.Outcome))
}

// MergeSlice adds a slice's durations, read from one face.
func (h *Histogram) MergeSlice(s *Slice, face Face) {
	s.faces[face].MergeInto(h.dense)
	h.Clipped += s.Clipped
}
