package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 1))} }

func TestTextCarriesEverything(t *testing.T) {
	r := newRandom(1)
	for range 20000 {
		op := r.op()
		back, err := ParseOp(op.String())
		if err != nil || !reflect.DeepEqual(op, back) {
			t.Fatalf("%v\nwritten %v\nread    %v", err, op, back)
		}
	}
	for range 1000 {
		h := &History{Watches: []Watch{r.watch()}}
		back, err := ParseHistory(h.String())
		if err != nil || !reflect.DeepEqual(h, back) {
			t.Fatalf("%v\n%v\nread as\n%v", err, h, back)
		}
	}
}

func TestJSONCarriesEverything(t *testing.T) {
	r := newRandom(2)
	for i := range 5000 {
		op := r.op()
		op.ID = i
		line := AppendRecord(nil, Record{Return: &op})
		back, err := NewDecoder(bytes.NewReader(line)).Next()
		if err != nil || back.Return == nil || !reflect.DeepEqual(op, *back.Return) {
			t.Fatalf("%v\nwritten %sread    %v\nfrom    %v", err, line, back.Return, op)
		}
		call := op
		call.Result, call.Return = Result{}, 0
		line = AppendRecord(nil, Record{Call: &call})
		back, err = NewDecoder(bytes.NewReader(line)).Next()
		if err != nil || back.Call == nil || !reflect.DeepEqual(call, *back.Call) {
			t.Fatalf("%v\nwritten %sread    %v\nfrom    %v", err, line, back.Call, call)
		}
	}
	for range 1000 {
		h := &History{Watches: []Watch{r.watch()}}
		back, err := ReadJSONL(bytes.NewReader(lines(h)))
		if err != nil || !reflect.DeepEqual(h, back) {
			t.Fatalf("%v\n%v\nread as\n%v", err, h, back)
		}
	}
}

// An operation and a request are JSON wherever they stand: in a report, in a member's log.
func TestMarshalJSON(t *testing.T) {
	r := newRandom(4)
	for i := range 1000 {
		op, req := r.op(), r.request(3)
		op.ID = i
		data, err := json.Marshal(struct {
			Ops     []Op
			Request *Request
		}{[]Op{op}, &req})
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Ops     []Op
			Request *Request
		}
		if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(back.Ops, []Op{op}) || !reflect.DeepEqual(*back.Request, req) {
			t.Fatalf("%v\n%s", err, data)
		}
	}
	var op Op
	call := `{"index":3,"type":"invoke","process":1,"f":"write","key":"x","value":"1","time":5,"node":"n1"}`
	if err := json.Unmarshal([]byte(call), &op); err != nil || op.ID != 3 || op.Call != 5 {
		t.Errorf("an invocation: %v (%v)", op, err)
	}
	for _, bad := range []string{`{"type":"status","status":{}}`, `{"type":"ok"}`, `7`} {
		if err := json.Unmarshal([]byte(bad), &op); err == nil {
			t.Errorf("%s is an operation", bad)
		}
	}
	if err := json.Unmarshal([]byte(`{"key":"x"}`), new(Request)); err == nil {
		t.Error("a request without f")
	}
}

// lines is the journal of a history.
func lines(h *History) []byte {
	var b []byte
	for _, record := range h.Records() {
		b = AppendRecord(b, record)
	}
	return b
}

