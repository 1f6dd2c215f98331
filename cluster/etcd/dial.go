package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/cluster/etcd/unary"
	"github.com/whitewater-kv/whitewater/history"
)

// dialler opens connections to members. etcd's own client is not used: it retries, balances and resumes behind one's
// back. A connection of ours goes to one address for good.
type dialler struct {
	tls      *tls.Config // nil = in the clear; without a ServerName a member must have the name that it is called by
	methods  *methods
	accounts map[string]*account // by address; nil where nobody logs in
}

func newDialler(certs *certificates) *dialler {
	d := &dialler{methods: newMethods(certs != nil)}
	if certs != nil {
		d.tls = certs.client
	}
	return d
}

// secure is how one speaks to an address over TLS.
func (d *dialler) secure(a address) *tls.Config {
	config := d.tls.Clone()
	config.NextProtos = []string{"h2"}
	if host, _, err := net.SplitHostPort(a.addr); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	return config
}

// identity is who must answer; zeros: whoever does.
type identity struct{ cluster, member uint64 }

func (s *system) expect(id history.NodeID) identity {
	return identity{cluster: s.id, member: s.nodes[id].member}
}

// open returns a client at once; it connects when it is used, and again whenever it must.
func (d *dialler) open(a address, expect identity) (*client, error) {
	c := &client{fast: unary.New(d.connect(a)), methods: d.methods, account: d.accounts[a.addr], expect: expect}
	transport := insecure.NewCredentials()
	if d.tls != nil {
		transport = credentials.NewTLS(d.secure(a))
	}
	options := append(c.logIn(),
		grpc.WithTransportCredentials(transport),
		grpc.WithPerRPCCredentials(oneAttempt{}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, a.network, a.addr)
		}),
		grpc.WithNoProxy(), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(), grpc.WithDisableHealthCheck(),
		grpc.WithIdleTimeout(0),
		// A member that comes back is to be found at once.
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 20 * time.Second,
			Backoff: backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, Jitter: 0.2, MaxDelay: 250 * time.Millisecond}}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
	)
	conn, err := grpc.NewClient("passthrough:///member", options...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dial %s: %w", a.addr, err), c.fast.Close())
	}
	c.conn, c.kv, c.lease, c.lock, c.election = conn, pb.NewKVClient(conn), pb.NewLeaseClient(conn), member.NewLockClient(conn), member.NewElectionClient(conn)
	return c, nil
}

// connect is how the fast path reaches an address.
func (d *dialler) connect(a address) func(context.Context) (net.Conn, error) {
	var config *tls.Config
	if d.tls != nil {
		config = d.secure(a)
	}
	return func(ctx context.Context) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, a.network, a.addr)
		if err != nil || config == nil {
			return conn, err
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
		return secure, nil
	}
}

// dial connects a client to a member, along the clients' link.
func (s *system) dial(ctx context.Context, id history.NodeID) (cluster.Client, error) {
	n, ok := s.nodes[id]
	if !ok {
		return nil, fmt.Errorf("dial %s: no such member", id)
	}
	c, err := s.dials.open(address{"tcp", n.endpoint}, s.expect(id))
	if err != nil {
		return nil, err
	}
	if err := c.await(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("dial %s: %w", id, err), c.Close())
	}
	return c, nil
}

// prove checks who answers on gRPC's connection.
func (c *client) prove(ctx context.Context) error {
	response, err := pb.NewMaintenanceClient(c.conn).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		return err
	}
	return c.expect.check(headerOf(response.GetHeader()))
}

// check compares an answer's header with who should have answered: ports may be another program's by now, even another
// etcd's.
func (want identity) check(h history.Header) error {
	if want.cluster != 0 && h.Cluster != want.cluster {
		return fmt.Errorf("cluster %x answers instead of %x", h.Cluster, want.cluster)
	}
	if want.member != 0 && h.Member != want.member {
		return fmt.Errorf("member %x answers instead of %x", h.Member, want.member)
	}
	return nil
}

// attempt is the context of one operation; it counts how often the operation went out.
type attempt struct {
	context.Context
	sent atomic.Int32
}

type attemptKey struct{}

func (a *attempt) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return a
	}
	return a.Context.Value(key)
}

// oneAttempt makes sure that an operation goes out once. WithDisableRetry alone does not: gRPC still repeats "transparently"
// what the server refused or may not have seen. It asks for credentials each time before it writes a request's header,
// and refusing them then ends the operation. So sent = 0 proves that nothing ever went out.
type oneAttempt struct{}

var errSecondAttempt = status.Error(codes.Unavailable, "whitewater: refused once, not sent again")

func (oneAttempt) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok && a.sent.Add(1) > 1 {
		return nil, errSecondAttempt
	}
	return nil, nil
}

func (oneAttempt) RequireTransportSecurity() bool { return false }
