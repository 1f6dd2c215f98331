package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// told is a small history as it is told to the store, in three parts.
func told(t *testing.T) (parts [3][]history.Record, want string) {
	t.Helper()
	text := `meta workload=register epoch=2026-11-22T06:15:00Z
p1 n1 [1ms 2ms] put x 1 -> ok rev=2
p2 n1 [3ms 4ms] get x -> 1 mod=2 rev=2
fault 0 [8s 8.1s 10s 10.3s] kill leader nodes=(n2) took-effect
status n1 [3s] up running rev=2
`
	h, err := history.ParseHistory(text)
	if err != nil {
		t.Fatal(err)
	}
	call := h.Ops[1]
	call.Result, call.Return = history.Result{}, 0
	parts[0] = []history.Record{{Call: &h.Ops[0]}, {Return: &h.Ops[0]}, {Fault: &h.Faults[0]}}
	parts[1] = []history.Record{{Call: &call}, {Status: &h.Statuses[0]}}
	parts[2] = []history.Record{{Return: &h.Ops[1]}}
	return parts, text
}

func create(t *testing.T, root string, epoch string) *Run {
	t.Helper()
	at, err := time.Parse(time.RFC3339, epoch)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Create(root, "register-chaos", history.Meta{Workload: "register", Epoch: at})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.close() })
	return r
}

func read(t *testing.T, r *Run) string {
	t.Helper()
	h, err := r.History()
	if err != nil {
		t.Fatal(err)
	}
	h.Meta.Run = ""
	return h.String()
}

func TestRun(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	r := create(t, root, "2026-11-22T06:15:00Z")
	if !idForm.MatchString(r.ID()) || !strings.HasPrefix(r.ID(), "20261122T061500Z-") || r.Path() != filepath.Join(root, "register-chaos", r.ID()) {
		t.Errorf("run %s at %s", r.ID(), r.Path())
	}
	parts, want := told(t)
	for _, part := range parts {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, r); got != want { // while it is being written
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := r.Write("counterexample/x/ops.jsonl", []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	if err := r.Own("pid", "1234 88231"); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := r.Record(parts[0]); err == nil {
		t.Error("recorded to a run that is finished")
	}
	if got := read(t, r); got != want {
		t.Errorf("finished:\ngot\n%s\nwant\n%s", got, want)
	}
	checkManifest(t, r)
	for _, name := range []string{"current", "latest", "register-chaos/current", "register-chaos/latest"} {
		if target, err := filepath.EvalSymlinks(filepath.Join(root, name)); err != nil || filepath.Base(target) != r.ID() {
			t.Errorf("%s -> %s (%v)", name, target, err)
		}
	}
	for name, want := range map[string]string{
		"faults.jsonl":               `"process":"nemesis"`,
		"events.jsonl":               `"type":"status"`,
		"counterexample/x/ops.jsonl": "{}\n",
		"owned.json":                 `{"kind":"pid","what":"1234 88231"}` + "\n",
	} {
		if data, err := r.Read(name); err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s holds %q (%v), want %q", name, data, err, want)
		}
	}
	if data, err := os.ReadFile(filepath.Join(root, ".gitignore")); err != nil || string(data) != "*\n" {
		t.Errorf(".gitignore holds %q (%v)", data, err)
	}
	if err := r.Finish(); err != nil { // judged again
		t.Error(err)
	}
	checkManifest(t, r)
}

func checkManifest(t *testing.T, r *Run) {
	t.Helper()
	manifest, err := r.Read(ManifestFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(manifest)), "\n") {
		sum, name, _ := strings.Cut(line, "  ")
		data, err := r.Read(name)
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || got != sum {
			t.Errorf("manifest: %s has %s (%v)", line, got, err)
		}
	}
	if n := strings.Count(string(manifest), "\n"); n != 5 {
		t.Errorf("%d files in the manifest:\n%s", n, manifest)
	}
}

