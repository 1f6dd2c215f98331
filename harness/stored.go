package harness

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/store"
)

// aroundFile holds what was measured of the harness and the machine beside the history.
const aroundFile = "around.json"

// around is that file's content.
type around struct {
	Fidelity    summary.Fidelity `json:"fidelity"`
	Gauges      []summary.Gauge  `json:"gauges,omitempty"`
	Environment string           `json:"environment,omitempty"`
	// Online is how far the run was certified while it went on.
	Online *checker.Certified `json:"online,omitempty"`
}

// save keeps what is not in the history, so that the run can be judged and reported again.
func (r *Recorded) save() error {
	data, err := json.MarshalIndent(around{r.Fidelity, r.Gauges, r.Environment, r.Online}, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", aroundFile, err)
	}
	return r.Run.Write(aroundFile, append(data, '\n'))
}

// Stored reads a run back, to be judged again. A run whose harness was killed has its history alone. One that is not what
// it was when it ended is an error: it must not be judged by what is left of it.
func Stored(run *store.Run) (*Recorded, error) {
	if err := intact(run); err != nil {
		return nil, err
	}
	h, err := run.History()
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", run.ID(), err)
	}
	r := &Recorded{Run: run, History: h}
	if run.Bare() {
		return r, nil
	}
	data, err := run.Read(aroundFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	var a around
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, fmt.Errorf("read %s: %w", run.File(aroundFile), err)
	}
	r.Fidelity, r.Gauges, r.Environment, r.Online = a.Fidelity, a.Gauges, a.Environment, a.Online
	r.Schedule, err = storedSchedule(run)
	return r, err
}

// storedSchedule is the schedule that a run was to carry out.
func storedSchedule(run *store.Run) (nemesis.Schedule, error) {
	data, err := run.Read(ScheduleFile)
	if err != nil {
		return nil, err
	}
	schedule, err := nemesis.ParseSchedule(string(data))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", run.File(ScheduleFile), err)
	}
	return schedule, nil
}

// intact compares what a run is judged from with its manifest, if it has one.
func intact(run *store.Run) error {
	if run.Bare() {
		return nil
	}
	manifest, err := run.Read(store.ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it did not come to its end
	}
	if err != nil {
		return err
	}
	for _, name := range []string{ScenarioFile, ScheduleFile, aroundFile, store.HistoryFile} {
		sum, err := hash(run.File(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // whoever needs it says so
		}
		if err != nil {
			return err
		}
		if !slices.Contains(strings.Split(string(manifest), "\n"), sum+"  "+name) {
			return fmt.Errorf("run %s is damaged, or was changed: %s is not what its %s says (without a %s it is judged as it is)",
				run.ID(), name, store.ManifestFile, store.ManifestFile)
		}
	}
	return nil
}

// hash is a file's SHA-256, in hexadecimal.
func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}
