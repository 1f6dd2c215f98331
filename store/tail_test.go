package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// next is what a tail has to say, as journal lines.
func next(t *testing.T, tail *Tail) string {
	t.Helper()
	records, err := tail.Next()
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for _, r := range records {
		lines = history.AppendRecord(lines, r)
	}
	return string(lines)
}

func lines(records []history.Record) string {
	var b []byte
	for _, r := range records {
		b = history.AppendRecord(b, r)
	}
	return string(b)
}

// A tail sees each record once, soon after it was written, and a second tail all of them again.
func TestTail(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	tail := r.Tail()
	if got := next(t, tail); strings.Count(got, "\n") != 1 || !strings.Contains(got, r.ID()) {
		t.Fatalf("the beginning: %s", got)
	}
	if got := next(t, tail); got != "" {
		t.Fatalf("nothing was written, and it says %s", got)
	}
	parts, _ := told(t)
	all := ""
	for _, part := range parts {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
		got := next(t, tail)
		if got != lines(part) {
			t.Errorf("got\n%s\nwant\n%s", got, lines(part))
		}
		all += got
	}
	if got := next(t, r.Tail()); !strings.HasSuffix(got, all) {
		t.Errorf("from the beginning:\n%s", got)
	}
}

// A frame of which a part has been written waits for the rest, wherever it was cut; a history that does not exist yet
// is an empty one.
func TestTailTorn(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	parts, _ := told(t)
	for _, part := range parts {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(r.File(HistoryFile))
	if err != nil {
		t.Fatal(err)
	}
	want := next(t, r.Tail())
	path := filepath.Join(t.TempDir(), HistoryFile)
	tail, got := &Tail{path: path}, ""
	for cut := range data {
		got += next(t, tail)
		if err := os.WriteFile(path, data[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if got += next(t, tail); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Damage is told, not passed over.
func TestTailDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), HistoryFile)
	if err := os.WriteFile(path, []byte("this is no frame, and never was one"), 0o644); err != nil {
		t.Fatal(err)
	}
	tail := &Tail{path: path}
	for range 2 {
		if records, err := tail.Next(); err == nil || !strings.Contains(err.Error(), "from byte 0") {
			t.Errorf("%d records, %v", len(records), err)
		}
	}
}
