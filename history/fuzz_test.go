package history

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
)

// Whatever parses, is written and parsed again as the same; nothing panics.
func FuzzParseHistory(f *testing.F) {
	f.Add(golden)
	for line := range strings.Lines(golden) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHistory(text)
		if err != nil {
			return
		}
		written := h.String()
		back, err := ParseHistory(written)
		if err != nil {
			t.Fatalf("%v\nin %s", err, written)
		}
		if got := back.String(); got != written {
			t.Fatalf("written\n%s\nthen\n%s", written, got)
		}
		Wellformed(h)
	})
}

func FuzzReadJSONL(f *testing.F) {
	data, err := os.ReadFile("testdata/golden.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for line := range bytes.Lines(data) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadJSONL(bytes.NewReader(data))
		if err != nil {
			return
		}
		back, err := ReadJSONL(bytes.NewReader(lines(h)))
		if err != nil {
			t.Fatalf("%v\nin %s", err, lines(h))
		}
		if first, second := lines(h), lines(back); !bytes.Equal(first, second) {
			t.Fatalf("written\n%s\nthen\n%s", first, second)
		}
		Wellformed(h)
		Phases(h)
	})
}

// Two operations made by any seed survive both codecs, one after the other.
func FuzzCodecs(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := newRandom(seed)
		h := &History{Ops: []Op{r.op(), r.op()}}
		h.Ops[0].ID, h.Ops[1].ID = 0, 1
		h.Sort()
		text, err := ParseHistory(h.String())
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadJSONL(bytes.NewReader(lines(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(h, back) {
			t.Fatalf("from\n%v\nto\n%v", h, back)
		}
	})
}
