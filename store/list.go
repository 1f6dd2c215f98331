package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Entry is a run in a list.
type Entry struct {
	ID       string
	Scenario string // the name of its folder
	Path     string
	Time     time.Time // when it began
	Finished bool
	Verdict  string // as in verdict.json; "" if there is none
	ExitCode int
}

// List is every run under root, the newest first. A root that does not exist holds none.
func List(root string) ([]Entry, error) {
	scenarios, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var entries []Entry
	for _, scenario := range scenarios {
		if !scenario.IsDir() {
			continue
		}
		folder := filepath.Join(root, scenario.Name())
		runs, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue // pruned meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		for _, run := range runs {
			if !run.IsDir() {
				continue
			}
			if e, ok := EntryOf(filepath.Join(folder, run.Name())); ok {
				entries = append(entries, e)
			}
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Or(cmp.Compare(b.ID, a.ID), cmp.Compare(a.Scenario, b.Scenario)) })
	return entries, nil
}

// EntryOf is the entry of the run in a folder; false if its name is no run's.
func EntryOf(path string) (Entry, bool) {
	if !idForm.MatchString(filepath.Base(path)) {
		return Entry{}, false
	}
	e := Entry{ID: filepath.Base(path), Scenario: filepath.Base(filepath.Dir(path)), Path: path}
	// The form of the ID was checked; a day that does not exist leaves the zero time.
	e.Time, _ = time.Parse(idTime, e.ID[:len(idTime)])
	_, err := os.Stat(filepath.Join(path, ManifestFile))
	e.Finished = err == nil
	var verdict struct {
		Verdict  string `json:"verdict"`
		ExitCode int    `json:"exit_code"`
	}
	// A verdict that is missing or damaged is none.
	if data, err := os.ReadFile(filepath.Join(path, VerdictFile)); err == nil && json.Unmarshal(data, &verdict) == nil {
		e.Verdict, e.ExitCode = verdict.Verdict, verdict.ExitCode
	}
	return e, true
}

// Keep says which runs to keep. A run is kept if any of it says so; one that is being written always is.
type Keep struct {
	Newest  int           // this many
	Younger time.Duration // those that began less than this ago
	Failed  bool          // those that did not pass: an exit code other than 0, or no verdict
}

// Surplus is the entries (of List) that are not to be kept.
func Surplus(entries []Entry, keep Keep, now time.Time) []Entry {
	var surplus []Entry
	for i, e := range entries {
		kept := i < keep.Newest || now.Sub(e.Time) < keep.Younger || keep.Failed && (e.ExitCode != 0 || e.Verdict == "") || Running(e.Path)
		if !kept {
			surplus = append(surplus, e)
		}
	}
	return surplus
}

// Prune removes the runs under root that are not to be kept, and the links and folders left pointing at nothing. It
// returns those removed.
func Prune(root string, keep Keep, now time.Time) ([]Entry, error) {
	entries, err := List(root)
	if err != nil {
		return nil, err
	}
	var removed []Entry
	for _, e := range Surplus(entries, keep, now) {
		if err := os.RemoveAll(e.Path); err != nil {
			return removed, fmt.Errorf("remove run %s: %w", e.ID, err)
		}
		removed = append(removed, e)
		scenario := filepath.Dir(e.Path)
		dropDangling(scenario)
		os.Remove(scenario) // only if it is empty
	}
	dropDangling(root)
	return removed, nil
}

// dropDangling removes links to runs that are gone.
func dropDangling(folder string) {
	for _, name := range []string{"latest", "current"} {
		path := filepath.Join(folder, name)
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			os.Remove(path)
		}
	}
}

// Size is the number of bytes in the files of a folder.
func Size(path string) (int64, error) {
	var size int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
