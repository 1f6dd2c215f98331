package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Thing is something that a run put on the machine.
type Thing struct {
	Kind string `json:"kind"` // "pid", "netns", "mount", "folder"
	What string `json:"what"` // "1234 88231": a process and its start time
}

// Own writes down what the run is about to put on the machine, before it does: so that it can be cleaned up whatever
// happens.
func (r *Run) Own(kind, what string) error {
	if err := r.inside(OwnedFile); err != nil {
		return err
	}
	line, err := json.Marshal(Thing{kind, what})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	line = append(line, '\n')
	if err := r.append(OwnedFile, &line); err != nil {
		return fmt.Errorf("write down %s %s: %w", kind, what, err)
	}
	return nil
}

// Owned is what the run in this folder put on the machine, in the order of use. A torn last line is left out: what it
// names was not put anywhere yet.
func Owned(path string) ([]Thing, error) {
	data, err := os.ReadFile(filepath.Join(path, OwnedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var things []Thing
	for n, line := range bytes.SplitAfter(data, []byte{'\n'}) {
		if !bytes.HasSuffix(line, []byte{'\n'}) {
			break
		}
		var thing Thing
		if err := json.Unmarshal(line, &thing); err != nil {
			return things, fmt.Errorf("read %s: line %d: %w", filepath.Join(path, OwnedFile), n+1, err)
		}
		things = append(things, thing)
	}
	return things, nil
}
