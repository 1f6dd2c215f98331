package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/history/exchange"
)

// casFlag says how a history of another tool means a compare-and-swap that failed.
func casFlag(cmd *cobra.Command) *word {
	return wordFlag(cmd, "failed-cas", "", "in a history of another tool, what a failed compare-and-swap means: it says nothing, or it found another value",
		"dropped", "differed")
}

// foreign reads a history that another tool recorded: a file, or a folder of etcd's robustness tests. It is false if the
// name is neither.
func (a *app) foreign(name string, cas *word) (*history.History, bool, error) {
	info, err := os.Stat(name)
	if err != nil || ours(name) {
		return nil, false, nil
	}
	var h *history.History
	var notes []string
	if info.IsDir() {
		report := os.DirFS(name)
		if !exchange.Robustness(report) {
			return nil, false, nil
		}
		h, notes, err = exchange.ReadRobustness(report)
	} else {
		data, failed := os.ReadFile(name)
		if failed != nil {
			return nil, true, environment(failed)
		}
		if textForm(data) {
			return nil, false, nil
		}
		reading := exchange.Dropped
		if cas.value == "differed" {
			reading = exchange.Differed
		}
		h, notes, err = exchange.Read(data, reading)
	}
	if err != nil {
		return nil, true, usagef("read %s: %w", name, err)
	}
	a.notes(notes)
	return h, true, nil
}

// textForm reports whether a file is a history in our own text form: its first line that says something is one of it.
func textForm(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			_, err := history.ParseHistory(string(line))
			return err == nil
		}
	}
	return false
}

// foreignChecks are the checks of a history that another tool recorded. Whether enough happened is that tool's business;
// and nothing can be said of what is still there at the end, if nobody looked.
func (a *app) foreignChecks(h *history.History) (names []string) {
	looked := false
	for i := range h.Ops {
		looked = looked || h.Ops[i].Stage == history.Final
	}
	for _, c := range checker.All {
		switch {
		case h.Meta.Target == "import" && c.Name == "activity":
		case h.Meta.Target == "import" && c.Name == "durable" && !looked:
			a.notes([]string{"durable is not judged: the history tells no final reads"})
		default:
			names = append(names, c.Name)
		}
	}
	return names
}

// ours reports whether a file's name is that of a history as this program writes it.
func ours(name string) bool {
	return strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".zst")
}

// notes says what of another tool's history could not be taken over, a few lines of it.
func (a *app) notes(notes []string) {
	const most = 10
	for i, note := range notes {
		if i == most {
			fmt.Fprintf(a.err, "whitewater: … and %d more notes\n", len(notes)-most)
			return
		}
		fmt.Fprintln(a.err, "whitewater:", note)
	}
}
