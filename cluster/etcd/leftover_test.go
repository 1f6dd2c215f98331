package etcd

import (
	"bufio"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/procs"
)

// ledger notes what a cluster owns.
type ledger []procs.Owned

func (l *ledger) own(kind, what string) error {
	*l = append(*l, procs.Owned{Kind: kind, What: what})
	return nil
}

// nothingLeft looks for what a cluster may have left: processes, sockets, data, keys. Logs and arguments stay.
func nothingLeft(t *testing.T, dir string, owned []procs.Owned) {
	t.Helper()
	for _, o := range owned {
		if procs.Alive(o.What) {
			t.Errorf("process %s still runs", o.What)
		}
	}
	filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != logName && entry.Name() != "args" {
			t.Errorf("left: %s", path)
		}
		return nil
	})
}

// Nothing is left on the machine, whatever state the members are in when the cluster is closed.
func TestNothingLeft(t *testing.T) {
	for name, disturb := range map[string]func(context.Context, *cluster.Cluster) error{
		"healthy": func(context.Context, *cluster.Cluster) error { return nil },
		"paused": func(ctx context.Context, c *cluster.Cluster) error {
			return c.Process.Pause(ctx, "n1")
		},
		"killed": func(ctx context.Context, c *cluster.Cluster) error { return c.Process.Kill(ctx, "n2") },
		"cut": func(_ context.Context, c *cluster.Cluster) error {
			return c.Network.Cut("n1", "n2")
		},
		"restarting": func(ctx context.Context, c *cluster.Cluster) error {
			if err := c.Process.Kill(ctx, "n3"); err != nil {
				return err
			}
			return c.Process.Start(ctx, "n3")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var owned ledger
			dir := t.TempDir()
			c, err := Launch(bounded(t), hurried(cluster.Spec{Dir: dir, Own: owned.own, TLS: name == "healthy"}))
			if err != nil {
				t.Fatal(err)
			}
			client, err := c.Dial(bounded(t), "n1")
			if err != nil {
				t.Fatal(err)
			}
			client.Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "1"})
			if err := disturb(bounded(t), c); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Errorf("close again: %v", err)
			}
			if len(owned) < 3 {
				t.Errorf("owned: %v", owned)
			}
			nothingLeft(t, dir, owned)
			if result := client.Do(bounded(t), history.Request{Kind: history.Put, Key: "x"}); result.Outcome == history.OK {
				t.Errorf("a client of a closed cluster: %+v", result)
			}
			client.Close()
		})
	}
}

// A launch that fails, or that is given up, leaves no more than one that succeeds.
func TestNothingLeftOfFailedLaunch(t *testing.T) {
	for name, spec := range map[string]cluster.Spec{
		"bad flag":  {Args: []string{"--no-such-flag"}},
		"no leader": {Args: []string{"--initial-cluster=n1=http://n1.whitewater.invalid:2380,n2=http://n2.whitewater.invalid:2380"}, Nodes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var owned ledger
			spec.Dir, spec.Own = t.TempDir(), owned.own
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			if c, err := Launch(ctx, spec); err == nil {
				c.Close()
				t.Fatal("launched")
			}
			nothingLeft(t, spec.Dir, owned)
		})
	}
}

// kill -9 of the harness ends the members on Linux; what is left elsewhere, Cleanup ends.
func TestHarnessKilled(t *testing.T) {
	dir := t.TempDir()
	harness := exec.Command(os.Args[0])
	harness.Env = append(os.Environ(), "WHITEWATER_TEST_HARNESS="+dir)
	out, err := harness.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := harness.Start(); err != nil {
		t.Fatal(err)
	}
	defer harness.Wait()
	defer harness.Process.Kill()
	var owned ledger
	for lines := bufio.NewScanner(out); lines.Scan(); {
		kind, what, _ := strings.Cut(lines.Text(), " ")
		if kind == "launched" {
			if what != "<nil>" {
				t.Fatal(what)
			}
			break
		}
		owned.own(kind, what)
	}
	if len(owned) != 3 {
		t.Fatalf("owned: %v", owned)
	}
	for _, o := range owned {
		if !procs.Alive(o.What) {
			t.Errorf("%s does not run", o.What)
		}
	}
	harness.Process.Kill()
	if runtime.GOOS == "linux" {
		until(t, "the members die with the harness", func() bool {
			return !procs.Alive(owned[0].What) && !procs.Alive(owned[1].What) && !procs.Alive(owned[2].What)
		})
	}
	if _, err := procs.Cleanup(bounded(t), owned); err != nil {
		t.Error(err)
	}
	for _, o := range owned {
		if procs.Alive(o.What) {
			t.Errorf("%s still runs", o.What)
		}
	}
}
