package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// release is the version of the program; a build may add its commit.
const release = "0.1.0"

// program is the program's name and version, for reports.
func program() string { return "whitewater " + release }

// build is what this program was made of.
type build struct {
	Whitewater string `json:"whitewater"`
	Commit     string `json:"commit,omitempty"`
	Modified   bool   `json:"modified,omitempty"`
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Etcd       string `json:"etcd"`
	Porcupine  string `json:"porcupine,omitempty"`
	Scenario   int    `json:"scenario_format"`
}

func builds() build {
	b := build{
		Whitewater: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Etcd: member.Version(), Scenario: scenarios.Version,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, dep := range info.Deps {
		if strings.HasSuffix(dep.Path, "/porcupine") {
			b.Porcupine = strings.TrimPrefix(dep.Version, "v")
		}
	}
	return b
}

func versionCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Print the version, and what it was built from", Args: cobra.NoArgs}
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		b := builds()
		if output.value == "json" {
			return writeJSON(a.out, b)
		}
		rows := [][]string{{"whitewater", b.Whitewater}, {"etcd", b.Etcd + " (built in)"}, {"porcupine", b.Porcupine}, {"go", b.Go + " " + b.Platform}}
		if b.Commit != "" {
			rows = append(rows, []string{"commit", b.Commit + map[bool]string{true: " and changes"}[b.Modified]})
		}
		columns(a.out, rows)
		return nil
	}
	return cmd
}

func completionCommand(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print a completion script for a shell",
		Long:      "Print a completion script for a shell. For bash: source <(whitewater completion bash)",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			}
			if args[0] == "powershell" {
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			return fmt.Errorf("no completion for %s", args[0])
		},
	}
}
