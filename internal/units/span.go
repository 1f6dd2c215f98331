package units

import (
	"fmt"
	"strings"
	"time"
)

// Span is a range of durations, "2s..4s", or a single one, "3s".
type Span struct{ Min, Max time.Duration }

// ParseSpan reads a span.
func ParseSpan(text string) (Span, error) {
	from, to, ok := strings.Cut(text, "..")
	if !ok {
		to = from
	}
	first, err := ParseDuration(from)
	last, err2 := ParseDuration(to)
	if err != nil || err2 != nil || last < first {
		return Span{}, fmt.Errorf("%q is not a span of time: write 3s, or 2s..4s", text)
	}
	return Span{first, last}, nil
}

func (s Span) String() string {
	if s.Min == s.Max {
		return FormatDuration(s.Min)
	}
	return FormatDuration(s.Min) + ".." + FormatDuration(s.Max)
}

// Set implements pflag.Value.
func (s *Span) Set(text string) (err error) { *s, err = ParseSpan(text); return err }

// Type implements pflag.Value.
func (s *Span) Type() string { return "span" }
