package etcd

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// A cluster of somebody else can be driven but not broken.
func TestConnect(t *testing.T) {
	theirs := launch(t, cluster.Spec{Nodes: 1})
	other := launch(t, cluster.Spec{Nodes: 1})
	c, err := Connect(bounded(t), Access{Endpoints: []string{theirs.Endpoints["n1"]}}, cluster.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Process != nil || c.Network != nil || c.Admin != nil || c.Version == "" || len(c.Nodes) != 1 {
		t.Errorf("%+v", c)
	}
	client := dial(t, c, "n1")
	if result := client.Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "1"}); result.Outcome != history.OK {
		t.Errorf("%+v", result)
	}
	if s := c.Status(bounded(t), "n1"); !s.Up || s.Leader != "n1" || s.State != "" {
		t.Errorf("%+v", s)
	}
	if evidence, err := c.Collect(bounded(t)); evidence != nil || err != nil {
		t.Errorf("%v, %v", evidence, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if s := theirs.Status(bounded(t), "n1"); !s.Up {
		t.Error("closing the connection ended the cluster")
	}
	for _, test := range []struct {
		endpoints []string
		want      string
	}{
		{nil, "no endpoints"},
		{[]string{theirs.Endpoints["n1"], theirs.Endpoints["n1"]}, "the same member"},
		{[]string{theirs.Endpoints["n1"], other.Endpoints["n1"]}, "belongs to cluster"},
	} {
		if _, err := Connect(bounded(t), Access{Endpoints: test.endpoints}, cluster.Spec{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s", test.endpoints, err, test.want)
		}
	}
}

func TestConnectToNobody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	var log bytes.Buffer
	_, err = Connect(bounded(t), Access{Endpoints: []string{listener.Addr().String()}}, cluster.Spec{ClientLog: &log})
	var environment *cluster.EnvironmentError
	if !errors.As(err, &environment) || !strings.Contains(err.Error(), "must be an etcd member") {
		t.Errorf("%v", err)
	}
	logClients(nil) // the buffer is read now
	if !strings.Contains(log.String(), "connection refused") {
		t.Errorf("the client's log says %q", log.String())
	}
}

// A client knows its member: neither another member of the cluster nor one of another cluster will do.
func TestStranger(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1})
	at := address{"tcp", c.Endpoints["n1"]}
	s := c.Status(bounded(t), "n1")
	for _, expect := range []identity{{cluster: 1}, {member: s.Member + 1}} {
		stranger, err := newDialler(nil).open(at, expect)
		if err != nil {
			t.Fatal(err)
		}
		if err := stranger.prove(bounded(t)); err == nil || !strings.Contains(err.Error(), "answers instead of") {
			t.Errorf("%+v: %v", expect, err)
		}
		if result := stranger.Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "1"}); result.Outcome != history.Unknown || result.Error != "wrong member" {
			t.Errorf("%+v: %+v", expect, result)
		}
		err = stranger.watch(bounded(t), history.Watch{Node: "n1", Key: "x"}, func(history.WatchResponse) { t.Error("a response") })
		if err == nil || !strings.Contains(err.Error(), "answers instead of") {
			t.Errorf("%+v: watch: %v", expect, err)
		}
		stranger.Close()
	}
}

// Dialling is bounded by its context, and says which member did not answer.
func TestDialBounded(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1})
	if err := c.Process.Pause(bounded(t), "n1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := c.Dial(ctx, "n1"); err == nil || !strings.Contains(err.Error(), "dial n1") {
		t.Errorf("%v", err)
	}
	if _, err := c.Dial(ctx, "n7"); err == nil || !strings.Contains(err.Error(), "no such member") {
		t.Errorf("%v", err)
	}
}

// Over TLS only those with a certificate of the cluster's authority are let in.
func TestMutualTLS(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1, TLS: true})
	other := launch(t, cluster.Spec{Nodes: 1, TLS: true, KeepData: true})
	dial(t, other, "n1")
	certs, err := issue(t.TempDir(), []history.NodeID{"n1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, certs := range map[string]*certificates{"none": nil, "of another authority": certs} {
		client, err := newDialler(certs).open(address{"tcp", c.Endpoints["n1"]}, identity{})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.prove(bounded(t)); err == nil {
			t.Errorf("let in with certificate: %s", name)
		}
		if _, err := client.proveFast(bounded(t)); err == nil {
			t.Errorf("the fast path is let in with certificate: %s", name)
		}
		client.Close()
	}
}
