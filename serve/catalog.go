package serve

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/store"
)

// Run is a run in the list, for people and for programs.
type Run struct {
	Scenario string    `json:"scenario"`
	ID       string    `json:"id"`
	Path     string    `json:"path"`
	URL      string    `json:"url"`
	Time     time.Time `json:"time"`
	State    string    `json:"state"`   // "running", "finished", "unfinished"
	Verdict  string    `json:"verdict"` // as in verdict.json; "" if it was not judged
	ExitCode int       `json:"exit_code"`
	Reason   string    `json:"reason,omitempty"`
	Seed     uint64    `json:"seed,omitempty"`
	Target   string    `json:"target,omitempty"` // "etcd 3.7.3 × 5"
	Seconds  float64   `json:"seconds,omitempty"`
	Ops      int64     `json:"ops,omitempty"`
	Faults   int       `json:"faults"`
	Bytes    int64     `json:"bytes"`
}

// Words is the verdict as people read it, also where there is none.
func (r Run) Words() string {
	switch {
	case r.Verdict != "":
		return r.Verdict
	case r.State == "running":
		return "RUNNING"
	}
	return "NOT JUDGED"
}

// Tone is the colour of the verdict: "good", "bad" or "open".
func (r Run) Tone() string {
	switch {
	case r.Verdict == "":
		return "open"
	case r.ExitCode == summary.ExitPass:
		return "good"
	case r.ExitCode == summary.ExitViolation, r.ExitCode == summary.ExitClaim, r.ExitCode == summary.ExitInternal:
		return "bad"
	}
	return "open"
}

// catalog is the list of runs. What it read of a run it reads again only when the run was judged again.
type catalog struct {
	root string
	mu   sync.Mutex
	read map[string]reading
}

// reading is what was read of one run, and the state of its folder then.
type reading struct {
	manifest, verdict stamp
	details           details
}

type stamp struct {
	at   time.Time
	size int64
}

// details are what verdict.json has beyond the store's entry, and the folder's size.
type details struct {
	document summary.Document
	bytes    int64
}

func newCatalog(root string) *catalog { return &catalog{root: root, read: map[string]reading{}} }

// list is every run, the newest first.
func (c *catalog) list() ([]Run, error) {
	entries, err := store.List(c.root)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	runs, kept := make([]Run, 0, len(entries)), make(map[string]reading, len(entries))
	for _, e := range entries {
		got := c.details(e)
		kept[e.Path] = got
		runs = append(runs, newRun(e, got.details))
	}
	c.read = kept // runs that were pruned are forgotten
	return runs, nil
}

// find is the run in a folder.
func (c *catalog) find(path string) (Run, bool) {
	e, ok := store.EntryOf(path)
	if !ok {
		return Run{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.details(e)
	c.read[path] = got
	return newRun(e, got.details), true
}

func (c *catalog) details(e store.Entry) reading {
	now := reading{manifest: stampOf(e.Path, store.ManifestFile), verdict: stampOf(e.Path, store.VerdictFile)}
	before, ok := c.read[e.Path]
	if ok && e.Finished && before.manifest == now.manifest && before.verdict == now.verdict {
		return before
	}
	// What is missing or damaged leaves its fields empty: the list is for finding the run, whatever its state.
	if data, err := os.ReadFile(filepath.Join(e.Path, store.VerdictFile)); err == nil && json.Unmarshal(data, &now.details.document) != nil {
		now.details.document = summary.Document{}
	}
	now.details.bytes, _ = store.Size(e.Path)
	return now
}

func stampOf(folder, name string) stamp {
	info, err := os.Stat(filepath.Join(folder, name))
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

func newRun(e store.Entry, got details) Run {
	d := got.document
	r := Run{
		Scenario: e.Scenario, ID: e.ID, Path: e.Path, URL: address(e.Scenario, e.ID), Time: e.Time, State: "finished", Verdict: e.Verdict,
		ExitCode: e.ExitCode, Reason: d.Reason, Seed: d.Seed, Seconds: d.Seconds, Faults: len(d.Faults), Bytes: got.bytes,
	}
	switch {
	case store.Running(e.Path):
		r.State = "running"
	case !e.Finished:
		r.State = "unfinished"
	}
	if d.Target.Name != "" {
		r.Target = fmt.Sprintf("%s %s × %d", d.Target.Name, d.Target.Version, d.Target.Nodes)
	}
	for _, op := range d.Ops {
		r.Ops += op.OK + op.Fail + op.Info
	}
	return r
}
