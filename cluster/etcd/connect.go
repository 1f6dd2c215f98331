package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// Connect reaches a cluster that somebody else runs. It has no levers, and nothing of it is closed but the connections.
// Members are named n1, n2, … in the order of the endpoints; two endpoints of one member are an error.
func Connect(ctx context.Context, access Access, spec cluster.Spec) (*cluster.Cluster, error) {
	addrs, secure, err := access.addresses()
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	logClients(spec.ClientLog)
	if spec.Since == nil {
		began := time.Now()
		spec.Since = func() time.Duration { return time.Since(began) }
	}
	if spec.Log == nil {
		spec.Log = slog.New(slog.DiscardHandler)
	}
	s := &system{spec: spec, foreign: true, nodes: make(map[history.NodeID]*node), probes: make(map[history.NodeID]*client),
		epoch: time.Now().Add(-spec.Since()), dials: access.dialler(addrs, secure)}
	for i, addr := range addrs {
		if err := s.meet(ctx, history.NodeID(fmt.Sprintf("n%d", i+1)), addr); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	c := &cluster.Cluster{Driver: "etcd", Version: s.version, Nodes: s.order, Endpoints: make(map[history.NodeID]string),
		Dial: s.dial, Status: s.status, Watch: s.watch, Close: s.close,
		Collect: func(context.Context) ([]history.Evidence, error) { return nil, nil }}
	for id, n := range s.nodes {
		c.Endpoints[id] = n.endpoint
	}
	return c, nil
}

// dialler opens connections as the access says.
func (a Access) dialler(addrs []string, secure bool) *dialler {
	var certs *certificates
	if secure {
		certs = &certificates{client: a.TLS}
		if a.TLS == nil {
			certs.client = new(tls.Config)
		}
	}
	d := newDialler(certs)
	if a.User != "" {
		d.accounts = make(map[string]*account)
		for _, addr := range addrs {
			d.accounts[addr] = newAccount(a.User, a.Password)
		}
	}
	return d
}

// meet learns who answers at an endpoint; from then on nobody else may.
func (s *system) meet(ctx context.Context, id history.NodeID, endpoint string) error {
	probe, err := s.dials.open(address{"tcp", endpoint}, identity{})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", endpoint, err)
	}
	s.probes[id] = probe
	response, err := pb.NewMaintenanceClient(probe.conn).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		if _, plain := probe.proveFast(ctx); plain != nil {
			err = plain // gRPC wraps the same reason in words of its own
		}
		return unreached(endpoint, err)
	}
	header := response.GetHeader()
	if s.id != 0 && s.id != header.GetClusterId() {
		return fmt.Errorf("connect to %s: it belongs to cluster %x, the others to %x", endpoint, header.GetClusterId(), s.id)
	}
	if other := s.name(header.GetMemberId()); other != "" {
		return fmt.Errorf("connect to %s: it is the same member as %s", endpoint, s.nodes[other].endpoint)
	}
	s.id, s.version = header.GetClusterId(), response.GetVersion()
	s.nodes[id] = &node{id: id, endpoint: endpoint, client: address{"tcp", endpoint}, member: header.GetMemberId()}
	probe.expect = s.expect(id)
	s.order = append(s.order, id)
	return nil
}
