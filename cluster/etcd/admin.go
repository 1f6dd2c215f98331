package etcd

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/whitewater-kv/whitewater/history"
)

// admin is the cluster.Admin lever. It reaches the members past the links, with etcd's own client on connections that
// belong to one member each: nothing is balanced, and nothing is tried twice.
type admin struct{ s *system }

// do asks a member for something. Some of these answers do not say who gives them, so that is asked first.
func (a admin) do(ctx context.Context, id history.NodeID, what string, f func(*grpc.ClientConn) error) error {
	probe, ok := a.s.probes[id]
	if !ok {
		return fmt.Errorf("%s %s: no such member", what, id)
	}
	err := probe.prove(ctx)
	if err == nil {
		err = f(probe.conn)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	return nil
}

// Compact removes what was before the revision, on all members.
func (a admin) Compact(ctx context.Context, id history.NodeID, revision int64) error {
	return a.do(ctx, id, "compact through", func(conn *grpc.ClientConn) error {
		_, err := clientv3.NewKVFromKVClient(pb.NewKVClient(conn), nil).Compact(ctx, revision)
		return err
	})
}

// Defragment rewrites a member's store; it serves nothing meanwhile.
func (a admin) Defragment(ctx context.Context, id history.NodeID) error {
	return a.do(ctx, id, "defragment", func(conn *grpc.ClientConn) error {
		_, err := maintenance(conn).Defragment(ctx, "")
		return err
	})
}

// MoveLeader asks from, which must lead, to hand over to to.
func (a admin) MoveLeader(ctx context.Context, from, to history.NodeID) error {
	target, ok := a.s.nodes[to]
	if !ok {
		return fmt.Errorf("move the leader to %s: no such member", to)
	}
	return a.do(ctx, from, "move the leader from", func(conn *grpc.ClientConn) error {
		_, err := maintenance(conn).MoveLeader(ctx, target.member)
		return err
	})
}

// HashKV hashes a member's store as it was at the revision; 0 = now.
func (a admin) HashKV(ctx context.Context, id history.NodeID, revision int64) (history.HashKV, error) {
	var hash history.HashKV
	err := a.do(ctx, id, "hash", func(conn *grpc.ClientConn) error {
		response, err := maintenance(conn).HashKV(ctx, "", revision)
		if err != nil {
			return err
		}
		hash = history.HashKV{Revision: revision, Compact: response.CompactRevision, Hash: response.Hash}
		if hash.Revision == 0 {
			hash.Revision = response.Header.Revision
		}
		return nil
	})
	return hash, err
}

// maintenance is etcd's client for the member at the other end. Its calls take an endpoint, which is not looked at.
func maintenance(conn *grpc.ClientConn) clientv3.Maintenance {
	return clientv3.NewMaintenanceFromMaintenanceClient(pb.NewMaintenanceClient(conn), nil)
}
