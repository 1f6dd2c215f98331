package nemesis

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DefaultHold is how long a fault lasts that was asked for without saying so.
const DefaultHold = 3 * time.Second

// Step is one line of a schedule.
type Step struct {
	At, For time.Duration // since the load's start
	Fault   string
	Target  Target // "" = the fault's own for its shape
	Shape   string // "" = the fault's first
}

// String is the step as a line: "at 8s for 2s partition leader one-way". ParseStep is its inverse.
func (s Step) String() string {
	text := fmt.Sprintf("at %v for %v %s", s.At, s.For, s.Fault)
	for _, word := range []string{string(s.Target), s.Shape} {
		if word != "" {
			text += " " + word
		}
	}
	return text
}

// ParseStep reads a line as String writes it.
func ParseStep(text string) (Step, error) {
	words := strings.Fields(text)
	if len(words) < 5 || len(words) > 7 || words[0] != "at" || words[2] != "for" {
		return Step{}, fmt.Errorf("step %q: want \"at TIME for TIME FAULT [TARGET] [SHAPE]\"", text)
	}
	s, err := step(words[1], words[3], words[4], words[5:])
	if err != nil {
		return Step{}, fmt.Errorf("step %q: %w", text, err)
	}
	return s, nil
}

// ParseFaultFlag reads the form of the command line, FAULT[:TARGET][:SHAPE]@TIME[+TIME]: "kill:leader@20s+4s",
// "partition:majority-minority@20s+4s".
func ParseFaultFlag(text string) (Step, error) {
	what, when, ok := strings.Cut(text, "@")
	words := strings.Split(what, ":")
	if !ok || len(words) > 3 {
		return Step{}, fmt.Errorf("fault %q: want FAULT[:TARGET][:SHAPE]@TIME[+TIME], like kill:leader@20s+4s", text)
	}
	from, length, ok := strings.Cut(when, "+")
	if !ok {
		length = DefaultHold.String()
	}
	s, err := step(from, length, words[0], words[1:])
	if err != nil {
		return Step{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return s, nil
}

func step(at, length, fault string, words []string) (Step, error) {
	var s Step
	var err error
	if s.At, err = time.ParseDuration(at); err != nil || s.At < 0 {
		return s, fmt.Errorf("%q is not a time since the start, like 20s", at)
	}
	if s.For, err = time.ParseDuration(length); err != nil || s.For <= 0 {
		return s, fmt.Errorf("%q is not a length of time, like 4s", length)
	}
	s.Fault = fault
	f, err := Find(fault)
	if err != nil {
		return s, err
	}
	for i, word := range words {
		switch {
		case slices.Contains(f.Shapes, word) && s.Shape == "":
			s.Shape = word
		case i == 0 && Target(word).check() == nil:
			s.Target = Target(word)
		case len(f.Shapes) == 0:
			return s, Target(word).check()
		default:
			return s, fmt.Errorf("%q is neither a target nor a shape of %s; its shapes are %s", word, fault, strings.Join(f.Shapes, ", "))
		}
	}
	return s, s.check()
}

// check says what is wrong with a step on its own.
func (s Step) check() error {
	f, err := Find(s.Fault)
	if err != nil {
		return err
	}
	if s.At < 0 || s.For <= 0 {
		return fmt.Errorf("%s at %v for %v: want a time from 0 on and a length above 0", s.Fault, s.At, s.For)
	}
	if s.Shape != "" && !slices.Contains(f.Shapes, s.Shape) {
		return fmt.Errorf("%s has no shape %q; its shapes are: %s", s.Fault, s.Shape, strings.Join(f.Shapes, ", "))
	}
	if s.Target != "" {
		return s.Target.check()
	}
	return nil
}

// whole is the step with its fault, and with target and shape filled in where they were left to the fault.
func (s Step) whole() (Step, Fault, error) {
	f, err := Find(s.Fault)
	if err != nil {
		return s, f, err
	}
	if s.Shape == "" && len(f.Shapes) > 0 {
		s.Shape = f.Shapes[0]
	}
	if s.Target == "" {
		s.Target = f.Target(s.Shape)
	}
	return s, f, nil
}
