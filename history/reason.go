package history

import (
	"strconv"
	"strings"
)

// reason writes an error's class: plain words as they are, anything else quoted.
func (t *text) reason(reason string) {
	words := strings.Split(reason, " ")
	for i, word := range words {
		if !plain(strings.TrimRight(word, ",'")) || i == 0 && resultWord(word) {
			t.bare(strconv.Quote(reason))
			return
		}
	}
	t.bare(reason)
}

// reason reads an error's class: a quoted string, or the words up to the end of the result.
func (s *scanner) reason() string {
	if s.ahead(`"`) {
		return s.quoted()
	}
	var words []string
	for !s.done() && !s.ahead(";") && !s.ahead("}") {
		word := s.peek()
		if word == "" {
			s.fail("expected the reason (plain words, or one quoted string), found %s", s.rest())
		}
		s.at += len(word)
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
