package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrTorn is the error of a last line that was cut off: whoever wrote it died. What came before it is whole.
var ErrTorn = errors.New("the last line is torn")

// longestLine bounds a line: the evidence of a member with a long log.
const longestLine = 1 << 30

// Decoder reads a journal of JSON lines.
type Decoder struct {
	r     *bufio.Reader
	line  int
	long  []byte // room for lines longer than the reader's
	names map[string]string
}

// NewDecoder is a decoder of what r holds.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 1<<16), names: map[string]string{}}
}

// Next is the next record, io.EOF at the end, or ErrTorn for a last line that was cut off. Any other error names its
// line and column. Empty lines are skipped.
func (d *Decoder) Next() (Record, error) {
	for {
		line, err := d.read()
		if len(line) == 0 {
			return Record{}, err
		}
		d.line++
		s := &jsonScanner{b: line, names: d.names}
		if s.next() == 0 && err == nil {
			continue
		}
		r := s.record()
		switch {
		case s.err == nil:
			return r, nil
		case errors.Is(err, io.EOF): // no newline: the writer was interrupted
			return Record{}, fmt.Errorf("line %d: %w", d.line, ErrTorn)
		case err != nil:
			return Record{}, err
		}
		s.err.Line = d.line
		return Record{}, s.err
	}
}

// read is the next line with its newline; without one, and with io.EOF, if there is none.
func (d *Decoder) read() ([]byte, error) {
	line, err := d.r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	d.long = d.long[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		if d.long = append(d.long, line...); len(d.long) > longestLine {
			return nil, fmt.Errorf("line %d is longer than %d bytes", d.line+1, longestLine)
		}
		line, err = d.r.ReadSlice('\n')
	}
	d.long = append(d.long, line...)
	return d.long, err
}

// ReadJSONL reads a whole journal of JSON lines. A torn last line is no error: the history says that it was interrupted.
func ReadJSONL(r io.Reader) (*History, error) {
	var j Journal
	d := NewDecoder(r)
	for {
		record, err := d.Next()
		switch {
		case errors.Is(err, io.EOF):
			return j.History(), nil
		case errors.Is(err, ErrTorn):
			h := j.History()
			h.Meta.Interrupted = true
			return h, nil
		case err != nil:
			return nil, err
		}
		j.Add(record)
	}
}

// Records are the history as its journal: what ReadJSONL makes the same history of.
func (h *History) Records() []Record {
	records := []Record{{Meta: &h.Meta}}
	for i := range h.Faults {
		records = append(records, Record{Fault: &h.Faults[i]})
	}
	for i := range h.Statuses {
		records = append(records, Record{Status: &h.Statuses[i]})
	}
	for i := range h.Watches {
		w := h.Watches[i]
		w.Responses = nil
		records = append(records, Record{Watch: &w})
		for n := range h.Watches[i].Responses {
			records = append(records, Record{Response: &h.Watches[i].Responses[n], WatchID: w.ID})
		}
	}
	for i := range h.Ops {
		records = append(records, Record{Return: &h.Ops[i]})
	}
	for i := range h.Evidence {
		records = append(records, Record{Evidence: &h.Evidence[i]})
	}
	return records
}

// MarshalJSON is the operation's line in the journal.
func (op Op) MarshalJSON() ([]byte, error) {
	line := AppendRecord(nil, Record{Return: &op})
	return line[:len(line)-1], nil
}

// UnmarshalJSON reads an operation's line.
func (op *Op) UnmarshalJSON(data []byte) error {
	s := &jsonScanner{b: data}
	r := s.record()
	if s.err != nil {
		return s.err
	}
	switch {
	case r.Return != nil:
		*op = *r.Return
	case r.Call != nil:
		*op = *r.Call
	default:
		return errors.New("not an operation")
	}
	return nil
}

// MarshalJSON is the request as in a transaction's line.
func (r Request) MarshalJSON() ([]byte, error) {
	return append(appendRequest([]byte{'{'}, &r), '}'), nil
}

// UnmarshalJSON reads a request.
func (r *Request) UnmarshalJSON(data []byte) error {
	s := &jsonScanner{b: data}
	if *r = s.request(); s.err != nil {
		return s.err
	}
	return nil
}

var (
	_ json.Marshaler   = Op{}
	_ json.Unmarshaler = (*Request)(nil)
)
