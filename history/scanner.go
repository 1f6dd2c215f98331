package history

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ParseError says where a text form could not be read, and what is allowed there.
type ParseError struct {
	Line, Column int // from 1; Line is 0 if a single line was parsed
	Message      string
}

func (e *ParseError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("column %d: %s", e.Column, e.Message)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// scanner reads one line of the text form. The first error sticks: after it nothing matches and all values are zero, so
// that parsers need not check each step.
type scanner struct {
	line  string
	at    int
	depth int
	err   *ParseError
}

// deepest bounds how far requests nest, so that no input exhausts the stack.
const deepest = 32

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = &ParseError{Column: utf8.RuneCountInString(s.line[:s.at]) + 1, Message: fmt.Sprintf(format, args...)}
	}
}

func (s *scanner) enter() {
	if s.depth++; s.depth > deepest {
		s.fail("nested more than %d deep", deepest)
	}
}

func (s *scanner) leave() { s.depth-- }

func (s *scanner) space() {
	for s.at < len(s.line) && (s.line[s.at] == ' ' || s.line[s.at] == '\t') {
		s.at++
	}
}

func (s *scanner) done() bool {
	s.space()
	return s.err != nil || s.at >= len(s.line)
}

// rest is what is left of the line, for messages.
func (s *scanner) rest() string {
	s.space()
	if s.at >= len(s.line) {
		return "the end of the line"
	}
	rest := s.line[s.at:]
	if len(rest) > 40 {
		rest = strings.ToValidUTF8(rest[:40], "") + "…"
	}
	return strconv.Quote(rest)
}

// accept consumes the mark if it comes next.
func (s *scanner) accept(mark string) bool {
	s.space()
	if s.err != nil || !strings.HasPrefix(s.line[s.at:], mark) {
		return false
	}
	s.at += len(mark)
	return true
}

func (s *scanner) expect(mark string) {
	if !s.accept(mark) {
		s.fail("expected %q, found %s", mark, s.rest())
	}
}

// peek is the bare word that comes next, without consuming it; "" if something else comes next.
func (s *scanner) peek() string {
	s.space()
	if s.err != nil {
		return ""
	}
	return s.line[s.at : s.at+wordLen(s.line[s.at:])]
}

// keyword consumes the bare word if it comes next, and is no option's name.
func (s *scanner) keyword(word string) bool {
	if s.peek() != word || s.line[s.at+len(word):] != "" && s.line[s.at+len(word)] == '=' {
		return false
	}
	s.at += len(word)
	return true
}

// option consumes a name with its equals sign if they come next.
func (s *scanner) option() (name string, ok bool) {
	name = s.peek()
	if end := s.at + len(name); name == "" || end >= len(s.line) || s.line[end] != '=' {
		return "", false
	}
	s.at += len(name) + 1
	return name, true
}

// optionAhead reports whether an option comes next.
func (s *scanner) optionAhead() bool {
	at := s.at
	_, ok := s.option()
	s.at = at
	return ok
}

// word reads a bare word or a quoted string.
func (s *scanner) word(what string) string {
	s.space()
	if s.err == nil && strings.HasPrefix(s.line[s.at:], `"`) {
		return s.quoted()
	}
	word := s.peek()
	if word == "" {
		s.fail("expected %s, found %s", what, s.rest())
	}
	s.at += len(word)
	return word
}

func (s *scanner) quoted() string {
	prefix, err := strconv.QuotedPrefix(s.line[s.at:])
	if err != nil {
		s.fail("a quoted string that does not end, or holds a bad escape: %s", s.rest())
		return ""
	}
	text, err := strconv.Unquote(prefix)
	if err != nil {
		s.fail("bad quoted string %s", prefix)
	}
	s.at += len(prefix)
	return text
}

func (s *scanner) number(what string) int64 {
	start := s.at
	word := s.word(what)
	n, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		s.at = min(start, s.at)
		s.fail("expected %s (a whole number), found %q", what, word)
	}
	return n
}

func (s *scanner) unsigned(what string) uint64 {
	start := s.at
	word := s.word(what)
	n, err := strconv.ParseUint(word, 0, 64)
	if err != nil {
		s.at = min(start, s.at)
		s.fail("expected %s (a whole number, not negative), found %q", what, word)
	}
	return n
}

func (s *scanner) duration(what string) time.Duration {
	start := s.at
	word := s.word(what)
	d, err := time.ParseDuration(word)
	if err != nil {
		s.at = min(start, s.at)
		s.fail("expected %s (a duration such as 11ms or 2s), found %q", what, word)
	}
	return d
}

// wordLen is the length of the bare word that text begins with. Words end at spaces and at the marks of the language.
func wordLen(text string) int {
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(" \t\r\n\"()[]{};=<>", text[i]) >= 0 || strings.HasPrefix(text[i:], "->") {
			return i
		}
	}
	return len(text)
}
