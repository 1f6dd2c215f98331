package history

import (
	"strconv"
	"strings"
	"time"
)

// text writes the text form: words with single spaces between them.
type text struct {
	b    []byte
	glue bool // the next word follows without a space
}

func (t *text) bare(word string) {
	if len(t.b) > 0 && !t.glue {
		t.b = append(t.b, ' ')
	}
	t.glue = false
	t.b = append(t.b, word...)
}

// open writes an opening mark: what follows sticks to it.
func (t *text) open(mark string) {
	t.bare(mark)
	t.glue = true
}

// close writes a closing mark: it sticks to what came before.
func (t *text) close(mark string) {
	t.b = append(t.b, mark...)
	t.glue = false
}

// word writes a string bare if it reads back as it is, quoted otherwise.
func (t *text) word(word string) {
	if !plain(word) {
		word = strconv.Quote(word)
	}
	t.bare(word)
}

// plain reports whether the word needs no quotes.
func plain(word string) bool {
	for i := 0; i < len(word); i++ {
		c := word[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-./:@+*", c) >= 0) {
			return false
		}
	}
	return word != ""
}

// String is the operation as one line of text; ParseOp is its inverse. The line has no room for Op.ID: an operation's
// number is its place in the history.
func (op Op) String() string {
	t := &text{}
	t.bare("p" + strconv.Itoa(int(op.Process)))
	t.word(string(op.Node))
	t.open("[")
	t.bare(op.Call.String())
	t.bare(op.Return.String())
	if op.Due != op.Call {
		t.bare("due=" + op.Due.String())
	}
	if op.Stage != Load {
		t.bare(op.Stage.String())
	}
	t.close("]")
	t.request(op.Request)
	t.bare("->")
	t.result(op.Request, op.Result, false)
	return string(t.b)
}

// ParseOp reads an operation in the form that Op.String writes: "p1 n1 [1ms 2ms] get x -> 3 mod=5 rev=7".
func ParseOp(line string) (Op, error) {
	s := &scanner{line: line}
	op := s.op()
	return op, s.finish()
}

// finish is the scanner's error, also if something is left of the line.
func (s *scanner) finish() error {
	if !s.done() {
		s.fail("expected the end of the line, found %s", s.rest())
	}
	if s.err != nil {
		return s.err
	}
	return nil
}

func (s *scanner) op() Op {
	var op Op
	op.Process = s.process()
	op.Node = NodeID(s.word("a node"))
	s.expect("[")
	op.Call = s.duration("the time of the call")
	op.Return = s.duration("the time of the return")
	op.Due = op.Call
	if name, ok := s.option(); ok {
		if name != "due" {
			s.fail("unknown option %q; allowed: due", name)
		}
		op.Due = s.duration("the time when it was due")
	}
	if s.peek() != "" {
		op.Stage = s.stage()
	}
	s.expect("]")
	op.Request = s.request()
	s.expect("->")
	op.Result = s.result(op.Request, false)
	return op
}

func (s *scanner) process() Process {
	word := s.peek()
	n, err := strconv.Atoi(strings.TrimPrefix(word, "p"))
	if err != nil || !strings.HasPrefix(word, "p") {
		s.fail(`expected a process such as "p1", found %s`, s.rest())
	}
	s.at += len(word)
	return Process(n)
}

// stages are the names of the stages, by number.
var stages = []string{Load: "load", Warmup: "warmup", Final: "final", Probe: "probe"}

// String is the stage's name.
func (stage Stage) String() string {
	if int(stage) < len(stages) {
		return stages[stage]
	}
	return "stage" + strconv.Itoa(int(stage))
}

func (s *scanner) stage() Stage {
	word := s.peek()
	for i, name := range stages {
		if name == word {
			s.at += len(word)
			return Stage(i)
		}
	}
	s.fail("unknown stage %q; allowed: %s", word, strings.Join(stages, ", "))
	return Load
}

// times writes times in brackets.
func (t *text) times(times ...time.Duration) {
	t.open("[")
	for _, at := range times {
		t.bare(at.String())
	}
	t.close("]")
}
