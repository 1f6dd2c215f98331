package harness

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/terminal"
	"github.com/whitewater-kv/whitewater/store"
)

// A run leaves a folder that says how it went, and that can be judged again with the same verdict.
func TestRunLeavesAFolder(t *testing.T) {
	root := t.TempDir()
	s := small("register", 5)
	var r *Recorded
	var said bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		progress, err := terminal.NewProgress("plain", &said, terminal.Style{})
		if err != nil {
			t.Fatal(err)
		}
		if r, err = Run(t.Context(), Config{Scenario: s, Driver: memkv.Driver, Store: root, Progress: progress}); err != nil {
			t.Fatal(err)
		}
	})
	first, err := Judge(context.Background(), r, s, KeepNever, reports.Options{})
	if err != nil || first.Exit != reports.ExitPass {
		t.Fatalf("exit %d (%s), %v", first.Exit, first.Reason, err)
	}
	for _, file := range []string{"verdict.json", "report.html", "summary.md", "history.jsonl.zst", "scenario.yaml", "schedule.txt", "MANIFEST", "whitewater.log"} {
		if _, err := r.Run.Read(file); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{"fault ", "healed ", "ok="} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("progress says nothing of %q:\n%s", want, &said)
		}
	}

	run, err := store.Open(root, "latest")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Stored(run)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Judge(context.Background(), again, s, KeepAlways, reports.Options{})
	if err != nil || second.Exit != first.Exit || second.Total != first.Total || again.Schedule.String() != r.Schedule.String() {
		t.Errorf("again: exit %d, %d operations, then %d, %v", second.Exit, first.Total, second.Total, err)
	}
}

// A cluster that cannot be launched is the environment's fault, and is said in the run's folder.
func TestLaunchFails(t *testing.T) {
	driver := cluster.Driver{Name: "none", Launch: func(context.Context, cluster.Spec) (*cluster.Cluster, error) {
		return nil, &cluster.EnvironmentError{Doing: "launch n2", Err: errors.New("no such port")}
	}}
	s := small("register", 1)
	r, err := Run(t.Context(), Config{Scenario: s, Driver: driver, Store: t.TempDir(), Progress: silence(t)})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := Judge(t.Context(), r, s, KeepFailed, reports.Options{})
	if err != nil || sum.Exit != reports.ExitEnvironment || !strings.Contains(sum.Reason, "no such port") {
		t.Errorf("exit %d, %q, %v", sum.Exit, sum.Reason, err)
	}
}

// A folder that cannot be written is an error before anything is started.
func TestUnwritableStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), Config{Scenario: small("register", 1), Driver: memkv.Driver, Store: file, Progress: silence(t)})
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
}

// A run that can no longer be written down stops, and says so.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := small("register", 1)
		s.Load.Duration = time.Hour
		calls := 0
		full := func([]history.Record) error {
			if calls++; calls > 3 {
				return errors.New("no space left on device")
			}
			return nil
		}
		r, err := Run(t.Context(), Config{Scenario: s, Driver: memkv.Driver, Store: t.TempDir(), Progress: silence(t), Live: full})
		if err != nil || !strings.Contains(r.Environment, "no space left") || r.History.Meta.LoadEnd > time.Minute {
			t.Errorf("%v, %q, the load ended at %v", err, r.Environment, r.History.Meta.LoadEnd)
		}
	})
}

func silence(t *testing.T) terminal.Progress {
	t.Helper()
	progress, err := terminal.NewProgress("none", nil, terminal.Style{})
	if err != nil {
		t.Fatal(err)
	}
	return progress
}
