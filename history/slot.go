package history

import (
	"strconv"
	"time"
)

// slot is one field of a record as the text form writes it: an option "name=value", or a bare name for a flag.
type slot interface {
	empty() bool
	write(*text)
	read(*scanner)
}

// field names a field of T and finds it.
type field[T any] struct {
	name string
	in   func(*T) slot
}

// writeOptions writes each field that is set, but for those that were written by position.
func writeOptions[T any](t *text, x *T, fields []field[T], written ...string) {
	for _, f := range fields {
		value := f.in(x)
		if value.empty() || contains(written, f.name) {
			continue
		}
		if _, ok := value.(*flagSlot); ok {
			t.bare(f.name)
			continue
		}
		t.bare(f.name + "=")
		t.glue = true
		value.write(t)
	}
}

// readOption reads one option if it comes next.
func readOption[T any](s *scanner, x *T, fields []field[T]) bool {
	s.space()
	start := s.at
	name, option := s.option()
	if !option {
		name = s.peek()
	}
	for _, f := range fields {
		if f.name != name {
			continue
		}
		value := f.in(x)
		flag, isFlag := value.(*flagSlot)
		switch {
		case option && isFlag:
			s.at = start
			s.fail("%q is a flag and takes no value", name)
		case option:
			value.read(s)
		case isFlag:
			*flag = true
			s.at += len(name)
		default:
			return false
		}
		return s.err == nil
	}
	s.at = start
	return false
}

// readOptions reads the options that come next; all must be the record's.
func readOptions[T any](s *scanner, x *T, fields []field[T]) {
	for readOption(s, x, fields) {
	}
	if name := s.peek(); s.optionAhead() {
		s.fail("unknown option %q; allowed: %s", name, names(fields))
	}
}

func names[T any](fields []field[T]) string {
	list := ""
	for i, f := range fields {
		if i > 0 {
			list += ", "
		}
		list += f.name
	}
	return list
}

func contains(list []string, name string) bool {
	for _, x := range list {
		if x == name {
			return true
		}
	}
	return false
}

type (
	textSlot     string
	numberSlot   int64
	intSlot      int
	countsSlot   []int64
	unsignedSlot uint64
	rateSlot     float64
	durationSlot time.Duration
	flagSlot     bool
	wordsSlot    []string
	nodesSlot    []NodeID
	pairsSlot    []KV
	timeSlot     time.Time
)

func (x *textSlot) empty() bool     { return *x == "" }
func (x *textSlot) write(t *text)   { t.word(string(*x)) }
func (x *textSlot) read(s *scanner) { *x = textSlot(s.word("a word or a quoted string")) }

func (x *numberSlot) empty() bool     { return *x == 0 }
func (x *numberSlot) write(t *text)   { t.bare(strconv.FormatInt(int64(*x), 10)) }
func (x *numberSlot) read(s *scanner) { *x = numberSlot(s.number("a number")) }

func (x *intSlot) empty() bool     { return *x == 0 }
func (x *intSlot) write(t *text)   { t.bare(strconv.Itoa(int(*x))) }
func (x *intSlot) read(s *scanner) { *x = intSlot(s.number("a number")) }

func (x *unsignedSlot) empty() bool     { return *x == 0 }
func (x *unsignedSlot) write(t *text)   { t.bare(strconv.FormatUint(uint64(*x), 10)) }
func (x *unsignedSlot) read(s *scanner) { *x = unsignedSlot(s.unsigned("a number")) }

func (x *rateSlot) empty() bool   { return *x == 0 }
func (x *rateSlot) write(t *text) { t.bare(strconv.FormatFloat(float64(*x), 'g', -1, 64)) }
func (x *rateSlot) read(s *scanner) {
	word := s.word("a rate")
	rate, err := strconv.ParseFloat(word, 64)
	if err != nil || !(rate >= 0) || rate > 1e12 {
		s.fail("expected a rate (operations per second), found %q", word)
		return
	}
	*x = rateSlot(rate)
}

func (x *durationSlot) empty() bool     { return *x == 0 }
func (x *durationSlot) write(t *text)   { t.bare(time.Duration(*x).String()) }
func (x *durationSlot) read(s *scanner) { *x = durationSlot(s.duration("a time")) }

func (x *flagSlot) empty() bool   { return !bool(*x) }
func (x *flagSlot) write(*text)   {}
func (x *flagSlot) read(*scanner) {}

func (x *wordsSlot) empty() bool { return len(*x) == 0 }
func (x *wordsSlot) write(t *text) {
	t.open("(")
	for _, word := range *x {
		t.word(word)
	}
	t.close(")")
}
func (x *wordsSlot) read(s *scanner) {
	s.expect("(")
	for s.err == nil && !s.accept(")") {
		*x = append(*x, s.word(`a word or ")"`))
	}
}

func (x *nodesSlot) empty() bool { return len(*x) == 0 }
func (x *nodesSlot) write(t *text) {
	t.open("(")
	for _, node := range *x {
		t.word(string(node))
	}
	t.close(")")
}
func (x *nodesSlot) read(s *scanner) {
	s.expect("(")
	for s.err == nil && !s.accept(")") {
		*x = append(*x, NodeID(s.word(`a node or ")"`)))
	}
}

func (x *countsSlot) empty() bool { return len(*x) == 0 }
func (x *countsSlot) write(t *text) {
	t.open("(")
	for _, n := range *x {
		t.bare(strconv.FormatInt(n, 10))
	}
	t.close(")")
}
func (x *countsSlot) read(s *scanner) {
	s.expect("(")
	for s.err == nil && !s.accept(")") {
		*x = append(*x, s.number(`a number or ")"`))
	}
}

func (x *pairsSlot) empty() bool { return len(*x) == 0 }
func (x *pairsSlot) write(t *text) {
	for i, kv := range *x {
		if i > 0 {
			t.bare("prev=")
			t.glue = true
		}
		t.pair(kv)
	}
}
func (x *pairsSlot) read(s *scanner) { *x = append(*x, s.pair()) }

func (x *timeSlot) empty() bool   { return time.Time(*x).IsZero() }
func (x *timeSlot) write(t *text) { t.bare(time.Time(*x).Format(time.RFC3339Nano)) }
func (x *timeSlot) read(s *scanner) {
	word := s.word("a time of day")
	at, err := time.Parse(time.RFC3339Nano, word)
	if err != nil {
		s.fail("expected a time such as 2026-11-22T06:15:00Z, found %q", word)
	}
	*x = timeSlot(at)
}
