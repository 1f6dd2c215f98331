package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a form of EDN, the notation of Clojure's data (github.com/edn-format/edn).
type node struct {
	kind  byte // 'n'il, 'b'ool, 'i'nteger, 'f'loat, 's'tring, 'k'eyword, 's'ymbol as 'y', 'l'ist (also vector and set), 'm'ap; 0 = nothing
	text  string
	items []node // of a map: key, value, key, value …
}

// get is the value of a keyword in a map.
func (n node) get(key string) (node, bool) {
	for i := 0; i+1 < len(n.items) && n.kind == 'm'; i += 2 {
		if n.items[i].kind == 'k' && n.items[i].text == key {
			return n.items[i+1], true
		}
	}
	return node{}, false
}

// String is the form as a value of the vocabulary: what it spells, without quotes and colons.
func (n node) String() string {
	switch n.kind {
	case 0, 'n':
		return ""
	case 'l', 'm':
		words := make([]string, len(n.items))
		for i, item := range n.items {
			words[i] = item.String()
		}
		return "[" + strings.Join(words, " ") + "]"
	}
	return n.text
}

// placed says where in the input something is wrong.
type placed struct {
	line    int
	message string
}

func (e *placed) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

// ednReader reads forms one after the other. The first error sticks.
type ednReader struct {
	text  string
	at    int
	depth int
	err   *placed
}

// deepestForm bounds how far forms nest.
const deepestForm = 100

func (r *ednReader) fail(format string, args ...any) {
	if r.err == nil {
		at := min(r.at, len(r.text))
		r.err = &placed{1 + strings.Count(r.text[:at], "\n"), fmt.Sprintf(format, args...)}
		r.at = len(r.text)
	}
}

// space skips spaces, commas, comments and discarded forms.
func (r *ednReader) space() {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',':
			r.at++
		case c == ';':
			if end := strings.IndexByte(r.text[r.at:], '\n'); end >= 0 {
				r.at += end
			} else {
				r.at = len(r.text)
			}
		case strings.HasPrefix(r.text[r.at:], "#_"):
			r.at += 2
			r.form()
		default:
			return
		}
	}
}

// next is the next form; false at the end or after an error.
func (r *ednReader) next() (node, bool) {
	r.space()
	if r.at >= len(r.text) {
		return node{}, false
	}
	n := r.form()
	return n, r.err == nil
}

func (r *ednReader) form() node {
	if r.depth++; r.depth > deepestForm {
		r.fail("nested more than %d deep", deepestForm)
	}
	defer func() { r.depth-- }()
	r.space()
	if r.at >= len(r.text) {
		r.fail("a form that does not end")
		return node{}
	}
	switch rest := r.text[r.at:]; {
	case rest[0] == '(':
		return node{kind: 'l', items: r.items(1, ')')}
	case rest[0] == '[':
		return node{kind: 'l', items: r.items(1, ']')}
	case strings.HasPrefix(rest, "#{"):
		return node{kind: 'l', items: r.items(2, '}')}
	case rest[0] == '{':
		return r.mapping()
	case rest[0] == '"':
		return r.quoted()
	case rest[0] == '#': // a tag says how to read the form that follows; the form says enough
		r.at++
		r.word()
		return r.form()
	}
	return r.atom()
}

func (r *ednReader) items(open int, end byte) []node {
	r.at += open
	var items []node
	for {
		r.space()
		if r.at >= len(r.text) {
			r.fail("no %q to the end", end)
			return items
		}
		if r.text[r.at] == end {
			r.at++
			return items
		}
		items = append(items, r.form())
	}
}

func (r *ednReader) mapping() node {
	n := node{kind: 'm', items: r.items(1, '}')}
	if len(n.items)%2 == 1 {
		r.fail("a map with a key that has no value")
	}
	return n
}

func (r *ednReader) quoted() node {
	end := r.at + 1
	for end < len(r.text) && r.text[end] != '"' {
		if r.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(r.text) {
		r.fail("a string that does not end")
		return node{}
	}
	literal := r.text[r.at : end+1]
	// Clojure's strings may hold line breaks; Go's may not.
	text, err := strconv.Unquote(strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(literal))
	if err != nil {
		r.fail("bad string %s", literal)
	}
	r.at = end + 1
	return node{kind: 's', text: text}
}

// word reads up to the next space or bracket.
func (r *ednReader) word() string {
	rest := r.text[r.at:]
	end := strings.IndexAny(rest, " \n\t\r,;()[]{}\"")
	if end < 0 {
		end = len(rest)
	}
	r.at += end
	return rest[:end]
}

func (r *ednReader) atom() node {
	if r.text[r.at] == '\\' { // a character
		_, size := utf8.DecodeRuneInString(r.text[r.at+1:])
		start := r.at + 1
		r.at += 1 + size
		r.word()
		return node{kind: 's', text: r.text[start:r.at]}
	}
	word := r.word()
	switch {
	case word == "":
		r.fail("unexpected %q", r.text[r.at])
		return node{}
	case word == "nil":
		return node{kind: 'n'}
	case word == "true" || word == "false":
		return node{kind: 'b', text: word}
	case word[0] == ':':
		return node{kind: 'k', text: word[1:]}
	}
	if _, err := strconv.ParseInt(strings.TrimSuffix(word, "N"), 10, 64); err == nil {
		return node{kind: 'i', text: strings.TrimSuffix(word, "N")}
	}
	if _, err := strconv.ParseFloat(word, 64); err == nil {
		return node{kind: 'f', text: word}
	}
	return node{kind: 'y', text: word}
}
