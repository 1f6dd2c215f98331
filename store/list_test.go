package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// three is a store with a run that passed, one that failed, and one whose harness died; the oldest first.
func three(t *testing.T) (root string, runs [3]*Run) {
	t.Helper()
	root = t.TempDir()
	for i := range runs {
		runs[i] = create(t, root, fmt.Sprintf("2026-11-2%dT06:15:00Z", i+1))
		verdict := []string{`{"verdict":"pass","exit_code":0}`, `{"verdict":"fail","exit_code":1}`}
		if i == 2 {
			runs[i].journal.Close() // as the operating system does
			break
		}
		if err := runs[i].Write(VerdictFile, []byte(verdict[i])); err != nil {
			t.Fatal(err)
		}
		if err := runs[i].Finish(); err != nil {
			t.Fatal(err)
		}
	}
	return root, runs
}

func TestList(t *testing.T) {
	root, _ := three(t)
	entries, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, e := range entries {
		got += fmt.Sprintf("%s %s %s finished=%v verdict=%q exit=%d\n", e.Scenario, e.ID[:len(idTime)], e.Time.Format(time.DateOnly), e.Finished, e.Verdict, e.ExitCode)
	}
	want := `register-chaos 20261123T061500Z 2026-11-23 finished=false verdict="" exit=0
register-chaos 20261122T061500Z 2026-11-22 finished=true verdict="fail" exit=1
register-chaos 20261121T061500Z 2026-11-21 finished=true verdict="pass" exit=0
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if entries, err := List(filepath.Join(root, "none")); err != nil || len(entries) != 0 {
		t.Errorf("a root that does not exist holds %v (%v)", entries, err)
	}
}

func TestOpen(t *testing.T) {
	root, runs := three(t)
	for ref, want := range map[string]*Run{
		"-1":                             runs[2],
		"-3":                             runs[0],
		"latest":                         runs[1],
		"current":                        runs[2],
		"register-chaos/latest":          runs[1],
		runs[0].ID():                     runs[0],
		runs[0].ID()[:8]:                 runs[0],
		runs[1].Path():                   runs[1],
		"register-chaos/" + runs[1].ID(): runs[1],
	} {
		r, err := Open(root, ref)
		if err != nil || r.ID() != want.ID() || r.Bare() {
			t.Errorf("open %s: %v (%v), want %s", ref, r, err, want.ID())
		}
	}
	for ref, want := range map[string]string{
		"-4":             "run -4: " + root + " holds 3 runs",
		"2026":           `"2026" is the beginning of 3 runs: ` + runs[2].ID(),
		"nonsense":       `no run "nonsense": it is no path, and ` + root + ` holds 3 runs; RUN is a path, an ID or its beginning, latest, -1, -2 …`,
		"":               "no run is named",
		"register-chaos": "is a folder, but not a run's: it has no history.jsonl.zst",
	} {
		if _, err := Open(root, ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open %q: %v, want %s", ref, err, want)
		}
	}
	if _, err := Open(t.TempDir(), "latest"); err == nil || !strings.HasSuffix(err.Error(), "holds 0 runs") {
		t.Errorf("the latest of nothing: %v", err)
	}
	if err := os.Remove(filepath.Join(root, "latest")); err != nil {
		t.Fatal(err)
	}
	if r, err := Open(root, "latest"); err != nil || r.ID() != runs[2].ID() {
		t.Errorf("the latest if none has finished: %v (%v)", r, err)
	}
}

// A history without a folder: packed, as JSON lines, as text.
func TestOpenBare(t *testing.T) {
	folder := t.TempDir()
	text := "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\n"
	h, err := history.ParseHistory(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"h.txt":   []byte("# a comment\n" + text),
		"h.jsonl": history.AppendRecord(nil, history.Record{Return: &h.Ops[0]}),
	} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open("runs", file)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r); got != text || !r.Bare() || r.ID() != name || r.Path() != file {
			t.Errorf("%s: %v reads as %s", name, r, got)
		}
		if err := r.Write("report.html", nil); err == nil || !strings.Contains(err.Error(), "is a bare history file") {
			t.Errorf("wrote beside a bare file: %v", err)
		}
		if err := r.Finish(); err != nil {
			t.Error(err)
		}
	}
	file := filepath.Join(folder, "bad.txt")
	if err := os.WriteFile(file, []byte("p1 n1 [1ms 2ms] pot x 1 -> ok\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open("runs", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.History(); err == nil || !strings.Contains(err.Error(), "bad.txt: line 1, column 17: expected a request") {
		t.Errorf("a bad history: %v", err)
	}
}

func TestPrune(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 15, 0, 0, time.UTC)
	const day = 24 * time.Hour
	cases := []struct {
		keep Keep
		want string // the days of those that stay
	}{
		{Keep{}, ""},
		{Keep{Newest: 1}, "23"},
		{Keep{Failed: true}, "23 22"},
		{Keep{Newest: 9}, "23 22 21"},
		{Keep{Younger: 2*day + time.Hour}, "23 22"},
	}
	for _, c := range cases {
		root, _ := three(t)
		removed, err := Prune(root, c.keep, now)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := List(root)
		if err != nil {
			t.Fatal(err)
		}
		var days []string
		for _, e := range entries {
			days = append(days, e.Time.Format("02"))
		}
		if got := strings.Join(days, " "); got != c.want || len(removed)+len(entries) != 3 {
			t.Errorf("%+v keeps %q, want %q", c.keep, got, c.want)
		}
		for _, name := range []string{"latest", "current", "register-chaos/latest", "register-chaos/current"} {
			if path := filepath.Join(root, name); !exists(os.Stat(path)) && exists(os.Lstat(path)) {
				t.Errorf("%+v leaves the link %s pointing at nothing", c.keep, name)
			}
		}
	}
}

func exists(_ os.FileInfo, err error) bool { return err == nil }

// A run that a living process writes is never pruned.
func TestPruneRunning(t *testing.T) {
	root := t.TempDir()
	r := create(t, root, "2026-11-22T06:15:00Z")
	if !Running(r.Path()) {
		t.Error("the run is being written, but does not count as running")
	}
	removed, err := Prune(root, Keep{}, r.epoch().Add(time.Hour))
	if err != nil || len(removed) != 0 {
		t.Errorf("removed %v (%v)", removed, err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if Running(r.Path()) || Running(root) {
		t.Error("what is finished, or no run, counts as running")
	}
}

func (r *Run) epoch() time.Time {
	e, _ := EntryOf(r.path)
	return e.Time
}

func TestSize(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	before, err := Size(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write("nodes/n1/log", make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if after, err := Size(r.Path()); err != nil || after != before+1000 {
		t.Errorf("from %d to %d bytes (%v)", before, after, err)
	}
}
