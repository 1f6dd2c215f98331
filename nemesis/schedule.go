package nemesis

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Schedule is the plan of a run's faults, ordered by time.
type Schedule []Step

// String is a line for each step. ParseSchedule is its inverse.
func (s Schedule) String() string {
	var text strings.Builder
	for _, step := range s {
		text.WriteString(step.String() + "\n")
	}
	return text.String()
}

// ParseSchedule reads a line for each step; empty lines and what follows a # are left out. The steps are put in order and
// checked.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	var errs []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ := strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		step, err := ParseStep(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", number, err))
			continue
		}
		s = append(s, step)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s = s.Sorted()
	return s, s.Check()
}

// Sorted is the schedule in order of time.
func (s Schedule) Sorted() Schedule {
	s = slices.Clone(s)
	slices.SortStableFunc(s, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return s
}

// Check says what in the schedule cannot be carried out: unknown words, steps out of order, and faults that would be put
// upon each other, like a kill of a paused node.
func (s Schedule) Check() error {
	var errs []error
	for i, step := range s {
		if err := step.check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", step, err))
			continue
		}
		if i > 0 && s[i-1].At > step.At {
			errs = append(errs, fmt.Errorf("%s: it comes after %s", step, s[i-1]))
		}
		for _, before := range s[:i] {
			if before.At+before.For <= step.At {
				continue
			}
			if why := clash(before, step); why != "" {
				errs = append(errs, fmt.Errorf("%q and %q overlap: %s", before, step, why))
			}
		}
	}
	return errors.Join(errs...)
}

// clash says why two steps cannot go on at once; "" = they can.
func clash(a, b Step) string {
	a, fa, errA := a.whole()
	b, fb, errB := b.whole()
	if errA != nil || errB != nil {
		return ""
	}
	moves := func(l Lever) bool { return slices.Contains(fa.Levers, l) && slices.Contains(fb.Levers, l) }
	switch {
	case moves(Links):
		return "both move the " + string(Links) + ", and healing one would heal the other"
	case moves(Processes) && (meet(a.Target, b.Target) || a.Fault == duty.Name && !(named(a.Target) && named(b.Target))):
		return "both may hit the process of the same node" // one on duty is seen to run now and then
	case moves(Edges) && (meet(a.Target, b.Target) || !named(a.Target) || !named(b.Target)):
		return "both move the " + string(Edges) + " of nodes that may be the same"
	}
	return ""
}

func named(t Target) bool { return nodeName.MatchString(string(t)) }

// meet reports whether the second of two targets may mean a node that the first hit. A role is found among the nodes that
// are up, so it never does; a name says which node it means whatever became of it.
func meet(first, second Target) bool {
	return first == "all" || second == "all" || named(second) && (first == second || !named(first))
}
