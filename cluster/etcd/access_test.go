package etcd

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// What is wrong with an access is said before anybody is called, and never with a secret in it.
func TestAccessCheck(t *testing.T) {
	config := new(tls.Config)
	for _, test := range []struct {
		access Access
		want   string // of the addresses, or the error
	}{
		{Access{Endpoints: []string{"a:1"}}, "[a:1] in the clear"},
		{Access{Endpoints: []string{"a:1", "http://b:2/"}}, "[a:1 b:2] in the clear"},
		{Access{Endpoints: []string{"https://a:1", "https://[::1]:2"}}, "[a:1 [::1]:2] over TLS"},
		{Access{Endpoints: []string{"a:1"}, TLS: config}, "[a:1] over TLS"},
		{Access{}, "no endpoints"},
		{Access{Endpoints: []string{""}}, `endpoint "": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{"a"}}, `endpoint "a": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{"a:x"}}, `endpoint "a:x": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{"a:65536"}}, `endpoint "a:65536": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{":2379"}}, `endpoint ":2379": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{"https://a:1/v3"}}, `endpoint "https://a:1/v3": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{"unix://a:1"}}, `endpoint "unix://a:1": write host:port, http://host:port or https://host:port`},
		{Access{Endpoints: []string{"https://root:secret@a:1"}}, `endpoint "a:1": no user belongs in it`},
		{Access{Endpoints: []string{"root:secret@a:1"}}, `endpoint "a:1": no user belongs in it`},
		{Access{Endpoints: []string{"http://a:1"}, TLS: config}, `endpoint "http://a:1" is in the clear, and there are certificates for TLS`},
		{Access{Endpoints: []string{"a:1", "https://b:1"}}, `endpoints "a:1" and "https://b:1": all over TLS or none`},
		{Access{Endpoints: []string{"a:1"}, Password: "secret"}, "a password without a user"},
	} {
		addrs, secure, err := test.access.addresses()
		got := fmt.Sprint(addrs, map[bool]string{false: " in the clear", true: " over TLS"}[secure])
		if wrong := test.access.Check(); wrong != nil {
			got = wrong.Error()
		} else if err != nil {
			t.Errorf("%q: checked, and yet %v", test.access.Endpoints, err)
		}
		if got != test.want {
			t.Errorf("%q: %s, want %s", test.access.Endpoints, got, test.want)
		}
	}
}

func TestFilesLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := issue(dir, []history.NodeID{"n1"}); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		files Files
		want  string
	}{
		{Files{}, "<nil>"},
		{Files{CA: in("ca.pem")}, "0 certificates"},
		{Files{CA: in("ca.pem"), Cert: in("client.pem"), Key: in("client-key.pem")}, "1 certificates"},
		{Files{SkipVerify: true}, "0 certificates"},
		{Files{CA: in("nothing")}, "the authority: open"},
		{Files{CA: in("empty")}, "holds no certificate in PEM"},
		{Files{Cert: in("client.pem")}, "come together"},
		{Files{Key: in("client-key.pem")}, "come together"},
		{Files{Cert: in("client.pem"), Key: in("member-key.pem")}, "the client's certificate: tls: private key does not match"},
		{Files{Cert: in("empty"), Key: in("client-key.pem")}, "the client's certificate: tls: failed to find any PEM data"},
	} {
		config, err := test.files.Load()
		got := "<nil>"
		switch {
		case err != nil:
			got = err.Error()
		case config != nil:
			got = fmt.Sprintf("%d certificates", len(config.Certificates))
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%+v: %s, want %s", test.files, got, test.want)
		}
	}
}

