package main

import (
	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/drivers"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// driver finds a driver by its name.
func driver(name string) (cluster.Driver, error) {
	d, err := drivers.Find(name)
	if err != nil {
		return d, usage(err)
	}
	return d, nil
}

// names are the words that scenarios and flags may use, from the catalogs.
func names() (n scenarios.Names) {
	for _, d := range drivers.All {
		n.Targets = append(n.Targets, d.Name)
	}
	for _, w := range workloads.All {
		n.Workloads = append(n.Workloads, w.Name)
	}
	for _, f := range nemesis.All {
		n.Faults = append(n.Faults, f.Name)
	}
	for _, c := range checker.All {
		n.Checks = append(n.Checks, c.Name)
	}
	return n
}
