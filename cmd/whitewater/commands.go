package main

import "github.com/spf13/cobra"

func runCommands(a *app) []*cobra.Command { return nil }

func lookCommands(a *app) []*cobra.Command { return nil }

func sandboxCommands(a *app) []*cobra.Command { return []*cobra.Command{clusterCommand(a)} }

func setupCommands(a *app) []*cobra.Command {
	return []*cobra.Command{scenarioCommand(a), listCommand(a), doctorCommand(a), versionCommand(a), completionCommand(a)}
}