// guarded is a cluster of one member that asks who is there: root may do everything, reader may read what begins with
// b/. Over TLS the certificates are in the folder.
func guarded(t *testing.T, spec cluster.Spec) (c *cluster.Cluster, admin pb.AuthClient, dir string) {
	t.Helper()
	spec.Nodes, spec.Dir, spec.Args = 1, t.TempDir(), append(spec.Args, "--bcrypt-cost=4") // passwords of ours need no guarding
	c = launch(t, spec)
	dir = filepath.Join(spec.Dir, "nodes", "tls")
	transport := insecure.NewCredentials()
	if spec.TLS {
		certs, err := load(dir)
		if err != nil {
			t.Fatal(err)
		}
		transport = credentials.NewTLS(certs.client)
	}
	conn, err := grpc.NewClient("passthrough:///"+c.Endpoints["n1"], grpc.WithTransportCredentials(transport))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	admin = pb.NewAuthClient(conn)
	ctx := bounded(t)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(admin.UserAdd(ctx, &pb.AuthUserAddRequest{Name: "root", Password: "sesame"}))
	must(admin.UserGrantRole(ctx, &pb.AuthUserGrantRoleRequest{User: "root", Role: "root"}))
	must(admin.UserAdd(ctx, &pb.AuthUserAddRequest{Name: "reader", Password: "letters"}))
	must(admin.RoleAdd(ctx, &pb.AuthRoleAddRequest{Name: "reading"}))
	must(admin.RoleGrantPermission(ctx, &pb.AuthRoleGrantPermissionRequest{Name: "reading",
		Perm: &authpb.Permission{PermType: authpb.READ, Key: []byte("b/"), RangeEnd: []byte("b0")}}))
	must(admin.UserGrantRole(ctx, &pb.AuthUserGrantRoleRequest{User: "reader", Role: "reading"}))
	must(admin.AuthEnable(ctx, &pb.AuthEnableRequest{}))
	return c, admin, dir
}

// Whoever is not let in learns by whom and why, and what to do about it.
func TestConnectRefused(t *testing.T) {
	c, _, dir := guarded(t, cluster.Spec{TLS: true})
	open, _, _ := guarded(t, cluster.Spec{})
	plain := launch(t, cluster.Spec{Nodes: 1})
	at, ours := c.Endpoints["n1"], files(dir)
	other, othersCA := impostor(t, net.IPv4(127, 0, 0, 2), time.Now().Add(validity))
	old, oldCA := impostor(t, net.IPv4(127, 0, 0, 1), time.Now().Add(-time.Hour))
	for _, test := range []struct {
		name, endpoint string
		files          Files
		user           string
		want           string
	}{
		{"a stranger's certificate", at, Files{Cert: ours.Cert, Key: ours.Key}, "",
			"connect to " + at + ": TLS handshake: tls: failed to verify certificate: x509: certificate signed by unknown authority (--cacert"},
		{"another name", other, Files{CA: othersCA}, "", "x509: certificate is valid for 127.0.0.2, not 127.0.0.1 (write the endpoint as"},
		{"expired", old, Files{CA: oldCA}, "", "x509: certificate has expired or is not yet valid"},
		{"no certificate of ours", at, Files{CA: ours.CA}, "", "remote error: tls: certificate required (--cert and --key"},
		{"TLS is spoken", "http://" + at, Files{}, "", "if it speaks TLS: https://"},
		{"TLS is not spoken", "https://" + plain.Endpoints["n1"], Files{}, "", "if it does not speak TLS: http://"},
		{"nobody", open.Endpoints["n1"], Files{}, "", "etcdserver: user name is empty (the cluster asks who is there: --user)"},
		{"a wrong password", at, ours, "root:sesam", "authenticate root: etcdserver: authentication failed, invalid user ID or password (--user"},
		{"an unknown user", at, ours, "toor:sesame", "authenticate toor: etcdserver: authentication failed, invalid user ID or password (--user"},
		{"no authentication", plain.Endpoints["n1"], Files{}, "root:sesame", "authenticate root: etcdserver: authentication is not enabled (leave out --user)"},
	} {
		config, err := test.files.Load()
		if err != nil {
			t.Fatal(err)
		}
		user, password, _ := strings.Cut(test.user, ":")
		_, err = Connect(bounded(t), Access{Endpoints: []string{test.endpoint}, TLS: config, User: user, Password: password}, cluster.Spec{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func files(dir string) Files {
	return Files{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "client.pem"), Key: filepath.Join(dir, "client-key.pem")}
}

// impostor is the address of a peer with a certificate for a host and until a time, and the file of who signed it.
func impostor(t *testing.T, host net.IP, until time.Time) (addr, ca string) {
	t.Helper()
	dir := t.TempDir()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	authority := template("an authority of its own")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	root, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert := template("a member")
	cert.NotBefore, cert.NotAfter, cert.IPAddresses = until.Add(-validity), until, []net.IP{host}
	name := filepath.Join(dir, "peer")
	if err := errors.Join(writePEM(filepath.Join(dir, "ca.pem"), "CERTIFICATE", root), sign(name, cert, authority, key)); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(name+".pem", name+"-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.(*tls.Conn).Handshake() // the caller ends it
			conn.Close()
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return listener.Addr().String(), filepath.Join(dir, "ca.pem")
}
