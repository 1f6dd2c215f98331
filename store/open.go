package store

import (
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
	h, err := r.text()
	if err != nil {
		return nil, err
	}
	if h == nil {
		var j history.Journal
		torn, err := r.Records(func(record history.Record) error { j.Add(record); return nil })
		if err != nil {
			return nil, err
		}
		h = j.History()
		h.Meta.Interrupted = h.Meta.Interrupted || torn
	}
	if h.Meta.Run == "" && !r.Bare() {
		h.Meta.Run = r.id
	}
	return h, nil
}

// text is the history if it is written as text; nil otherwise.
func (r *Run) text() (*history.History, error) {
	f, _, err := r.openHistory()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if form(f) != text {
		return nil, nil
	}
	all, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	h, err := history.ParseHistory(string(all))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return h, nil
}

// ErrText is the error of reading text record by record.
var ErrText = errors.New("it is text, which is read whole")

// Records gives the history's records to each, one after another as they were written, and keeps none. torn says that its
// end is cut off. It ends with each's error. Text has to be read whole.
func (r *Run) Records(each func(history.Record) error) (torn bool, err error) {
	f, size, err := r.openHistory()
	if err != nil {
		return false, err
	}
	defer f.Close()
	switch form(f) {
	case packed:
		torn, err = readFrames(f, size, each)
	case jsonLines:
		torn, err = readLines(f, each)
	default:
		err = ErrText
	}
	if wrong, ok := errors.AsType[*callerError](err); ok {
		return torn, wrong.error
	}
	if err != nil {
		return torn, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return torn, nil
}

// openHistory opens the history's file.
func (r *Run) openHistory() (*os.File, int64, error) {
	path := r.bare
	if path == "" {
		path = r.File(HistoryFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = r.File(plainHistory)
		}
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("run %s has no history (%s): %w", r.path, HistoryFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}
