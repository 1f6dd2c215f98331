package main

import "github.com/spf13/cobra"

func runCommands(a *app) []*cobra.Command {
	return []*cobra.Command{runCommand(a), benchCommand(a), matrixCommand(a), claimsCommand(a), checkCommand(a), replayCommand(a), shrinkCommand(a)}
}

func lookCommands(a *app) []*cobra.Command {
	return []*cobra.Command{reportCommand(a), compareCommand(a), exportCommand(a), lsCommand(a), showCommand(a), pruneCommand(a), serveCommand(a), listCommand(a)}
}

func sandboxCommands(a *app) []*cobra.Command {
	return []*cobra.Command{clusterCommand(a), cleanupCommand(a)}
}

func setupCommands(a *app) []*cobra.Command {
	return []*cobra.Command{scenarioCommand(a), doctorCommand(a), completionCommand(a), selftestCommand(a), versionCommand(a)}
}
