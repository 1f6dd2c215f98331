package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/ci"
	"github.com/whitewater-kv/whitewater/reports/terminal"
)

// outputs are the flags that say where the result of runs goes.
type outputs struct {
	format   *word
	copies   map[string]*string // by the format's name: a file for a further copy
	noGitHub *bool
	color    *word
	open     *bool
	allow    *[]string
}

// copyFlags are the formats of which a call may ask a copy, by the flag's name.
var copyFlags = []struct{ flag, format, doc string }{
	{"junit", "junit", "also write JUnit XML to this file"},
	{"bench", "bench", "also write Go benchmark lines, for benchstat, to this file"},
	{"html", "html", "also write the report page to this file"},
	{"metrics-file", "metrics", "also write OpenMetrics text to this file"},
	{"json", "json", "also write verdict.json to this file"},
	{"markdown", "markdown", "also write the summary in Markdown to this file"},
}

func addOutputs(cmd *cobra.Command) *outputs {
	o := &outputs{copies: map[string]*string{}}
	o.format = wordFlag(cmd, "output", "o", "what stdout gets", "text", "json", "markdown")
	for _, c := range copyFlags {
		o.copies[c.format] = cmd.Flags().String(c.flag, "", c.doc)
	}
	o.noGitHub = cmd.Flags().Bool("no-github", false, "no step summary, outputs and annotations in a GitHub workflow")
	o.color = wordFlag(cmd, "color", "", "colours", "auto", "always", "never")
	o.open = cmd.Flags().Bool("open", false, "open the report in a browser")
	o.allow = cmd.Flags().StringSlice("allow", nil, "outcomes that shall not fail this call: unknown, claim")
	must(cmd.RegisterFlagCompletionFunc("allow", cobra.FixedCompletions([]string{"unknown", "claim"}, cobra.ShellCompDirectiveNoFileComp)))
	return o
}

// check refuses outcomes that cannot be allowed. A violation is expected by a scenario, never allowed by a call.
func (o *outputs) check() error {
	for _, name := range *o.allow {
		switch name {
		case "unknown", "claim":
		case "violation":
			return usagef("--allow violation: a violation cannot be allowed; a negative control says expect: violation")
		default:
			return usagef("--allow %s: allowed: unknown, claim", name)
		}
	}
	return nil
}

// present writes a run's result: to stdout, to the copies, to GitHub, to the browser.
func (a *app) present(o *outputs, s *reports.Summary) error {
	return errors.Join(a.result(o, s), o.writeCopies(s), a.github(o, s), a.browse(o, s.Report))
}

func (a *app) result(o *outputs, s *reports.Summary) error {
	if o.format.value == "text" {
		return terminal.WriteResult(a.out, s, terminal.Detect(a.out, o.color.value, a.getenv))
	}
	f, _ := reports.Find(o.format.value)
	return f.Write(a.out, s)
}

func (o *outputs) writeCopies(s *reports.Summary) error {
	for _, c := range copyFlags {
		path := *o.copies[c.format]
		if path == "" {
			continue
		}
		f, _ := reports.Find(c.format)
		if err := writeFormat(f, path, s); err != nil {
			return environment(fmt.Errorf("--%s: %w", c.flag, err))
		}
	}
	return nil
}

// writeFormat writes one report to a file, making its folder.
func writeFormat(f reports.Format, path string, s *reports.Summary) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Write(file, s), file.Close())
}

// github tells a GitHub workflow: the step's summary, its outputs, and annotations. With several runs in one step each
// adds its part.
func (a *app) github(o *outputs, s *reports.Summary) error {
	if a.getenv("GITHUB_ACTIONS") != "true" || *o.noGitHub {
		return nil
	}
	var all error
	if path := a.getenv("GITHUB_STEP_SUMMARY"); path != "" {
		all = errors.Join(all, appendTo(path, func(f *os.File) error { return ci.WriteMarkdown(f, s) }))
	}
	if path := a.getenv("GITHUB_OUTPUT"); path != "" {
		all = errors.Join(all, appendTo(path, func(f *os.File) error { return ci.WriteOutputs(f, s) }))
	}
	// Workflow commands are read from both streams; stdout is the result's.
	all = errors.Join(all, ci.WriteAnnotations(a.err, s))
	if all != nil {
		return environment(fmt.Errorf("report to GitHub: %w", all))
	}
	return nil
}

func appendTo(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// browse opens a report, if asked to.
func (a *app) browse(o *outputs, path string) error {
	if !*o.open || path == "" {
		return nil
	}
	opener := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if opener == "" {
		opener = "xdg-open"
	}
	if err := exec.Command(opener, path).Start(); err != nil {
		fmt.Fprintf(a.err, "whitewater: --open: %v\n", err)
	}
	return nil
}
