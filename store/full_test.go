package store

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// limit has the operating system refuse every byte of a file behind this many, as a disk does that is full; 0 = no more.
func limit(t *testing.T, bytes int) {
	t.Helper()
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
		t.Fatal(err)
	}
	r.Cur = uint64(bytes)
	if bytes == 0 {
		r.Cur = r.Max
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
		t.Fatal(err)
	}
}

// alone reports whether the test has a process of its own, and runs it in one if not: the limit is a process's, and would
// stop what "go test" has a test's process write as well.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "STORE_TEST_ALONE"
	if os.Getenv(mark) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), mark+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// The disk fills at any byte of what is recorded, and is given room again: nothing is lost, in the history nor beside it,
// and nothing is there in part.
func TestFullAtAnyByte(t *testing.T) {
	if !alone(t) {
		return
	}
	defer limit(t, 0)
	parts, want := told(t)
	whole := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	before := whole.whole
	for _, part := range parts {
		if err := whole.Record(part); err != nil {
			t.Fatal(err)
		}
	}
	beside := func(r *Run) string {
		text := ""
		for _, name := range []string{FaultsFile, EventsFile} {
			data, err := r.Read(name)
			if err != nil {
				t.Error(err)
			}
			text += strings.ReplaceAll(string(data), r.ID(), "ID")
		}
		return text
	}
	refused := 0
	for room := int(before); room < int(whole.whole); room += 3 {
		r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
		limit(t, room)
		for _, part := range parts {
			if err := r.Record(part); err != nil {
				refused++
			}
			if h, err := r.History(); err != nil || h.Meta.Interrupted {
				t.Errorf("room for %d bytes: the history cannot be read meanwhile: %v", room, err)
			}
		}
		limit(t, 0)
		if err := r.Record(nil); err != nil { // what was kept is tried again
			t.Error(err)
		}
		if got := read(t, r); got != want {
			t.Errorf("room for %d bytes: got\n%s\nwant\n%s", room, got, want)
		}
		if got, want := beside(r), beside(whole); got != want {
			t.Errorf("room for %d bytes: beside it\n%s\nwant\n%s", room, got, want)
		}
	}
	if refused == 0 {
		t.Error("the disk was never full")
	}
}

// What could not be written down as owned is not put on the machine, and does not stand in the way of what can.
func TestOwnedOnAFullDisk(t *testing.T) {
	if !alone(t) {
		return
	}
	defer limit(t, 0)
	const line = `{"kind":"pid","what":"1 10"}` + "\n"
	for room := 1; room < len(line); room++ {
		r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
		limit(t, len(line)+room)
		first, second := r.Own("pid", "1 10"), r.Own("pid", "2 20")
		limit(t, 0)
		if first != nil || second == nil || !strings.HasPrefix(second.Error(), "write down pid 2 20: ") {
			t.Errorf("room for %d bytes: %v, %v", room, first, second)
		}
		if err := r.Own("pid", "3 30"); err != nil {
			t.Error(err)
		}
		if things, err := Owned(r.Path()); err != nil || fmt.Sprint(things) != "[{pid 1 10} {pid 3 30}]" {
			t.Errorf("room for %d bytes: owns %v, %v", room, things, err)
		}
	}
}

// A file that does not fit leaves the one that was there, and no part of itself.
func TestWriteOnAFullDisk(t *testing.T) {
	if !alone(t) {
		return
	}
	defer limit(t, 0)
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	if err := r.Write("report.html", []byte("one")); err != nil {
		t.Fatal(err)
	}
	limit(t, 5)
	err := r.Write("report.html", []byte("one and two"))
	limit(t, 0)
	if err == nil || !strings.HasPrefix(err.Error(), "write "+r.File("report.html")+": ") {
		t.Errorf("written: %v", err)
	}
	if data, err := r.Read("report.html"); err != nil || string(data) != "one" {
		t.Errorf("read %q (%v)", data, err)
	}
	if left, _ := filepath.Glob(r.File(".partial-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A run that ends while something of its history could not be written says so, and is not the latest.
func TestFinishOnAFullDisk(t *testing.T) {
	if !alone(t) {
		return
	}
	defer limit(t, 0)
	root := t.TempDir()
	r := create(t, root, "2026-11-22T06:15:00Z")
	parts, _ := told(t)
	limit(t, int(r.whole))
	if err := r.Record(parts[0]); err == nil {
		t.Error("recorded to a full disk")
	}
	limit(t, 0)
	if err := r.Finish(); err == nil || !strings.Contains(err.Error(), "bytes of the history could not be written") {
		t.Errorf("finished: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(root, "latest")); err == nil {
		t.Error("it is the latest run")
	}
}

// Runs that begin and end at the same moment, by several workers and beside those who list them, do not get into each
// other's way; the links lead to one of them.
func TestManyAtOnce(t *testing.T) {
	root := t.TempDir()
	at := time.Date(2026, 11, 22, 6, 15, 0, 0, time.UTC)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				r, err := Create(root, "register-chaos", history.Meta{Workload: "register", Epoch: at})
				if err != nil {
					t.Error(err)
					return
				}
				if !Running(r.Path()) {
					t.Errorf("%s is not marked as being written", r.ID())
				}
				if err := r.Finish(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		entries, err := List(root)
		if err != nil {
			t.Error(err)
		}
		for _, e := range entries {
			Running(e.Path)
		}
	}
	entries, err := List(root)
	if err != nil || len(entries) != 40 {
		t.Errorf("%d runs, %v", len(entries), err)
	}
	for _, name := range []string{"latest", "current", "register-chaos/latest"} {
		if r, err := Open(root, name); err != nil || !strings.HasPrefix(r.ID(), "20261122T061500Z-") {
			t.Errorf("%s: %v", name, err)
		}
	}
	left := 0
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if strings.Contains(path, ".partial") {
			left++
		}
		return err
	})
	if left > 0 {
		t.Errorf("%d files left behind", left)
	}
}
