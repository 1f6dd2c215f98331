package etcd

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/history"
)

func TestMain(m *testing.M) {
	if member.MaybeMain() {
		return
	}
	os.Exit(m.Run())
}

func TestSmoke(t *testing.T) {
	for _, spec := range []cluster.Spec{{}, {TLS: true}, {Direct: true}, {Direct: true, TLS: true, Nodes: 1}, {Binary: "/usr/bin/etcd"}, {Binary: "/usr/bin/etcd", TLS: true}, {Binary: "/usr/bin/etcd", UnsafeNoFsync: true, Nodes: 1}} {
		t.Run(fmt.Sprintf("%+v", spec)[:40], func(t *testing.T) {
			spec.Dir = t.TempDir()
			begin := time.Now()
			c, err := Launch(context.Background(), spec)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			t.Log(c.Version, c.Nodes, time.Since(begin))
			for _, n := range c.Nodes {
				t.Logf("%+v", c.Status(context.Background(), n))
				cl, err := c.Dial(context.Background(), n)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%+v", cl.Do(context.Background(), history.Request{Kind: history.Put, Key: "a", Value: string(n)}))
				t.Logf("%+v", cl.Do(context.Background(), history.Request{Kind: history.Get, Key: "a"}))
				cl.Close()
			}
			begin = time.Now()
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			t.Log(time.Since(begin))
		})
	}
}
