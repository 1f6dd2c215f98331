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
	{"edn", "Jepsen's history.edn, for elle-cli, Knossos and Jepsen; read again, it is the same history", exchange.WriteEDN},
	{"elle", "the same in JSON, for elle-cli, with other tools' words alone", exchange.WriteJSON},
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
	long := "Write a run's history, or that of a file, in another form:\n"
	for _, f := range histories {
		forms = append(forms, f.name)
		long += fmt.Sprintf("  %-7s %s\n", f.name, f.doc)
	}
	cmd := &cobra.Command{
		Use:               "export [RUN|HISTORY]",
		Short:             "Write a history for other tools: edn, elle, csv, jsonl, text",
		Long:              strings.TrimSuffix(long, "\n"),
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
