package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/serve"
)

func serveCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the stored runs in a browser, and the one under way",
		Long: "Show the stored runs in a browser: filter them, read their reports and files, compare sets of them, and look at the run that\n" +
			"is under way. It only reads. It listens on this machine alone, unless --remote allows an address that others can reach.",
		Args: cobra.NoArgs,
	}
	root := storeFlag(cmd)
	addr := cmd.Flags().String("addr", serve.DefaultAddr, "where to listen; port 0 takes a free one")
	remote := cmd.Flags().Bool("remote", false, "allow an address that other machines can reach: they read every run, without a password")
	hosts := cmd.Flags().StringSlice("host", nil, "a name by which browsers may ask for this server, beside its addresses and localhost")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		handler, err := serve.Handler(*root, serve.Options{Program: program(), Hosts: *hosts})
		if err != nil {
			return err
		}
		if err := serve.Allowed(*addr, *remote); err != nil {
			return usage(err)
		}
		listener, err := net.Listen("tcp", *addr)
		if err != nil {
			return environment(fmt.Errorf("serve: %w", err))
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		fmt.Fprintf(a.out, "serving %s at http://%s/ until Ctrl-C\n", *root, listener.Addr())
		return serve.Serve(ctx, listener, handler)
	}
	return cmd
}