func TestJSONGolden(t *testing.T) {
	h, err := ParseHistory(golden)
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/golden.jsonl"
	got := string(lines(h))
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	diffLines(t, string(want), got)
	back, err := ReadJSONL(strings.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	diffLines(t, golden, back.String())
}

// A journal that was cut off anywhere is still a history: whole before the cut, with open operations unknown.
func TestTorn(t *testing.T) {
	var b []byte
	op := Op{ID: 0, Process: 1, Node: "n1", Request: Request{Kind: Put, Key: "x", Value: "1"}, Due: 1e6, Call: 1e6}
	b = AppendRecord(b, Record{Call: &op})
	call := len(b)
	done := op
	done.Return, done.Result = 2e6, Result{Outcome: OK, Header: Header{Revision: 2}}
	b = AppendRecord(b, Record{Return: &done})
	for cut := range len(b) + 1 {
		h, err := ReadJSONL(bytes.NewReader(b[:cut]))
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := ""
		switch {
		case cut >= len(b)-1: // whole but for the newline
			want = "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\n"
		case cut >= call-1:
			want = "p1 n1 [1ms 1ms] put x 1 -> unknown no answer when the run ended\n"
		}
		h.Meta.Interrupted = false
		if got := h.String(); got != want {
			t.Errorf("cut at %d:\ngot  %swant %s", cut, got, want)
		}
	}
	_, err := NewDecoder(bytes.NewReader(b[:20])).Next()
	if !errors.Is(err, ErrTorn) || err.Error() != "line 1: the last line is torn" {
		t.Errorf("a torn line: %v", err)
	}
}

func TestDecoderErrors(t *testing.T) {
	for line, want := range map[string]string{
		`{"type":"ok"`:                                      `line 1, column 14: expected '}', found the end of the line`,
		`{"type":"maybe"}`:                                  `line 1, column 1: unknown type "maybe"; allowed: invoke, ok, fail, info, watch, response, status, evidence, meta`,
		`{"type":"ok","process":1}`:                         `line 1, column 26: no member "f"`,
		`{"type":"ok","process":"one","f":"read"}`:          `line 1, column 24: expected a value, found "\"one\",\"f\":\"read\"}\n"`,
		`{"type":"ok","process":1,"f":"reed"}`:              `line 1, column 36: unknown f "reed"; allowed: read, write, delete, cas, range, txn, compact, grant, revoke, keepalive, timetolive, lock, unlock, campaign, proclaim, resign, leader, append, pause`,
		`{"type":"ok","process":1,"f":"read","raet":7}`:     `line 1, column 44: unknown member "raet"`,
		`{"type":"ok","process":1.5,"f":"read"}`:            `line 1, column 27: expected a whole number, found "1.5"`,
		`{"type":"ok","process":1,"f":"read"} {}`:           `line 1, column 38: expected the end of the line, found "{}\n"`,
		`{"type":"status"}`:                                 `line 1, column 18: no member "status"`,
		`{"type":"ok","f":"cas","key":"x","value":[1,2,3]}`: `line 1, column 47: a value with more than two parts`,
		strings.Repeat(`{"then":[`, 40):                     `line 1, column 308: nested more than 68 deep`,
	} {
		_, err := NewDecoder(strings.NewReader(line + "\n")).Next()
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", line, err, want)
		}
	}
}

// Lines by other tools: spaces, another order, values that are numbers, no final newline.
func TestDecoderTolerates(t *testing.T) {
	h, err := ReadJSONL(strings.NewReader(`
 {"f": "read", "type": "ok", "node": "n3", "key": "r17", "process": 4, "index": 8, "value": 12, "call": 1000, "time": 2000, "rev": 168, "term": 3}

{"value":["a\u0062",null],"f":"cas","key":"k","type":"info","process":5,"call":2000,"time":3000}`))
	if err != nil {
		t.Fatal(err)
	}
	diffLines(t, "p4 n3 [1µs 2µs] get r17 -> 12 rev=168 term=3\np5 \"\" [2µs 3µs] cas k ab \"\" -> unknown\n", h.String())
	if _, err := NewDecoder(strings.NewReader("\n\n")).Next(); !errors.Is(err, io.EOF) {
		t.Errorf("empty lines: %v", err)
	}
}

// Lines longer than any buffer, between short ones.
func TestLongLines(t *testing.T) {
	h := &History{}
	for i, n := range []int{1, 1 << 16, 3, 300_000, 1<<16 - 100} {
		h.Ops = append(h.Ops, Op{ID: i, Process: 1, Node: "n1", Request: Request{Kind: Put, Key: "x", Value: strings.Repeat("v", n)},
			Result: Result{Outcome: OK}, Call: time.Duration(2 * i), Due: time.Duration(2 * i), Return: time.Duration(2*i + 1)})
	}
	data := lines(h)
	back, err := ReadJSONL(bytes.NewReader(data))
	if err != nil || !reflect.DeepEqual(h, back) {
		t.Errorf("%v: %d operations of %d, or other ones", err, len(back.Ops), len(h.Ops))
	}
	torn, err := ReadJSONL(bytes.NewReader(data[:len(data)/2]))
	if err != nil || !torn.Meta.Interrupted {
		t.Errorf("torn in a long line: %v", err)
	}
}

func BenchmarkDecode(b *testing.B) {
	op := Op{ID: 8, Process: 4, Node: "n3", Request: Request{Kind: Get, Key: "r17"}, Call: 31299500000, Due: 31299400000, Return: 31301000000,
		Result: Result{Outcome: OK, KVs: []KV{{Key: "r17", Value: "7f3a-4-12", Create: 12, Mod: 160, Version: 9}}, Header: Header{Cluster: 1 << 60, Member: 1 << 61, Revision: 168, Term: 3}}}
	line := AppendRecord(nil, Record{Return: &op})
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	d := NewDecoder(nil)
	for b.Loop() {
		s := &jsonScanner{b: line, names: d.names}
		if s.record(); s.err != nil {
			b.Fatal(s.err)
		}
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	op := newRandom(3).op()
	buf := make([]byte, 0, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendRecord(buf[:0], Record{Return: &op})
	}
}
