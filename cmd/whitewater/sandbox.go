package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/harness"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

func clusterCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "cluster", Short: "A cluster to play with"}
	cmd.AddCommand(clusterUp(a))
	return cmd
}

func clusterUp(a *app) *cobra.Command {
	o := newOverrides(names())
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Launch a cluster, print its endpoints, and stay until Ctrl-C",
		Args:  cobra.NoArgs,
	}
	o.add(cmd, targetFlags...)
	output := wordFlag(cmd, "output", "o", "what stdout gets", "text", "json")
	store := storeFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := o.scenario("")
		if err != nil {
			return err
		}
		d, err := driver(s.Target.Name)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return a.stay(ctx, d, s, *store, output.value)
	}
	return cmd
}

// sandboxCluster is what cluster up prints.
type sandboxCluster struct {
	Target    string   `json:"target"`
	Version   string   `json:"version"`
	Dir       string   `json:"dir"`
	Endpoints []string `json:"endpoints"`
}

// describe is how to reach a cluster.
func describe(c *cluster.Cluster, dir string) sandboxCluster {
	up := sandboxCluster{Target: c.Driver, Version: c.Version, Dir: dir}
	for _, n := range c.Nodes {
		if e := c.Endpoints[n]; e != "" {
			up.Endpoints = append(up.Endpoints, e)
		}
	}
	return up
}

// clusterFile holds the same as stdout, for programs that find the cluster by its folder.
const clusterFile = "cluster.json"

// announce says how to reach a cluster: on stdout, and in its folder.
func (a *app) announce(up sandboxCluster, run *store.Run, nodes int, output string) error {
	if output == "json" {
		if err := writeJSON(a.out, up); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.out, "%s %s, %d members\n", up.Target, up.Version, nodes)
		if len(up.Endpoints) > 0 {
			fmt.Fprintf(a.out, "export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=%s\n", strings.Join(up.Endpoints, ","))
		}
	}
	fmt.Fprintf(a.err, "logs and data in %s\nCtrl-C ends it and removes its data\n", up.Dir)
	data, err := json.Marshal(up)
	if err != nil {
		return err
	}
	if err := run.Write(clusterFile, append(data, '\n')); err != nil {
		return environment(err)
	}
	return nil
}

// leave closes a cluster under a context of its own: the one of the call has ended.
func leave(c *cluster.Cluster) error {
	done := make(chan error, 1)
	go func() { done <- c.Close() }()
	select {
	case err := <-done:
		return err
	case <-time.After(closeTimeout):
		return errors.New("the cluster did not end in time: whitewater cleanup finishes it")
	}
}

const closeTimeout = 30 * time.Second

// stay launches a cluster and keeps it until the context ends. Its folder is one of the store's, so that cleanup finds
// what it started.
func (a *app) stay(ctx context.Context, d cluster.Driver, s *scenarios.Scenario, root, output string) (err error) {
	run, err := store.Create(root, "cluster", history.Meta{Scenario: "cluster", Target: d.Name})
	if err != nil {
		return environment(err)
	}
	defer func() { err = errors.Join(err, run.Finish(), os.RemoveAll(run.Path())) }()
	want := harness.SpecOf(s)
	want.Dir = run.Path()
	want.Own = run.Own
	c, err := d.Launch(ctx, want)
	if err != nil && ctx.Err() != nil {
		return exit(reports.ExitInterrupt) // it was ended before it was there
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave(c)) }()
	if err := a.announce(describe(c, run.Path()), run, len(c.Nodes), output); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
