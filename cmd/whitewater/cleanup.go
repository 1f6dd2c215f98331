package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/internal/procs"
	"github.com/whitewater-kv/whitewater/store"
)

const cleanupTimeout = 30 * time.Second

func cleanupCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cleanup",
		Short: "End what a killed run left on the machine",
		Long: "End the processes that runs wrote down when they started them and that are still there, and remove their\n" +
			"sockets. A run that is still being written is left alone.",
		Args: cobra.NoArgs,
	}
	root := storeFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		entries, err := store.List(*root)
		if err != nil {
			return environment(err)
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), cleanupTimeout)
		defer cancel()
		var wrong []error
		ended := 0
		for _, e := range entries {
			if store.Running(e.Path) {
				fmt.Fprintf(a.err, "%s is still running: left alone\n", e.ID)
				continue
			}
			lines, err := sweep(ctx, e.Path)
			for _, line := range lines {
				fmt.Fprintf(a.out, "%s: %s\n", e.ID, line)
			}
			ended += len(lines)
			wrong = append(wrong, err)
		}
		if err := errors.Join(wrong...); err != nil {
			return environment(err)
		}
		if ended == 0 {
			fmt.Fprintln(a.out, "nothing was left")
		}
		return nil
	}
	return cmd
}

// sweep ends the processes that the run in a folder owned, and says which.
func sweep(ctx context.Context, path string) ([]string, error) {
	things, err := store.Owned(path)
	if err != nil {
		return nil, err
	}
	var owned []procs.Owned
	for _, t := range things {
		owned = append(owned, procs.Owned{Kind: t.Kind, What: t.What})
	}
	ended, err := procs.Cleanup(ctx, owned)
	if err != nil {
		return ended, err
	}
	removed, err := removeSockets(filepath.Join(path, "nodes"))
	return append(ended, removed...), err
}

// removeSockets removes what members listened at: nobody can any more.
func removeSockets(nodes string) (removed []string, err error) {
	err = filepath.WalkDir(nodes, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.Type()&fs.ModeSocket == 0 {
			return err
		}
		removed = append(removed, "removed socket "+path)
		return os.Remove(path)
	})
	return removed, err
}
