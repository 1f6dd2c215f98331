package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The groups of commands in help.
const (
	groupRun     = "run"
	groupLook    = "look"
	groupSandbox = "sandbox"
	groupSetup   = "setup"
)

const start = `Whitewater takes an etcd cluster through white water, and says whether it came out right.

  whitewater run                      three members, killed, paused and cut off: a verdict in a minute
  whitewater run calm --nodes 5       another scenario, another size;  whitewater list scenarios
  whitewater bench --rate 2000/s --claim 'read.p99 < 25ms'
  whitewater claims                   what etcd's documentation says, verified on this machine
  whitewater check latest             judge a stored run again;  whitewater ls, show, serve
  whitewater cluster up               a cluster to play with
  whitewater doctor                   what this machine allows

  whitewater help                     every command;  whitewater help flags: every flag
`

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:               "whitewater",
		Short:             "Take a Raft key-value cluster through white water, and judge it",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.out, start)
			return err
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags(), a.getenv); err != nil {
				return err
			}
			return sensible(cmd.Flags())
		},
	}
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
		&cobra.Group{ID: groupSandbox, Title: "Sandbox:"},
		&cobra.Group{ID: groupSetup, Title: "Setup:"},
	)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w\n   see: %s --help", err, cmd.CommandPath())
	})
	for _, group := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{groupRun, runCommands(a)},
		{groupLook, lookCommands(a)},
		{groupSandbox, sandboxCommands(a)},
		{groupSetup, setupCommands(a)},
	} {
		for _, cmd := range group.commands {
			cmd.GroupID = group.id
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(flagsTopic(root))
	root.SetHelpCommandGroupID(groupSetup)
	root.InitDefaultHelpCmd()
	strict(root)
	settle(root)
	return root
}

// strict lets no command take a word that means nothing to it, and then succeed: a call that was mistyped must not pass.
func strict(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		strict(sub)
	}
	switch {
	case cmd.Name() == "help":
		help := cmd.Run
		cmd.Run, cmd.RunE = nil, func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return noCommand(found, rest[0])
			}
			help(cmd, args)
			return nil
		}
	case cmd.HasSubCommands() && cmd.RunE == nil:
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			return cmd.Help()
		}
	}
}

// variable is the environment's name of a flag.
func variable(flag string) string {
	return "WHITEWATER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line did not, from variables of the environment.
func fromEnvironment(flags *pflag.FlagSet, getenv func(string) string) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		value := getenv(variable(f.Name))
		if f.Changed || value == "" || f.Name == "help" || err != nil {
			return
		}
		if bad := f.Value.Set(value); bad != nil {
			err = usagef("%s=%s: %w", variable(f.Name), value, bad)
		}
		f.Changed = true
	})
	return err
}

// flagsTopic is the page of "help flags": every flag of every command, once.
func flagsTopic(root *cobra.Command) *cobra.Command {
	topic := &cobra.Command{Use: "flags", Short: "Every flag, and the variable of the environment that sets it"}
	topic.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		out := cmd.OutOrStdout()
		fmt.Fprint(out, "A flag beats its variable, and both beat the scenario.\n\n")
		all := pflag.NewFlagSet("all", pflag.ContinueOnError)

		visit(root, func(cmd *cobra.Command) {
			cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Hidden || f.Name == "help" {
					return
				}
				if all.Lookup(f.Name) == nil {
					all.AddFlag(f)
				}

			})
		})
		var rows [][]string
		all.VisitAll(func(f *pflag.Flag) {
			name := "--" + f.Name
			if f.Shorthand != "" {
				name += ", -" + f.Shorthand
			}
			rows = append(rows, []string{name, variable(f.Name), f.Usage})
		})
		columns(out, rows)
	})
	return topic
}

// visit calls f for every command that a person may call.
func visit(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			visit(sub, f)
		}
	}
}

// sensible refuses what a flag's type allows and nobody can mean.
func sensible(flags *pflag.FlagSet) error {
	if f := flags.Lookup("store"); f != nil && f.Value.String() == "" {
		return usagef("--store is empty: name the folder in which runs are kept")
	}
	for _, name := range []string{"budget", "keep", "younger", "attempts"} {
		if f := flags.Lookup(name); f != nil && strings.HasPrefix(f.Value.String(), "-") {
			return usagef("--%s %s: it cannot be less than nothing", name, f.Value)
		}
	}
	return nil
}
