package main

import (
	"fmt"
	"net"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/serve"
)

func serveCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Browse the stored runs, compare them, and watch the one under way, in a browser",
		Args:  cobra.NoArgs,
	}
	root := storeFlag(cmd)
	addr := cmd.Flags().String("addr", serve.DefaultAddr, "the address to serve at")
	remote := cmd.Flags().Bool("remote", false, "let other machines read the runs, with their environment and logs")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := serve.Allowed(*addr, *remote); err != nil {
			return usagef("--addr %s: %w (--remote allows it)", *addr, err)
		}
		var hosts []string
		if host, _, err := net.SplitHostPort(*addr); err == nil && host != "" {
			hosts = append(hosts, host)
		}
		handler, err := serve.Handler(*root, serve.Options{Program: program(), Hosts: hosts})
		if err != nil {
			return environment(err)
		}
		listener, err := net.Listen("tcp", *addr)
		if err != nil {
			return environment(err)
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		fmt.Fprintf(a.out, "http://%s/\n", listener.Addr())
		if err := serve.Serve(ctx, listener, handler); err != nil {
			return environment(err)
		}
		return nil
	}
	return cmd
}
