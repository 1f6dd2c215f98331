package memkv_test

import (
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/clustertest"
	"github.com/whitewater-kv/whitewater/cluster/memkv"
)

// The store keeps every promise that the drivers of real stores are held to, in real time.
func TestConformance(t *testing.T) {
	clustertest.Run(t, memkv.Driver, cluster.Spec{Election: 300 * time.Millisecond})
}
