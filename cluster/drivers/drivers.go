// Package drivers is the list of the systems that can be put under test.
package drivers

import (
	"fmt"
	"strings"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
)

// All are the drivers, the default first.
var All = []cluster.Driver{
	etcd.Driver,
	memkv.Driver,
}

// Find returns the driver of that name; "" is the default.
func Find(name string) (cluster.Driver, error) {
	var names []string
	for _, d := range All {
		if name == "" || d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	return cluster.Driver{}, fmt.Errorf("no driver %q: there are %s", name, strings.Join(names, ", "))
}
