package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// Open finds a run: by the path of its folder or of a bare history file, by its ID or a unique beginning of it, as
// "latest" (the newest that finished; if none has, the newest) or "register-chaos/latest", or counted from the newest as "-1", "-2".
func Open(root, ref string) (*Run, error) {
	if n, err := strconv.Atoi(ref); err == nil && n < 0 {
		return nth(root, -n)
	}
	if ref == "" {
		return nil, errors.New("no run is named; RUN is a path, an ID or its beginning, latest, -1, -2 …")
	}
	for _, path := range []string{filepath.Join(root, ref), ref} {
		if r, err := openPath(path); r != nil || err != nil {
			return r, err
		}
	}
	if ref == "latest" { // no run has finished yet
		return nth(root, 1)
	}
	return byID(root, ref)
}

func nth(root string, n int) (*Run, error) {
	entries, err := List(root)
	if err != nil {
		return nil, err
	}
	if n > len(entries) {
		return nil, fmt.Errorf("run -%d: %s holds %s", n, root, count(len(entries)))
	}
	return &Run{path: entries[n-1].Path, id: entries[n-1].ID}, nil
}

func count(runs int) string {
	if runs == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", runs)
}

// openPath is the run at a path; nil if nothing is there.
func openPath(path string) (*Run, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, nil // nothing there: it may be an ID
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return &Run{path: filepath.Dir(path), id: filepath.Base(path), bare: path}, nil
	}
	for _, name := range []string{HistoryFile, plainHistory, ManifestFile, OwnedFile} {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			return &Run{path: path, id: filepath.Base(path)}, nil
		}
	}
	if idForm.MatchString(filepath.Base(path)) {
		return &Run{path: path, id: filepath.Base(path)}, nil
	}
	return nil, fmt.Errorf("%s is a folder, but not a run's: it has no %s", path, HistoryFile)
}

func byID(root, ref string) (*Run, error) {
	entries, err := List(root)
	if err != nil {
		return nil, err
	}
	var found []Entry
	for _, e := range entries {
		if e.ID == ref {
			found = []Entry{e}
			break
		}
		if strings.HasPrefix(e.ID, ref) {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 1:
		return &Run{path: found[0].Path, id: found[0].ID}, nil
	case 0:
		return nil, fmt.Errorf("no run %q: it is no path, and %s holds %s; RUN is a path, an ID or its beginning, latest, -1, -2 …: %w",
			ref, root, count(len(entries)), fs.ErrNotExist)
	}
	var ids []string
	for _, e := range found {
		ids = append(ids, e.ID)
	}
	return nil, fmt.Errorf("%q is the beginning of %d runs: %s", ref, len(found), strings.Join(ids, ", "))
}

// plainHistory is what a history is called that someone unpacked.
const plainHistory = "history.jsonl"

// History reads the history back. If its end is torn, as by the death of the harness, the rest is read, and
// Meta.Interrupted says so.
func (r *Run) History() (*history.History, error) {
	path := r.bare
	if path == "" {
		path = r.File(HistoryFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = r.File(plainHistory)
		}
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %s has no history (%s): %w", r.path, HistoryFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := readHistory(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if h.Meta.Run == "" && !r.Bare() {
		h.Meta.Run = r.id
	}
	return h, nil
}

// zstdStart is how a zstd frame begins.
var zstdStart = []byte{0x28, 0xb5, 0x2f, 0xfd}

// readHistory reads what begins like zstd as such, as far as it goes, what begins with a brace as JSON lines, anything
// else as text.
func readHistory(f io.Reader) (*history.History, error) {
	in := bufio.NewReader(f)
	start, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(zstdStart, start):
		return readFrames(in)
	case start[0] == '{':
		return history.ReadJSONL(in)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	return history.ParseHistory(string(text))
}
