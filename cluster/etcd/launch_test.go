package etcd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// program writes a shell script that plays an etcd server: it answers for its version, and does something else instead
// of serving.
func program(t *testing.T, version, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	text := "#!/bin/sh\ncase \"$*\" in\n*--version*) " + version + ";;\n*--help*) echo '--logger';;\n*) " + body + ";;\nesac\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Everything that can be wrong with the machine is told as such, with the reason and what to do.
func TestEnvironmentErrors(t *testing.T) {
	const etcd = "echo 'etcd Version: 3.5.1'"
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	full := func(kind, what string) error { return fmt.Errorf("note %s: %w", kind, syscall.ENOSPC) }
	for name, test := range map[string]struct {
		spec cluster.Spec
		want []string
	}{
		"missing":      {cluster.Spec{Binary: "/no/such/etcd"}, []string{"no such file", "must be an etcd server"}},
		"directory":    {cluster.Spec{Binary: os.TempDir()}, []string{"must be an etcd server"}},
		"not a server": {cluster.Spec{Binary: program(t, "echo 'nginx version: 1.2'", "true")}, []string{`"nginx version: 1.2"`, "must be an etcd server"}},
		"fails":        {cluster.Spec{Binary: program(t, "echo no; exit 3", "true")}, []string{"exit status 3: no"}},
		"silent":       {cluster.Spec{Binary: program(t, "true", "true")}, []string{`it answers ""`}},
		"dies": {cluster.Spec{Binary: program(t, etcd, "echo I am unwell; exit 7"), Nodes: 1},
			[]string{"launch n1", "exit status 7", "| I am unwell"}},
		"disk full": {cluster.Spec{Binary: program(t, etcd, "echo write: no space left on device; exit 1"), Nodes: 1},
			[]string{"the disk is full", "| write: no space left"}},
		"disk full early": {cluster.Spec{Nodes: 1, Own: full}, []string{"launch n1", "note pid", "the disk is full"}},
		"file in the way": {cluster.Spec{Dir: filepath.Join(file, "run")}, []string{"prepare n1", "something that is not a folder"}},
		"unknown flag":    {cluster.Spec{Nodes: 1, Args: []string{"--no-such-flag"}}, []string{"does not take", "flag provided but not defined: -no-such-flag"}},
		"port taken": {cluster.Spec{Nodes: 1, Direct: true, Args: []string{"--listen-client-urls=http://" + taken.Addr().String()}},
			[]string{"launch n1", "another program has its port", "address already in use"}},
		"no such option": {cluster.Spec{Binary: program(t, "case $1 in --unsafe*) exit 2;; esac; "+etcd, "true"), UnsafeNoFsync: true},
			[]string{"etcd 3.5.1 has no --unsafe-no-fsync"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.spec.Dir == "" {
				test.spec.Dir = t.TempDir()
			}
			_, err := Launch(bounded(t), test.spec)
			var environment *cluster.EnvironmentError
			if !errors.As(err, &environment) {
				t.Fatalf("%T: %v, want an EnvironmentError", err, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nwant in it: %s", err, want)
				}
			}
		})
	}
}

func TestSpecErrors(t *testing.T) {
	for _, test := range []struct {
		spec cluster.Spec
		want string
	}{
		{cluster.Spec{Dir: "x", Nodes: 2}, "2 nodes: want one of [1 3 5 7 9]"},
		{cluster.Spec{Dir: "x", Nodes: 11}, "11 nodes"},
		{cluster.Spec{}, "no folder"},
		{cluster.Spec{Dir: "x", Heartbeat: 100e6, Election: 200e6}, "at least five times"},
	} {
		if _, err := Launch(bounded(t), test.spec); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.spec, err, test.want)
		}
	}
}

// A run folder may be deeper than a Unix socket's path can be long.
func TestDeepFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40))
	c := launch(t, cluster.Spec{Nodes: 1, Dir: dir})
	if result := dial(t, c, "n1").Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "1"}); result.Outcome != history.OK {
		t.Errorf("%+v", result)
	}
	if s := c.Status(bounded(t), "n1"); !s.Up {
		t.Errorf("%+v", s)
	}
}

