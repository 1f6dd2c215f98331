package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing wrong with a file, and where.
type Problem struct {
	Line, Col int // from 1
	What      string
	Width     int      // characters to underline, at least one
	Allowed   []string // what may stand there, if that can be listed
}

// Error is everything wrong with a file.
type Error struct {
	Kind, File string
	Problems   []Problem
	lines      []string
}

// Error shows each problem with its place in the file, the line before it, and what is allowed.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("\n\n")
		}
		fmt.Fprintf(&b, "%s %s:%d:%d: %s", e.Kind, e.File, p.Line, p.Col, p.What)
		for no := max(1, p.Line-1); no <= p.Line && no <= len(e.lines); no++ {
			fmt.Fprintf(&b, "\n%5d | %s", no, excerpt(e.lines[no-1]))
		}
		if p.Width > 0 && p.Line <= len(e.lines) && p.Col <= longestLine {
			// A text that goes on in the next line is underlined as far as this one goes.
			rest := utf8.RuneCountInString(excerpt(e.lines[p.Line-1])) - (p.Col - 1)
			fmt.Fprintf(&b, "\n      | %s%s", strings.Repeat(" ", p.Col-1), strings.Repeat("^", max(1, min(p.Width, rest))))
		}
		if len(p.Allowed) > 0 {
			fmt.Fprintf(&b, "\n   allowed: %s", strings.Join(p.Allowed, ", "))
		}
	}
	return b.String()
}

// longestLine is how much of a line is shown, in characters.
const longestLine = 200

func excerpt(line string) string {
	if runes := []rune(line); len(runes) > longestLine {
		return string(runes[:longestLine]) + "…"
	}
	return line
}

func (p *parser) err() error {
	if len(p.problems) == 0 {
		return nil
	}
	return &Error{p.kind, p.file, p.problems, p.lines}
}

func (p *parser) problem(n *yaml.Node, what string) {
	width := 1
	if n.Kind == yaml.ScalarNode && n.Value != "" && !strings.Contains(n.Value, "\n") {
		width = utf8.RuneCountInString(n.Value)
	}
	p.problems = append(p.problems, Problem{Line: max(1, n.Line), Col: max(1, n.Column), What: what, Width: width})
}

// unknown is the problem of a word that is not among the allowed ones.
func (p *parser) unknown(n *yaml.Node, what, in string, allowed []string) {
	if in != "" {
		in = " in " + in
	}
	p.problem(n, fmt.Sprintf("unknown %s %q%s%s", what, n.Value, in, meant(n.Value, allowed)))
	p.problems[len(p.problems)-1].Allowed = allowed
}

// Unknown is the error of a word that is not among the allowed ones, for flags and arguments.
func Unknown(what, word string, allowed []string) error {
	return errors.New(fmt.Sprintf("unknown %s %q%s", what, word, meant(word, allowed)) + "\n   allowed: " + strings.Join(allowed, ", "))
}

// meant is the suggestion, ready to be appended; empty if nothing is near.
func meant(word string, allowed []string) string {
	if near := Nearest(word, allowed); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// longestWord bounds what suggestions are looked for: a longer word was not mistyped, it is something else.
const longestWord = 60

// Nearest is the allowed word that a typing error most likely made into word; empty if none is near.
func Nearest(word string, allowed []string) string {
	if len(word) > longestWord {
		return ""
	}
	best, least := "", 1+max(1, len(word)/3)
	for _, candidate := range allowed {
		if d := typos(word, candidate); d < least {
			best, least = candidate, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	for _, candidate := range allowed {
		if strings.HasPrefix(candidate, word) || strings.HasPrefix(word, candidate) {
			return candidate
		}
	}
	return ""
}

// typos counts the letters to insert, drop, replace or swap with their neighbour, to make a into b (optimal string
// alignment).
func typos(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
