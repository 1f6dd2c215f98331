package exchange

import (
	"strconv"
	"strings"
)

// The forms that are written.

func vector(items ...node) node { return node{kind: 'l', items: items} }

var nothing = node{kind: 'n'}

// keyword is a name as Clojure has it.
func keyword(name string) node {
	return node{kind: 'k', text: strings.Map(func(c rune) rune {
		if c > ' ' && c < 0x7f && !strings.ContainsRune(`()[]{}",;\/@^`+"`~#", c) {
			return c
		}
		return '-'
	}, name)}
}

func number(n int64) node { return node{kind: 'i', text: strconv.FormatInt(n, 10)} }

func quoted(text string) node { return node{kind: 's', text: text} }

// literal is a whole number where the text is one, so that other tools see the numbers that they expect; else a string.
func literal(text string) node {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return node{kind: 'i', text: text}
	}
	return quoted(text)
}

// edn appends the form in EDN.
func (n node) edn(b []byte) []byte {
	switch n.kind {
	case 'k':
		return append(append(b, ':'), n.text...)
	case 's':
		return appendQuoted(b, n.text)
	case 'l':
		return n.between(b, '[', ']', node.edn, " ", " ")
	case 'm':
		return n.between(b, '{', '}', node.edn, " ", ", ")
	case 0, 'n':
		return append(b, "nil"...)
	}
	return append(b, n.text...)
}

// json appends the form in JSON, with strings for keywords and for whatever is a key.
func (n node) json(b []byte) []byte {
	switch n.kind {
	case 'k', 's':
		return appendQuoted(b, n.text)
	case 'l':
		return n.between(b, '[', ']', node.json, ",", ",")
	case 'm':
		keys := node{kind: 'm', items: append([]node(nil), n.items...)}
		for i := 0; i < len(keys.items); i += 2 {
			keys.items[i] = quoted(keys.items[i].String())
		}
		return keys.between(b, '{', '}', node.json, ":", ",")
	case 0, 'n':
		return append(b, "null"...)
	}
	return append(b, n.text...)
}

// between appends the items with marks around them; every second one of a map follows its key.
func (n node) between(b []byte, open, end byte, each func(node, []byte) []byte, inner, outer string) []byte {
	b = append(b, open)
	for i, item := range n.items {
		switch {
		case i == 0:
		case n.kind == 'm' && i%2 == 1:
			b = append(b, inner...)
		default:
			b = append(b, outer...)
		}
		b = each(item, b)
	}
	return append(b, end)
}

const hexDigits = "0123456789abcdef"

// appendQuoted quotes with the escapes that EDN and JSON share.
func appendQuoted(b []byte, text string) []byte {
	b = append(b, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, string(c)...)
		}
	}
	return append(b, '"')
}
