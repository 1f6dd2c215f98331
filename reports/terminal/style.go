// Package terminal writes what a person sees of a run in a terminal: the block that redraws while it runs, and the
// result at its end.
package terminal

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Style says how to write to a terminal, or to something that is none.
type Style struct {
	Color bool
	TTY   bool // the cursor can be moved: lines can be redrawn
	Width int  // columns; 0 = as wide as it likes
}

// Detect finds out what an output is. mode is "auto", "always" or "never"; NO_COLOR and TERM=dumb are honoured
// (no-color.org: any value but the empty one).
func Detect(w io.Writer, mode string, getenv func(string) string) Style {
	file, ok := w.(*os.File)
	var s Style
	if ok && term.IsTerminal(int(file.Fd())) {
		s.TTY = getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			s.Width = width
		}
	}
	switch mode {
	case "always":
		s.Color = true
	case "never":
	default:
		s.Color = s.TTY && getenv("NO_COLOR") == ""
	}
	return s
}

// The select-graphic-rendition codes in use: sixteen colours, which every theme keeps readable.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

// paint colours a text, if the style has colour.
func (s Style) paint(text string, codes ...string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + strings.Join(codes, ";") + "m" + text + "\x1b[0m"
}

// pad fills a text up to a width in characters.
func pad(text string, width int) string {
	if n := width - utf8.RuneCountInString(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// safe keeps recorded text from steering the terminal: control characters become visible ones.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0:
			return '·'
		}
		return r
	}, text)
}

// wrap breaks a line at spaces where it is wider than the style, and sets what follows in by so many columns. Colours
// take no room. A word that is too wide alone stays whole.
func (s Style) wrap(line string, indent int) string {
	if s.Width <= 0 {
		return line
	}
	var out strings.Builder
	columns, room := 0, max(s.Width, indent+20)
	for i, word := range phrases(line) {
		wide := visible(strings.TrimRight(word, " "))
		if i > 0 && columns+wide > room && columns > indent {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			columns = indent
		}
		out.WriteString(word)
		columns += visible(word)
	}
	return out.String()
}

// phrases are a line's words with the spaces after them. A number and its unit are one.
func phrases(line string) (all []string) {
	for _, word := range strings.SplitAfter(line, " ") {
		switch strings.TrimRight(word, " ,)") {
		case "s", "ms", "µs", "ns", "%", "ops", "…", "–":
			if n := len(all); n > 0 {
				all[n-1] += word
				continue
			}
		}
		all = append(all, word)
	}
	return all
}

// visible counts the characters of a text without its colours.
func visible(text string) (n int) {
	escape := false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			n++
		}
	}
	return n
}

// clip cuts a line at the style's width, colours not counted.
func (s Style) clip(line string) string {
	if s.Width <= 0 {
		return line
	}
	var out strings.Builder
	columns, escape := 0, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			if columns == s.Width {
				if s.Color {
					out.WriteString("\x1b[0m")
				}
				return out.String()
			}
			columns++
		}
		out.WriteRune(r)
	}
	return out.String()
}
