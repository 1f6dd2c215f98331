package etcd

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/metadata"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// enter connects to a guarded cluster and dials its member.
func enter(t *testing.T, c *cluster.Cluster, dir, user, password string) (*cluster.Cluster, *client) {
	t.Helper()
	access := Access{Endpoints: []string{c.Endpoints["n1"]}, User: user, Password: password}
	if dir != "" {
		config, err := files(dir).Load()
		if err != nil {
			t.Fatal(err)
		}
		access.TLS = config
	}
	theirs, err := Connect(bounded(t), access, cluster.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	return theirs, dial(t, theirs, "n1").(*client)
}

// forget makes the cluster forget every token, as a member does that is started again or was not asked for long.
func forget(t *testing.T, admin pb.AuthClient) {
	t.Helper()
	ctx := bounded(t)
	answer, err := admin.Authenticate(ctx, &pb.AuthenticateRequest{Name: "root", Password: "sesame"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AuthDisable(metadata.AppendToOutgoingContext(ctx, "token", answer.GetToken()), &pb.AuthDisableRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AuthEnable(ctx, &pb.AuthEnableRequest{}); err != nil {
		t.Fatal(err)
	}
}

// With certificates and a password everything works as it does without: what goes the fast way and what goes over gRPC,
// calls and streams. Once the token is forgotten each way loses one request, which is known to have had no effect, and
// the next one brings a new token.
func TestLogIn(t *testing.T) {
	c, admin, dir := guarded(t, cluster.Spec{TLS: true})
	theirs, client := enter(t, c, dir, "root", "sesame")
	ask := func(r history.Request) string {
		result := client.Do(bounded(t), r)
		return strings.TrimSpace(fmt.Sprintf("%v %s", result.Outcome, result.Error))
	}
	if got := ask(history.Request{Kind: history.Grant, Lease: 7, TTL: 600}); got != "ok" {
		t.Fatalf("grant: %s", got)
	}
	for n, request := range []history.Request{
		{Kind: history.Put, Key: "b/x", Value: "1"},
		{Kind: history.Get, Key: "b/x"},
		{Kind: history.CAS, Key: "b/x", Expect: "1", Value: "2"},
		{Kind: history.Put, Key: "b/x", Value: strings.Repeat("long", 8<<10)},
		{Kind: history.KeepAlive, Lease: 7},
		{Kind: history.Delete, Key: "b/y"},
	} {
		if got := ask(request); got != "ok" {
			t.Errorf("%d %v: %s", n, request.Kind, got)
		}
		forget(t, admin)
		if got := ask(request); got != "fail invalid token" {
			t.Errorf("%d %v with a token that is forgotten: %s", n, request.Kind, got)
		}
		if got := ask(request); got != "ok" {
			t.Errorf("%d %v with a new token: %s", n, request.Kind, got)
		}
	}
	forget(t, admin)
	if s := theirs.Status(bounded(t), "n1"); s.Up {
		t.Error("a status with a token that is forgotten")
	}
	if s := theirs.Status(bounded(t), "n1"); !s.Up {
		t.Error("no status with a new token")
	}
	forget(t, admin)
	dial(t, theirs, "n1") // nothing is lost by dialling again, so it is
}

// A request that is turned down has no effect.
func TestPermission(t *testing.T) {
	c, _, _ := guarded(t, cluster.Spec{})
	_, root := enter(t, c, "", "root", "sesame")
	_, reader := enter(t, c, "", "reader", "letters")
	put := func(key string) history.Request { return history.Request{Kind: history.Put, Key: key, Value: "1"} }
	get := func(key string) history.Request { return history.Request{Kind: history.Get, Key: key} }
	for _, test := range []struct {
		client  *client
		request history.Request
		want    string
	}{
		{root, put("b/x"), "ok "},
		{reader, get("b/x"), "ok "},
		{reader, get("x"), "fail permission denied"},
		{reader, put("b/x"), "fail permission denied"},
		{reader, history.Request{Kind: history.Delete, Key: "b/x"}, "fail permission denied"},
		{reader, history.Request{Kind: history.Txn, Then: []history.Request{get("b/x")}}, "ok "},
		{reader, history.Request{Kind: history.Txn, Then: []history.Request{get("b/x"), put("b/x")}}, "fail permission denied"},
	} {
		result := test.client.Do(bounded(t), test.request)
		if got := fmt.Sprintf("%v %s", result.Outcome, result.Error); got != test.want {
			t.Errorf("%v: %s, want %s", test.request, got, test.want)
		}
	}
	result := root.Do(bounded(t), get("b/x"))
	if len(result.KVs) != 1 || result.KVs[0].Version != 1 {
		t.Errorf("what was turned down has had an effect: %+v", result.KVs)
	}
}

// A watch that is cancelled because of its token is opened with a new one the next time.
func TestWatchLogIn(t *testing.T) {
	c, admin, _ := guarded(t, cluster.Spec{})
	theirs, client := enter(t, c, "", "root", "sesame")
	created := func() error {
		ctx, cancel := context.WithCancel(bounded(t))
		defer cancel()
		return theirs.Watch(ctx, history.Watch{Node: "n1", Key: "b/", End: "b0"}, func(r history.WatchResponse) {
			if r.Created {
				cancel()
			}
		})
	}
	if err := created(); err != nil {
		t.Error(err)
	}
	held := *client.account.held.Load()
	forget(t, admin)
	if err := created(); err == nil {
		t.Error("a watch with a token that is forgotten")
	}
	if err := created(); err != nil {
		t.Errorf("with a new token: %v", err)
	}
	if *client.account.held.Load() == held {
		t.Error("the token is still the old one")
	}
}

// However many requests find their token refused at once, one asks for a new one and the others wait for it; and whose
// time is up while it waits was not sent.
func TestOneTurn(t *testing.T) {
	c, admin, _ := guarded(t, cluster.Spec{})
	_, client := enter(t, c, "", "root", "sesame")
	forget(t, admin)
	var tokens sync.Map
	var asking sync.WaitGroup
	for range 16 {
		asking.Go(func() {
			for {
				result := client.Do(bounded(t), history.Request{Kind: history.Get, Key: "b/x"})
				if result.Outcome == history.OK {
					tokens.Store(*client.account.held.Load(), true)
					return
				}
				if result.Error != "invalid token" {
					t.Errorf("%+v", result)
					return
				}
			}
		})
	}
	asking.Wait()
	seen := 0
	tokens.Range(func(any, any) bool { seen++; return true })
	if seen != 1 {
		t.Errorf("%d tokens", seen)
	}

	client.account.held.Store(nil)
	client.account.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, kind := range []history.Kind{history.Put, history.Delete} {
		if result := client.Do(ctx, history.Request{Kind: kind, Key: "b/x", Value: "1"}); result.Outcome != history.Fail || result.Error != "not sent: cancelled" {
			t.Errorf("%v: %+v", kind, result)
		}
	}
	<-client.account.turn
}

// A password that is changed meanwhile ends the requests before they are sent.
func TestPasswordChanged(t *testing.T) {
	c, admin, _ := guarded(t, cluster.Spec{})
	_, client := enter(t, c, "", "reader", "letters")
	ctx := bounded(t)
	answer, err := admin.Authenticate(ctx, &pb.AuthenticateRequest{Name: "root", Password: "sesame"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = admin.UserChangePassword(metadata.AppendToOutgoingContext(ctx, "token", answer.GetToken()), &pb.AuthUserChangePasswordRequest{Name: "reader", Password: "other"})
	if err != nil {
		t.Fatal(err)
	}
	forget(t, admin)
	for _, want := range []string{"fail invalid token", "fail not sent: no token", "fail not sent: no token"} {
		result := client.Do(ctx, history.Request{Kind: history.Get, Key: "b/x"})
		if got := fmt.Sprintf("%v %s", result.Outcome, result.Error); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A signed token is longer than one byte of HPACK can tell.
func TestSignedToken(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(path string) error{
		"public":  func(path string) error { return writePEM(path, "PUBLIC KEY", public) },
		"private": func(path string) error { return writePEM(path, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)) },
	} {
		if err := write(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	c, _, _ := guarded(t, cluster.Spec{Args: []string{fmt.Sprintf("--auth-token=jwt,pub-key=%s,priv-key=%s,sign-method=RS256,ttl=1h",
		filepath.Join(dir, "public"), filepath.Join(dir, "private"))}})
	_, client := enter(t, c, "", "root", "sesame")
	if token := *client.account.held.Load(); len(token) < 256 {
		t.Errorf("a token of %d bytes", len(token))
	}
	for _, kind := range []history.Kind{history.Put, history.Delete} {
		if result := client.Do(bounded(t), history.Request{Kind: kind, Key: "b/x", Value: "1"}); result.Outcome != history.OK {
			t.Errorf("%v: %+v", kind, result)
		}
	}
}
