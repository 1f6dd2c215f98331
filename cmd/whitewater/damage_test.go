package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/store"
)

// call carries out a command line in this process.
func call(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(args, app{out: &out, err: &err, getenv: func(string) string { return "" }})
	return code, out.String(), err.String()
}

// damages are what can happen to a file.
var damages = map[string]func(path string) error{
	"gone": os.Remove,
	"half": func(path string) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()/2)
	},
	"garbage": func(path string) error {
		return os.WriteFile(path, bytes.Repeat([]byte("\x00\xff{nonsense\n"), 100), 0o644)
	},
	"empty": func(path string) error { return os.WriteFile(path, nil, 0o644) },
	"a folder": func(path string) error {
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.Mkdir(path, 0o755)
	},
}

// A run of which a part is gone or was changed is never judged by what is left of it; what does not matter for a verdict
// does not stand in its way; and every command that meets it ends with a code of its own and a sentence.
func TestDamage(t *testing.T) {
	root := t.TempDir()
	code, _, stderr := call("run", "calm", "--target", "memkv", "--duration", "2s", "--warmup", "0s", "--rate", "100", "--seed", "5", "-q", "--store", root)
	if code != reports.ExitPass {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	run, err := store.Open(root, "latest")
	if err != nil {
		t.Fatal(err)
	}
	judgedBy := map[string]bool{harness.ScenarioFile: true, harness.ScheduleFile: true, "around.json": true, store.HistoryFile: true}
	for _, file := range []string{harness.ScenarioFile, harness.ScheduleFile, "around.json", store.HistoryFile, "env.json", "events.jsonl",
		store.VerdictFile, store.ManifestFile, "summary.txt", store.OwnedFile} {
		for how, damage := range damages {
			if !judgedBy[file] && how != "gone" && how != "garbage" {
				continue
			}
			if file == harness.ScheduleFile && (how == "half" || how == "empty") {
				continue // it is empty: nothing was to be broken
			}
			t.Run(file+" "+how, func(t *testing.T) {
				again := filepath.Join(t.TempDir(), "runs")
				path := filepath.Join(again, "calm", run.ID())
				if err := os.CopyFS(path, os.DirFS(run.Path())); err != nil {
					t.Fatal(err)
				}
				if err := damage(filepath.Join(path, file)); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				for _, line := range []string{"ls", "show -1", "export -1", "compare -1 -1", "shrink -1", "cleanup"} {
					sane(t, strings.Fields(line+" --store "+again)...)
				}
				code, out, stderr := call("check", "-1", "-o", "json", "--store", again)
				passed := code == reports.ExitPass
				// Without around.json the harness did not live to write it: the verdict on the history stands.
				if judgedBy[file] && passed && !(file == "around.json" && how == "gone") {
					t.Errorf("judged all the same: %.60s %s", out, stderr)
				}
				if !judgedBy[file] && file != store.ManifestFile && file != store.VerdictFile && !passed {
					t.Errorf("exit code %d: %s", code, stderr)
				}
			})
		}
	}
}

// sane wants a call to end with a code that is documented, and with a sentence if that is an error.
func sane(t *testing.T, args ...string) {
	t.Helper()
	code, stdout, stderr := call(args...)
	switch code {
	case reports.ExitPass, reports.ExitUnknown:
	case reports.ExitUsage, reports.ExitEnvironment:
		if !strings.HasPrefix(stderr, "whitewater: ") && !strings.HasPrefix(stderr, "scenario ") || len(stderr) > 4096 {
			t.Errorf("%s: exit code %d, and %q", strings.Join(args, " "), code, stderr)
		}
	default:
		t.Errorf("%s: exit code %d\n%s\n%s", strings.Join(args, " "), code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, "goroutine ") || strings.Contains(stderr, "%!") {
		t.Errorf("%s: %s%s", strings.Join(args, " "), stdout, fmt.Sprint(stderr))
	}
}
