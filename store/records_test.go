package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// A history is read one record after another, packed or not, and its end may be torn; whoever reads can stop.
func TestRecords(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	parts, _ := told(t)
	all, size := 1, int64(0) // the first says what run it is
	for _, part := range parts {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
		all += len(part)
	}
	n := 0
	counting := func(record history.Record) error {
		n++
		size += int64(len(history.AppendRecord(nil, record)))
		return nil
	}
	if torn, err := r.Records(counting); torn || err != nil || n != all {
		t.Errorf("%d records, torn %v, %v; want %d", n, torn, err, all)
	}
	if unpacked, err := r.Unpacked(); err != nil || unpacked > size || unpacked < size*9/10 {
		t.Errorf("%d bytes unpacked, want about %d (%v)", unpacked, size, err)
	}
	enough := errors.New("enough")
	if _, err := r.Records(func(history.Record) error { return enough }); err != enough {
		t.Errorf("stopped with %v", err)
	}
	data, err := r.Read(HistoryFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "torn.jsonl.zst")
	if err := os.WriteFile(file, data[:len(data)-3], 0o644); err != nil {
		t.Fatal(err)
	}
	bare, err := Open("runs", file)
	if err != nil {
		t.Fatal(err)
	}
	n = 0
	if torn, err := bare.Records(counting); !torn || err != nil || n > all || n < all-len(parts[len(parts)-1]) {
		t.Errorf("%d records of a torn file, torn %v, %v", n, torn, err)
	}

	text := filepath.Join(t.TempDir(), "h.txt")
	if err := os.WriteFile(text, []byte("p1 n1 [1ms 2ms] get x -> absent\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if bare, err = Open("runs", text); err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Records(counting); err == nil || !strings.HasSuffix(err.Error(), "h.txt: it is text, which is read whole") {
		t.Errorf("text: %v", err)
	}
}
