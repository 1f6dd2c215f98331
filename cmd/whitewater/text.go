package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/scenarios"
)

// columns writes rows with their columns aligned. The last column may be of any length.
func columns(w io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i+1 < len(row) {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// writeJSON writes one value as one indented document.
func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// word is a flag's value that is one of a few.
type word struct {
	value   string
	allowed []string
}

func (w *word) Set(text string) error {
	if !slices.Contains(w.allowed, text) {
		return scenarios.Unknown("value", text, w.allowed)
	}
	w.value = text
	return nil
}

func (w *word) String() string { return w.value }

func (w *word) Type() string { return strings.Join(w.allowed, "|") }

// wordFlag adds a flag that is one of a few words, the first if it is not given.
func wordFlag(cmd *cobra.Command, name, short, doc string, allowed ...string) *word {
	w := &word{allowed[0], allowed}
	cmd.Flags().VarP(w, name, short, doc)
	must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)))
	return w
}

// must holds what can only break by a mistake in this program.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
