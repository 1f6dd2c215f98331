package etcd

import (
	"os"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/clustertest"
)

// oldEtcd is Debian's: the oldest version that is supported.
const oldEtcd = "/usr/bin/etcd"

func TestConformance(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { clustertest.Run(t, Driver, cluster.Spec{}) })
	t.Run("embedded TLS", func(t *testing.T) { clustertest.Run(t, Driver, cluster.Spec{TLS: true}) })
	t.Run("old", func(t *testing.T) {
		if _, err := os.Stat(oldEtcd); err != nil {
			t.Skipf("SKIPPED, NOT TESTED: another etcd than the embedded one: %v", err)
		}
		clustertest.Run(t, Driver, cluster.Spec{Binary: oldEtcd})
	})
}