// Without links members listen on ports, which stay theirs over restarts; other options reach the members too.
func TestDirect(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1, Direct: true, TLS: true, UnsafeNoFsync: true, SnapshotCount: 10,
		Args: []string{"--max-txn-ops=2"}})
	if c.Network != nil || !strings.HasPrefix(c.Endpoints["n1"], "127.0.0.1:") {
		t.Errorf("network %v, endpoints %v", c.Network, c.Endpoints)
	}
	client := dial(t, c, "n1")
	for range 30 {
		if result := client.Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "1"}); result.Outcome != history.OK {
			t.Fatalf("%+v", result)
		}
	}
	three := history.Request{Kind: history.Txn, Then: []history.Request{{Key: "a"}, {Key: "b"}, {Key: "c"}}}
	if result := client.Do(bounded(t), three); result.Error != "too many operations" {
		t.Errorf("--max-txn-ops did not reach the member: %+v", result)
	}
	if err := errors.Join(c.Process.Kill(bounded(t), "n1"), c.Process.Start(bounded(t), "n1")); err != nil {
		t.Fatal(err)
	}
	until(t, "the member is back on its port", func() bool { return c.Status(bounded(t), "n1").Up })
	evidence, err := c.Collect(bounded(t))
	if err != nil || len(evidence) != 1 || len(evidence[0].Snaps) == 0 || evidence[0].Restarts != 1 {
		t.Errorf("%v: snapshots of every 10 entries, one restart: %+v", err, evidence)
	}
}

// A member that dies by itself is told from one that was killed, with the last lines of its log.
func TestUnaskedExit(t *testing.T) {
	dir := t.TempDir()
	pids := make(chan int, 10)
	c := launch(t, cluster.Spec{Nodes: 1, Dir: dir, Own: func(_, what string) error {
		var pid int
		fmt.Sscan(what, &pid)
		pids <- pid
		return nil
	}})
	if err := syscall.Kill(<-pids, syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	until(t, "exited", func() bool { return c.Process.State("n1") == "exited" })
	if s := c.Status(bounded(t), "n1"); s.Up || s.State != "exited" {
		t.Errorf("%+v", s)
	}
	evidence, err := c.Collect(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	e := evidence[0]
	if len(e.Exits) != 1 || e.Exits[0].Status == "" || len(e.Exits[0].Tail) == 0 || e.Exits[0].At <= 0 {
		t.Errorf("exits %+v", e.Exits)
	}
	if len(e.Crashes) == 0 || e.Crashes[0].Class != "runtime" {
		t.Errorf("crashes %+v: Go's own line on SIGABRT is one", e.Crashes)
	}
	if e.Hash != nil || len(e.Notes) == 0 {
		t.Errorf("hash %+v, notes %q", e.Hash, e.Notes)
	}
	if err := c.Process.Start(bounded(t), "n1"); err != nil {
		t.Error(err)
	}
	until(t, "up again", func() bool { return c.Status(bounded(t), "n1").Up })
}

// A member that is started the moment it has died leaves its last words all the same, and not those of its next life.
func TestStartedAtOnce(t *testing.T) {
	dir := t.TempDir()
	pids := make(chan int, 10)
	c := launch(t, cluster.Spec{Nodes: 1, Dir: dir, Own: func(_, what string) error {
		var pid int
		fmt.Sscan(what, &pid)
		pids <- pid
		return nil
	}})
	for range 3 {
		until(t, "up", func() bool { return c.Status(bounded(t), "n1").Up })
		if err := syscall.Kill(<-pids, syscall.SIGABRT); err != nil {
			t.Fatal(err)
		}
		for c.Process.State("n1") != "exited" {
			runtime.Gosched()
		}
		if err := c.Process.Start(bounded(t), "n1"); err != nil {
			t.Fatal(err)
		}
	}
	evidence, err := c.Collect(bounded(t))
	if err != nil || len(evidence[0].Exits) != 3 || evidence[0].Restarts != 3 {
		t.Fatalf("%+v, %v", evidence, err)
	}
	for _, exit := range evidence[0].Exits {
		if len(exit.Tail) == 0 || !strings.HasPrefix(exit.Tail[0], "SIGABRT: ") {
			t.Errorf("last words %q", exit.Tail)
		}
	}
}
