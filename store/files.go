package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Write puts a file into the run's folder, whole or not at all, with the folders of its name ("counterexample/r17/ops.jsonl").
func (r *Run) Write(name string, data []byte) error {
	if err := r.inside(name); err != nil {
		return err
	}
	path := r.File(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func (r *Run) inside(name string) error {
	if r.Bare() {
		return fmt.Errorf("%s is a bare history file, not a run's folder: it has no %s", r.bare, name)
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%q is not a file inside a run's folder", name)
	}
	return nil
}

// replaceFile writes beside the file and renames, so that no reader ever sees a part.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".partial-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Read is the contents of a file in the run's folder.
func (r *Run) Read(name string) ([]byte, error) {
	if err := r.inside(name); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(r.File(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %s has no %s: %w", r.path, name, fs.ErrNotExist)
	}
	return data, err
}

// Finish ends a run, or brings up to date one that was judged again: it writes the manifest. A run that was being
// written is closed, and the links named latest point at it from now on.
func (r *Run) Finish() error {
	if r.Bare() {
		return nil
	}
	r.mu.Lock()
	writing, lost := r.journal != nil, len(r.unsaved)
	r.mu.Unlock()
	err := r.close()
	if lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d bytes of the history could not be written", lost))
	}
	manifest, sumErr := r.manifest()
	if sumErr == nil {
		sumErr = r.Write(ManifestFile, manifest)
	}
	if err = errors.Join(err, sumErr); err == nil && writing {
		err = link(r.path, "latest")
	}
	if err != nil {
		return fmt.Errorf("finish run %s: %w", r.path, err)
	}
	return nil
}

// manifest is a line for every file, as sha256sum writes it.
func (r *Run) manifest() ([]byte, error) {
	var b bytes.Buffer
	err := filepath.WalkDir(r.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(r.path, path)
		if err != nil || name == ManifestFile {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		sum := sha256.New()
		_, err = io.Copy(sum, f)
		fmt.Fprintf(&b, "%x  %s\n", sum.Sum(nil), filepath.ToSlash(name))
		return errors.Join(err, f.Close())
	})
	return b.Bytes(), err
}

// link points root/name and root/scenario/name at a run.
func link(run, name string) error {
	scenario := filepath.Dir(run)
	id := filepath.Base(run)
	return errors.Join(
		replaceLink(filepath.Join(scenario, name), id),
		replaceLink(filepath.Join(filepath.Dir(scenario), name), filepath.Join(filepath.Base(scenario), id)))
}

func replaceLink(path, target string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("%s is not a link: it is in the way of one", path)
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), ".partial-*") // others may be at it, too
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	partial := filepath.Join(folder, "link")
	if err := os.Symlink(target, partial); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// lock marks the journal, which we have just made, as being written by this process, until it closes the file or dies in
// whatever way. Somebody may be asking at this moment whether it is: that is waited for. A file system without locks
// leaves runs unmarked.
func lock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

// Running reports whether a living process is writing the run in this folder.
func Running(path string) bool {
	f, err := os.Open(filepath.Join(path, HistoryFile))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
