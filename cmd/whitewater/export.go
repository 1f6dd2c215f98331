package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/history/exchange"
)

// histories are the forms in which a history can be exported.
var histories = []struct {
	name, doc string
	write     func(io.Writer, *history.History) error
}{
	{"jsonl", "an event a line, as the run stores it", writeJSONL},
	{"text", "an operation a line, to be read", func(w io.Writer, h *history.History) error {
		_, err := io.WriteString(w, h.String())
		return err
	}},
	{"edn", "Jepsen's history.edn: elle-cli and Knossos read it", exchange.WriteEDN},
	{"jepsen", "Jepsen's history.txt", exchange.WriteText},
	{"csv", "a row for each operation", exchange.WriteCSV},
}

func writeJSONL(w io.Writer, h *history.History) error {
	var line []byte
	for _, r := range h.Records() {
		line = append(history.AppendRecord(line[:0], r), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func exportCommand(a *app) *cobra.Command {
	var forms []string
	for _, f := range histories {
		forms = append(forms, f.name)
	}
	cmd := &cobra.Command{
		Use:               "export [RUN|HISTORY]",
		Short:             "Write a history for other tools: edn, csv, jsonl, text",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns,
	}
	root := storeFlag(cmd)
	format := wordFlag(cmd, "format", "f", "the form of the history", forms...)
	file := cmd.Flags().String("file", "", "write to this file instead of stdout")
	cas := casFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) (err error) {
		h, err := a.history(*root, args, cas)
		if err != nil {
			return err
		}
		out := a.out
		if *file != "" {
			f, err := os.Create(*file)
			if err != nil {
				return environment(err)
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			out = f
		}
		for _, f := range histories {
			if f.name != format.value {
				continue
			}
			buffered := bufio.NewWriter(out)
			if err := f.write(buffered, h); err != nil {
				return err
			}
			return buffered.Flush()
		}
		return nil
	}
	return cmd
}

// casFlag says how a history of another tool means a compare-and-swap that failed.
func casFlag(cmd *cobra.Command) *word {
	return wordFlag(cmd, "failed-cas", "", "in a history of another tool, what a failed compare-and-swap means: it says nothing, or it found another value",
		"dropped", "differed")
}

// history is a run's, or that of a file of ours or of another tool.
func (a *app) history(root string, args []string, cas *word) (*history.History, error) {
	if len(args) == 1 {
		if h, ok, err := a.foreign(args[0], cas); ok || err != nil {
			return h, err
		}
	}
	run, err := open(root, args)
	if err != nil {
		return nil, err
	}
	h, err := run.History()
	if err != nil {
		return nil, environment(err)
	}
	return h, nil
}

// foreign reads a history that another tool recorded; false if the name is no such file.
func (a *app) foreign(name string, cas *word) (*history.History, bool, error) {
	info, err := os.Stat(name)
	if err != nil || info.IsDir() || ours(name) {
		return nil, false, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, true, environment(err)
	}
	reading := exchange.Dropped
	if cas.value == "differed" {
		reading = exchange.Differed
	}
	h, notes, err := exchange.Read(data, reading)
	if err != nil {
		return nil, true, usagef("read %s: %w", name, err)
	}
	a.notes(notes)
	return h, true, nil
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
