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

// The test binary is also the members, and a harness that is to be killed.
func TestMain(m *testing.M) {
	if member.MaybeMain() {
		return
	}
	if dir := os.Getenv("WHITEWATER_TEST_HARNESS"); dir != "" {
		harnessToKill(dir)
		return
	}
	os.Exit(m.Run())
}

// harnessToKill launches a cluster, tells what it owns, and waits for its end.
func harnessToKill(dir string) {
	_, err := Launch(context.Background(), cluster.Spec{Dir: dir, Own: func(kind, what string) error {
		_, err := fmt.Println(kind, what)
		return err
	}})
	fmt.Println("launched", err)
	select {} // until it is killed
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// hurried makes a cluster elect its leader sooner: on a busy machine it may lose it sooner too.
func hurried(spec cluster.Spec) cluster.Spec {
	spec.Heartbeat, spec.Election = 30*time.Millisecond, 300*time.Millisecond
	return spec
}

// launch launches a cluster for one test that does not mind if the leader changes.
func launch(t *testing.T, spec cluster.Spec) *cluster.Cluster {
	t.Helper()
	spec = hurried(spec)
	if spec.Dir == "" {
		spec.Dir = t.TempDir()
	}
	c, err := Launch(bounded(t), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func dial(t *testing.T, c *cluster.Cluster, id history.NodeID) cluster.Client {
	t.Helper()
	client, err := c.Dial(bounded(t), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
