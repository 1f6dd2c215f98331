// Package store keeps runs as folders: written as a run goes, so that whatever happens to the harness leaves a run that
// can be judged; found, listed and pruned afterwards.
//
//	runs/latest -> register-chaos/20261122T061500Z-7f3a   the newest that finished; runs/current: the newest that began
//	runs/register-chaos/20261122T061500Z-7f3a/
//	  history.jsonl.zst   everything recorded: a zstd frame for each Record
//	  faults.jsonl        its faults, and events.jsonl what members said of themselves, to be read by people
//	  owned.json          what the run put on the machine, a line each, written before use
//	  MANIFEST            the SHA-256 of every file, written by Finish: "sha256sum -c MANIFEST" checks it
package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/whitewater-kv/whitewater/history"
)

// The files that the store itself writes into a run's folder.
const (
	HistoryFile  = "history.jsonl.zst"
	FaultsFile   = "faults.jsonl"
	EventsFile   = "events.jsonl"
	OwnedFile    = "owned.json"
	ManifestFile = "MANIFEST"
	VerdictFile  = "verdict.json" // written by reports; the store reads its verdict and exit code
)

// Run is one run's folder, or a bare history file. Its methods may be called by any goroutine.
type Run struct {
	path string
	id   string
	bare string // the file, if the run is nothing else

	mu      sync.Mutex
	encoder *zstd.Encoder
	journal *os.File // open, and locked, while the run is being written; nil otherwise
	whole   int64    // bytes of the journal that are whole frames
	// Lines that a full disk kept out of the journal, and out of what people read beside it.
	unsaved, faults, events []byte
}

// Create makes the folder of a new run, root/scenario/ID, with its history begun, and points the links named current at
// it. The ID is the epoch of meta (the present if zero) with a random tail.
func Create(root, scenario string, meta history.Meta) (*Run, error) {
	began := meta.Epoch
	if began.IsZero() {
		began = time.Now()
	}
	parent := filepath.Join(root, folderName(scenario))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("create a run in %s: %w; choose another folder with --store", root, err)
	}
	r, err := makeFolder(parent, began)
	if err != nil {
		return nil, fmt.Errorf("create a run in %s: %w; choose another folder with --store", parent, err)
	}
	meta.Run = r.id
	if err := r.begin(root, meta); err != nil {
		return nil, errors.Join(fmt.Errorf("create run %s: %w", r.path, err), r.close())
	}
	return r, nil
}

// idForm is what a run's ID looks like.
var idForm = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{4}$`)

const idTime = "20060102T150405Z"

func makeFolder(parent string, began time.Time) (*Run, error) {
	for range 100 { // runs that began in the same second and drew the same tail
		tail := make([]byte, 2)
		rand.Read(tail) // it never fails
		id := began.UTC().Format(idTime) + "-" + hex.EncodeToString(tail)
		path := filepath.Join(parent, id)
		switch err := os.Mkdir(path, 0o755); {
		case err == nil:
			return &Run{path: path, id: id}, nil
		case !errors.Is(err, os.ErrExist):
			return nil, err
		}
	}
	return nil, fmt.Errorf("no free ID for %s", began.UTC().Format(idTime))
}

// folderName makes any scenario's name one that a folder can have, and that is no link's.
func folderName(scenario string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '-'
	}, scenario)
	name = strings.TrimLeft(name, ".-")
	switch name {
	case "":
		return "run"
	case "latest", "current":
		return name + "-run"
	}
	return name
}

// begin opens and locks the journal, whose first record says what run it is.
func (r *Run) begin(root string, meta history.Meta) error {
	ignore := filepath.Join(root, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
			return err
		}
	}
	var err error
	if r.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
		return err
	}
	if r.journal, err = os.OpenFile(r.File(HistoryFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
		return err
	}
	lock(r.journal)
	if err := r.Record([]history.Record{{Meta: &meta}}); err != nil {
		return err
	}
	return link(r.path, "current")
}

// Path is the run's folder; of a bare history file, the file's.
func (r *Run) Path() string {
	if r.Bare() {
		return r.bare
	}
	return r.path
}

// ID is the run's name, such as 20261122T061500Z-7f3a; of a bare history file, the file's name.
func (r *Run) ID() string { return r.id }

// Bare reports whether the run is a history file alone, with no folder of its own: nothing can be written to it.
func (r *Run) Bare() bool { return r.bare != "" }

// File is the path of a file in the run's folder.
func (r *Run) File(name string) string { return filepath.Join(r.path, filepath.FromSlash(name)) }

// Record appends to the history, as one whole zstd frame that the operating system has when Record returns: the death of
// the harness loses nothing of it. What a full disk refuses is kept, and tried again with the next Record.
func (r *Run) Record(records []history.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal == nil {
		return fmt.Errorf("record to run %s: it is not being written", r.path)
	}
	for _, record := range records {
		start := len(r.unsaved)
		r.unsaved = history.AppendRecord(r.unsaved, record)
		line := r.unsaved[start:]
		switch {
		case record.Fault != nil:
			r.faults = append(r.faults, line...)
		case record.Status != nil, record.Meta != nil:
			r.events = append(r.events, line...)
		}
	}
	if len(r.unsaved) > 0 {
		frame := r.encoder.EncodeAll(r.unsaved, nil)
		if err := appendWhole(r.journal, r.whole, frame); err != nil {
			return fmt.Errorf("record to run %s: %w", r.path, err)
		}
		r.whole += int64(len(frame))
		r.unsaved = r.unsaved[:0]
	}
	return errors.Join(r.append(FaultsFile, &r.faults), r.append(EventsFile, &r.events))
}

// append moves whole lines to the end of a file of the folder. They stay where they are if it does not take them.
func (r *Run) append(name string, lines *[]byte) error {
	if len(*lines) == 0 {
		return nil
	}
	f, err := os.OpenFile(r.File(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = appendWhole(f, info.Size(), *lines)
	}
	if err == nil {
		*lines = (*lines)[:0]
	}
	return errors.Join(err, f.Close())
}

// appendWhole writes all of the data behind the size that the file has, or nothing: a part of a frame or of a line in the
// middle would spoil what follows.
func appendWhole(f *os.File, size int64, data []byte) error {
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return nil
}

// close ends the writing of the history.
func (r *Run) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal == nil {
		return nil
	}
	err := r.journal.Close()
	r.journal = nil
	return errors.Join(err, r.encoder.Close())
}
