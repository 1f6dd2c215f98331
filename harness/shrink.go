package harness

import (
	"context"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/nemesis"
)

// Attempt carries out a schedule once, over a load of the given length, and says whether it still fails.
type Attempt func(ctx context.Context, schedule nemesis.Schedule, duration time.Duration) (fails bool, err error)

// Shrunk is what shrinking a schedule came to.
type Shrunk struct {
	Schedule nemesis.Schedule
	Duration time.Duration // of the load that it takes
	Runs     int           // attempts made
	Whole    bool          // every step that is left was tried without; false: the time was up
}

// shrinkTail is how long the load goes on behind the last step that is left.
const shrinkTail = 3 * time.Second

// Shrink looks for the fewest steps of a schedule with which attempts still fail: first without half of them, then
// without a quarter, …, at last without each (Zeller and Hildebrandt's ddmin). An attempt that does not fail may have
// been lucky, since a schedule does not decide the timing inside the members; so each candidate gets as many tries
// before its steps count as needed. It ends early, with the best so far, when ctx does.
func Shrink(ctx context.Context, schedule nemesis.Schedule, duration time.Duration, tries int, attempt Attempt) (Shrunk, error) {
	s := Shrunk{Schedule: schedule, Duration: duration}
	for parts := 2; len(s.Schedule) > 0; {
		parts = min(parts, len(s.Schedule))
		smaller, err := s.without(ctx, parts, tries, attempt)
		switch {
		case ctx.Err() != nil:
			return s, nil
		case err != nil:
			return s, err
		case smaller:
			parts = max(parts-1, 2)
		case parts == len(s.Schedule):
			s.Whole = true
			return s, nil
		default:
			parts *= 2
		}
	}
	s.Whole = true
	return s, nil
}

// without tries to leave out each of so many parts of the schedule, and keeps the first that is not needed left out.
func (s *Shrunk) without(ctx context.Context, parts, tries int, attempt Attempt) (bool, error) {
	for part := range parts {
		from, to := part*len(s.Schedule)/parts, (part+1)*len(s.Schedule)/parts
		rest := slices.Delete(slices.Clone(s.Schedule), from, to)
		length := lengthOf(rest, s.Duration)
		for range tries {
			if ctx.Err() != nil {
				return false, nil
			}
			s.Runs++
			fails, err := attempt(ctx, rest, length)
			if err != nil {
				return false, err
			}
			if fails {
				s.Schedule, s.Duration = rest, length
				return true, nil
			}
		}
	}
	return false, nil
}

// lengthOf is how long a load must be for a schedule to be carried out: no longer than it was.
func lengthOf(schedule nemesis.Schedule, longest time.Duration) time.Duration {
	end := shrinkTail
	for _, step := range schedule {
		end = max(end, step.At+step.For+shrinkTail)
	}
	return min(end, longest)
}
