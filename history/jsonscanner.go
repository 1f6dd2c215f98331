package history

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// jsonScanner pulls one line of JSON apart, without reflection: a history has millions. The first error sticks, and all
// values after it are zero.
type jsonScanner struct {
	b     []byte
	at    int
	depth int
	stop  bool // leave the list that is being read
	err   *ParseError
	names map[string]string // strings that come again and again
}

func (s *jsonScanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = &ParseError{Column: min(s.at, len(s.b)) + 1, Message: fmt.Sprintf(format, args...)}
	}
}

// next skips spaces and is the byte that comes next; 0 at the end.
func (s *jsonScanner) next() byte {
	for ; s.at < len(s.b); s.at++ {
		if c := s.b[s.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

func (s *jsonScanner) expect(c byte) bool {
	if s.err != nil {
		return false
	}
	if s.next() != c {
		s.fail("expected %q, found %s", c, s.found())
		return false
	}
	s.at++
	return true
}

func (s *jsonScanner) found() string {
	if s.next() == 0 {
		return "the end of the line"
	}
	rest := s.b[s.at:]
	return strconv.Quote(string(rest[:min(len(rest), 30)]))
}

// object calls each for every member, with its name; each must read the value.
func (s *jsonScanner) object(each func(name []byte)) {
	s.list('{', '}', func() {
		name := s.bytes()
		if s.expect(':') {
			each(name)
		}
	})
}

// array calls each for every element, which must read it.
func (s *jsonScanner) array(each func()) { s.list('[', ']', each) }

func (s *jsonScanner) list(open, end byte, each func()) {
	if !s.expect(open) {
		return
	}
	// A request in a request is an object in a list.
	if s.depth++; s.depth > 2*deepest+4 {
		s.fail("nested more than %d deep", s.depth-1)
	}
	defer func() { s.depth-- }()
	if s.next() == end {
		s.at++
		return
	}
	for s.err == nil {
		if each(); s.stop {
			return
		}
		if s.err == nil && s.next() == ',' {
			s.at++
			continue
		}
		s.expect(end)
		return
	}
}

// bytes is a string's contents: part of the line where nothing was escaped.
func (s *jsonScanner) bytes() []byte {
	if !s.expect('"') {
		return nil
	}
	start := s.at
	for ; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '"':
			s.at++
			return s.b[start : s.at-1]
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.fail("a control character in a string")
			return nil
		}
	}
	s.fail("a string that does not end")
	return nil
}

// escaped is the contents of a string with escapes, which begins at start.
func (s *jsonScanner) escaped(start int) []byte {
	for ; s.at < len(s.b) && s.b[s.at] != '"'; s.at++ {
		if s.b[s.at] == '\\' {
			s.at++
		}
	}
	if s.at >= len(s.b) {
		s.at = len(s.b)
		s.fail("a string that does not end")
		return nil
	}
	s.at++
	var text string
	if err := json.Unmarshal(s.b[start-1:s.at], &text); err != nil {
		s.fail("bad string: %v", err)
	}
	return []byte(text)
}

// text is a string, {"base64":"…"}, or a number or a word as it is written: other tools write values as numbers.
func (s *jsonScanner) text() string {
	switch s.next() {
	case '"':
		b := s.bytes()
		if !utf8.Valid(b) {
			s.fail("a string that is not UTF-8")
		}
		return string(b)
	case '{':
		return string(s.binary())
	}
	word := s.literal()
	if string(word) == "null" {
		return ""
	}
	return string(word)
}

func (s *jsonScanner) binary() []byte {
	var data []byte
	s.object(func(name []byte) {
		if string(name) != "base64" {
			s.fail("unknown member %q of a string; allowed: base64", name)
			return
		}
		var err error
		if data, err = base64.StdEncoding.AppendDecode(nil, s.bytes()); err != nil {
			s.fail("bad base64: %v", err)
		}
	})
	return data
}

// name is a string that is likely to come again: it is kept once.
func (s *jsonScanner) name() string {
	if s.next() != '"' {
		return s.text()
	}
	b := s.bytes()
	if name, known := s.names[string(b)]; known {
		return name
	}
	if !utf8.Valid(b) {
		s.fail("a string that is not UTF-8")
	}
	name := string(b)
	if s.names != nil && len(s.names) < 1<<16 {
		s.names[name] = name
	}
	return name
}

// literal is a number, true, false or null.
func (s *jsonScanner) literal() []byte {
	if s.next(); s.err != nil {
		return nil
	}
	start := s.at
	for s.at < len(s.b) && !ends(s.b[s.at]) {
		s.at++
	}
	if s.at == start {
		s.fail("expected a value, found %s", s.found())
	}
	return s.b[start:s.at]
}

// ends reports whether the byte ends a literal.
func ends(c byte) bool {
	switch c {
	case ',', ']', '}', ' ', '\t', '\r', '\n', ':', '"', '{', '[':
		return true
	}
	return false
}

func (s *jsonScanner) number() int64 {
	word := s.literal()
	n, err := strconv.ParseInt(string(word), 10, 64)
	if err != nil && s.err == nil {
		s.fail("expected a whole number, found %q", word)
	}
	return n
}

func (s *jsonScanner) unsigned() uint64 {
	word := s.literal()
	n, err := strconv.ParseUint(string(word), 10, 64)
	if err != nil && s.err == nil {
		s.fail("expected a whole number, not negative, found %q", word)
	}
	return n
}

func (s *jsonScanner) flag() bool {
	switch word := s.literal(); string(word) {
	case "true":
		return true
	case "false":
	default:
		s.fail("expected true or false, found %q", word)
	}
	return false
}

// null consumes a null if it comes next.
func (s *jsonScanner) null() bool {
	if s.next() != 'n' || !bytes.HasPrefix(s.b[s.at:], []byte("null")) {
		return false
	}
	s.at += len("null")
	return true
}

// skip reads any value; what it spans is left to encoding/json.
func (s *jsonScanner) skip() []byte {
	s.next()
	start := s.at
	switch s.next() {
	case '{':
		s.object(func([]byte) { s.skip() })
	case '[':
		s.array(func() { s.skip() })
	case '"':
		s.bytes()
	default:
		s.literal()
	}
	return s.b[start:s.at]
}

// unmarshal reads a value of a record that is rare.
func unmarshal[T any](s *jsonScanner) *T {
	value := new(T)
	raw := s.skip()
	if s.err == nil {
		if err := json.Unmarshal(raw, value); err != nil {
			s.fail("%v", err)
		}
	}
	return value
}