// The harness dies at any byte, the first one too: what was recorded before is there, and the history says that its end is
// torn.
func TestTornHistory(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	parts, _ := told(t)
	whole := []int64{r.whole} // where each frame ends
	for _, part := range parts {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
		whole = append(whole, r.whole)
	}
	data, err := r.Read(HistoryFile)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "torn.jsonl.zst")
	for cut := range int64(len(data)) + 1 {
		if err := os.WriteFile(file, data[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		torn, err := Open(t.TempDir(), file)
		if err != nil {
			t.Fatal(err)
		}
		h, err := torn.History()
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if h.Meta.Interrupted == slices.Contains(whole, cut) {
			t.Errorf("cut at %d of %v: interrupted is %v", cut, whole, h.Meta.Interrupted)
		}
		text := h.String()
		if cut >= whole[0] && h.Meta.Workload != "register" || cut >= whole[1] && !strings.Contains(text, "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\n") {
			t.Errorf("cut at %d: what was recorded is lost:\n%s", cut, text)
		}
		if open := strings.Contains(text, "get x -> unknown no answer when the run ended"); cut == whole[2] && !open {
			t.Errorf("cut at %d: the open operation is not unknown:\n%s", cut, text)
		}
		if faults := history.Wellformed(h); len(faults) > 0 {
			t.Errorf("cut at %d: not a history: %v", cut, faults)
		}
	}
}

// A frame that is not as it was written is damage, not an end: the history is refused, or (where a length was hit, so
// that the frame seems to go on past the end) says that it was interrupted. It is never read as whole.
func TestDamagedHistory(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	parts, _ := told(t)
	for _, part := range parts {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
	}
	data, err := r.Read(HistoryFile)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0xff
		h, err := readPacked(damaged)
		if err == nil && !h.Meta.Interrupted {
			t.Errorf("byte %d of %d is damaged, and nothing is said", i, len(data))
		}
		if err != nil {
			refused++
		}
	}
	if refused < len(data)*9/10 {
		t.Errorf("of %d damaged histories, only %d were refused", len(data), refused)
	}
	data[len(data)-1] ^= 0xff // the last frame's checksum
	if err := os.WriteFile(r.File(HistoryFile), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.History(); err == nil || !strings.Contains(err.Error(), "read "+r.File(HistoryFile)+": damaged: ") {
		t.Errorf("a damaged history: %v", err)
	}
	if err := os.Remove(r.File(HistoryFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.History(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no history: %v", err)
	}
}

func readPacked(data []byte) (*history.History, error) {
	var j history.Journal
	torn, err := readFrames(bytes.NewReader(data), int64(len(data)), func(r history.Record) error { j.Add(r); return nil })
	h := j.History()
	h.Meta.Interrupted = h.Meta.Interrupted || torn
	return h, err
}

// A file system may leave zeros where the end was not written.
func TestZeroTail(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	data, err := r.Read(HistoryFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, zeros := range []int{1, 4, 100} {
		h, err := readPacked(append(bytes.Clone(data), make([]byte, zeros)...))
		if err != nil || !h.Meta.Interrupted || h.Meta.Workload != "register" {
			t.Errorf("%d zeros: %v", zeros, err)
		}
	}
}

// A disk that was full and is not any more: nothing is lost, and no part of a frame stays in the middle.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this machine has no /dev/full to write to")
	}
	defer full.Close()
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	parts, want := told(t)
	disk := r.journal
	r.journal = full
	if err := r.Record(parts[0]); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("recorded to a full disk: %v", err)
	}
	r.journal = disk
	for _, part := range parts[1:] {
		if err := r.Record(part); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCreateErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Create(file, "register", history.Meta{})
	if err == nil || !strings.Contains(err.Error(), "not a directory; choose another folder with --store") {
		t.Errorf("created in a file: %v", err)
	}
	for scenario, want := range map[string]string{"a b/c": "a-b-c", "../x": "-x", "": "run", "latest": "latest-run", ".hidden": "hidden"} {
		want = strings.TrimLeft(want, "-")
		if got := folderName(scenario); got != want {
			t.Errorf("the folder of %q is %q, want %q", scenario, got, want)
		}
	}
}

func TestWriteStaysInside(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	for _, name := range []string{"../x", "/etc/x", ""} {
		if err := r.Write(name, nil); err == nil {
			t.Errorf("wrote %q", name)
		}
		if _, err := r.Read(name); err == nil {
			t.Errorf("read %q", name)
		}
	}
	if _, err := r.Read("report.html"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := r.Write("report.html", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := r.Write("report.html", []byte("two")); err != nil {
		t.Fatal(err)
	}
	if data, err := r.Read("report.html"); err != nil || string(data) != "two" {
		t.Errorf("read %q (%v)", data, err)
	}
	if left, _ := filepath.Glob(r.File(".partial-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOwned(t *testing.T) {
	r := create(t, t.TempDir(), "2026-11-22T06:15:00Z")
	if things, err := Owned(r.Path()); err != nil || len(things) != 0 {
		t.Errorf("owns %v (%v)", things, err)
	}
	for _, pid := range []string{"1 10", "2 20"} {
		if err := r.Own("pid", pid); err != nil {
			t.Fatal(err)
		}
	}
	data, err := r.Read(OwnedFile)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(data) + 1 {
		if err := os.WriteFile(r.File(OwnedFile), data[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		things, err := Owned(r.Path())
		if want := strings.Count(string(data[:cut]), "\n"); err != nil || len(things) != want {
			t.Errorf("cut at %d: owns %v (%v)", cut, things, err)
		}
	}
	if err := os.WriteFile(r.File(OwnedFile), []byte("nonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Owned(r.Path()); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("nonsense: %v", err)
	}
}
