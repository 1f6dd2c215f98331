package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/internal/units"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/scenarios"
)

func scenarioCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "scenario", Short: "Write, validate and show scenario files"}
	cmd.AddCommand(scenarioInit(a), scenarioValidate(a), scenarioShow(a), scenarioSchema(a), scenarioList(a))
	return cmd
}

// load reads a scenario and its claims: one that is wrong anywhere is refused before anything is launched.
func load(nameOrPath string) (*scenarios.Scenario, error) {
	s, err := scenarios.Find(nameOrPath, names())
	if err != nil {
		return nil, usage(err)
	}
	_, err = parseClaims(s.Claims)
	if err := errors.Join(err, checkSteps(s)); err != nil {
		return nil, usage(err)
	}
	return s, nil
}

// sound asks the catalogs what only they know: the kinds of a mix, the shapes of a fault, and whether there is room for
// the faults that are to be drawn. A run that breaks nothing must not pass for one that held.
func sound(s *scenarios.Scenario) error {
	_, err := parseClaims(s.Claims)
	if err := errors.Join(err, checkSteps(s)); err != nil {
		return usage(err)
	}
	plan, err := harness.Resolve(s, "")
	if err == nil && len(s.Faults.Random) > 0 && len(plan.Schedule) == 0 {
		err = fmt.Errorf("faults.random: a load of %s leaves no room for a fault; a longer duration, or a shorter interval than %s",
			units.FormatDuration(s.Load.Duration), units.FormatDuration(s.Faults.Interval))
	}
	if err != nil {
		return usage(fmt.Errorf("scenario %s: %w", s.Name, err))
	}
	return nil
}

// checkSteps asks the nemesis whether it knows the exact faults, with their targets and shapes.
func checkSteps(s *scenarios.Scenario) error {
	var wrong []error
	for _, step := range s.Faults.At {
		if _, err := nemesis.ParseFaultFlag(step.String()); err != nil {
			wrong = append(wrong, fmt.Errorf("scenario %s: faults.at: %w", s.Name, err))
		}
	}
	return errors.Join(wrong...)
}

// parseClaims reads claims, and says of each wrong one where it is.
func parseClaims(all []scenarios.Claim) (parsed []claims.Claim, err error) {
	var wrong []error
	for _, c := range all {
		p, err := claims.Parse(c.Expr)
		if err != nil {
			wrong = append(wrong, place(c, err))
			continue
		}
		p.File, p.Line = c.File, c.Line
		parsed = append(parsed, p)
	}
	return parsed, errors.Join(wrong...)
}

// place puts the place of a claim before what is wrong with it.
func place(c scenarios.Claim, err error) error {
	var bad *claims.Error
	if !errors.As(err, &bad) || c.File == "" {
		return err
	}
	return fmt.Errorf("scenario %s:%d: claim\n%s", c.File, c.Line, bad.Block())
}

func scenarioInit(a *app) *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a scenario file to start from, with the schema beside it for editors",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := "scenario.yaml"
			if len(args) > 0 {
				file = args[0]
			}
			_, text, err := scenarios.Source(from)
			if err != nil {
				return usage(err)
			}
			for _, f := range []struct {
				name string
				data []byte
			}{{file, text}, {schemaFile(file), scenarios.Schema(names())}} {
				if err := writeNew(f.name, f.data); err != nil {
					return environment(err)
				}
				fmt.Fprintln(a.err, "wrote", f.name)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", scenarios.DefaultName, "the scenario to start from: a built-in name or a file")
	must(cmd.RegisterFlagCompletionFunc("from", completeScenarios))
	return cmd
}

// schemaFile is the schema's path beside a scenario, as the first line of the built-in ones names it.
func schemaFile(scenario string) string {
	return filepath.Join(filepath.Dir(scenario), "whitewater.schema.json")
}

// writeNew writes a file that must not be there yet, except a schema, which is ours to renew.
func writeNew(name string, data []byte) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if name == schemaFile(name) {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func scenarioValidate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "validate SCENARIO...",
		Short:             "Say everything that is wrong with scenarios, by line and column",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE: func(_ *cobra.Command, args []string) error {
			var wrong []error
			for _, name := range args {
				s, err := load(name)
				if err == nil {
					err = sound(s)
				}
				if err != nil {
					wrong = append(wrong, err)
					continue
				}
				fmt.Fprintln(a.out, name, "is valid")
			}
			if err := errors.Join(wrong...); err != nil {
				return usage(err)
			}
			return nil
		},
	}
}

func scenarioShow(a *app) *cobra.Command {
	var resolved bool
	cmd := &cobra.Command{
		Use:               "show SCENARIO",
		Short:             "Print a scenario as it is written, or with every field resolved",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeScenarios,
		RunE: func(_ *cobra.Command, args []string) error {
			_, text, err := scenarios.Source(args[0])
			if err != nil {
				return usage(err)
			}
			if resolved {
				s, err := load(args[0])
				if err != nil {
					return err
				}
				text = s.YAML()
			}
			_, err = a.out.Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&resolved, "resolved", false, "every field, defaults included")
	return cmd
}

func scenarioSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of scenario files",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(scenarios.Schema(names()))
			return err
		},
	}
}

func scenarioList(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the built-in scenarios", Args: cobra.NoArgs}
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error { return a.list("scenarios", output.value) }
	return cmd
}

// completeScenarios offers the names of the built-in scenarios; files complete as well.
func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return append(scenarios.Builtin(), scenarios.Catalogue()...), cobra.ShellCompDirectiveDefault
}
