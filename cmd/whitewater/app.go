package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/summary"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// app is one call of the program: where its result goes, where it says how it is getting on, and its environment.
type app struct {
	out, err io.Writer
	getenv   func(string) string
}

// execute carries out one command line and returns the exit code.
func execute(args []string, a app) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(a.err, "whitewater: internal error: %v\n%s", p, debug.Stack())
			code = summary.ExitInternal
		}
	}()
	root := newRoot(&a)
	root.SetArgs(ordinals(root, args))
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := misuse(root, root.Execute())
	if err == nil {
		return summary.ExitPass
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(a.err, shown(err))
	}
	return codeOf(err)
}

// ordinals marks "-1", "-2", which name runs counted from the newest, so that they are not taken for flags: where a
// command takes runs, and no flag waits for its value.
func ordinals(root *cobra.Command, args []string) []string {
	marked := slices.Clone(args)
	cmd, _, err := root.Find(args)
	if err != nil || !strings.Contains(cmd.Use, "RUN") && !strings.Contains(cmd.Use, "BASE") {
		return marked
	}
	for i, arg := range marked {
		if arg == "--" {
			break
		}
		if n, err := strconv.Atoi(arg); err == nil && n < 0 && (i == 0 || !awaitsValue(cmd, args[i-1])) {
			marked[i] = ordinalMark + arg
		}
	}
	return marked
}

// awaitsValue reports whether an argument is a flag whose value is the next argument.
func awaitsValue(cmd *cobra.Command, arg string) bool {
	var f *pflag.Flag
	switch {
	case strings.Contains(arg, "="):
	case strings.HasPrefix(arg, "--"):
		f = cmd.Flags().Lookup(arg[2:])
	case len(arg) == 2 && arg[0] == '-' && arg[1] < 128:
		f = cmd.Flags().ShorthandLookup(arg[1:])
	}
	return f != nil && f.NoOptDefVal == ""
}

const ordinalMark = "@"

// ended is the end of a command that did its work: its exit code, and an error if there is more to say.
type ended struct {
	code int
	err  error
}

func (e *ended) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *ended) Unwrap() error { return e.err }

// exit ends a command with a code, the result being written already.
func exit(code int) error {
	if code == summary.ExitPass {
		return nil
	}
	return &ended{code: code}
}

// usage is the error of a call that asks for something impossible.
func usage(err error) error { return &ended{summary.ExitUsage, err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// environment is the error of a machine that is in the way.
func environment(err error) error { return &ended{summary.ExitEnvironment, err} }

// codeOf is an error's exit code.
func codeOf(err error) int {
	var end *ended
	var machine *cluster.EnvironmentError
	var file *scenarios.Error
	var claim *claims.Error
	switch {
	case errors.As(err, &end):
		return end.code
	case errors.As(err, &machine):
		return summary.ExitEnvironment
	case errors.As(err, &file), errors.As(err, &claim):
		return summary.ExitUsage
	}
	return summary.ExitInternal
}

// shown is an error as a person reads it. What points at a place in a file begins with the place.
func shown(err error) string {
	text := err.Error()
	for _, place := range []string{"scenario ", "matrix "} {
		if strings.HasPrefix(text, place) {
			return text
		}
	}
	return "whitewater: " + text
}

// settle wraps what a command runs, so that an error from cobra itself (a flag, an argument, a command that does not
// exist) can be told from one of the work: the first is a wrong call.
func settle(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		settle(sub)
	}
	work := cmd.RunE
	if work == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := work(cmd, args)
		if err == nil {
			return nil
		}
		var end *ended
		if errors.As(err, &end) {
			return err
		}
		return &ended{codeOf(err), err}
	}
}

// misuse makes a wrong call of cobra's error, with the nearest command if one was meant.
func misuse(root *cobra.Command, err error) error {
	var end *ended
	if err == nil || errors.As(err, &end) {
		return err
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown command "); ok {
		word, of, _ := strings.Cut(strings.TrimPrefix(name, `"`), `" for `)
		if of == strconv.Quote(root.Name()) {
			return noCommand(root, word)
		}
		return usagef("unknown argument %q: %s takes none", word, strings.Trim(of, `"`))
	}
	return usage(err)
}

// noCommand is the error of a command that is not among those of another.
func noCommand(parent *cobra.Command, word string) error {
	var names []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usage(scenarios.Unknown("command", word, names))
}
