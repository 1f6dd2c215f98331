package main

import (
	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
	"github.com/whitewater-kv/whitewater/nemesis"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/workloads"
)

// drivers are the systems that can be put under test.
var drivers = []cluster.Driver{etcd.Driver, memkv.Driver}

// driver finds a driver by its name.
func driver(name string) (cluster.Driver, error) {
	for _, d := range drivers {
		if d.Name == name {
			return d, nil
		}
	}
	return cluster.Driver{}, usage(scenarios.Unknown("target", name, names().Targets))
}

// names are the words that scenarios and flags may use, from the catalogs.
func names() (n scenarios.Names) {
	for _, d := range drivers {
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
