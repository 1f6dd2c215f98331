package etcd

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"

	"github.com/whitewater-kv/whitewater/history"
)

// admin is the cluster.Admin lever. It reaches the members past the links.
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
		_, err := pb.NewKVClient(conn).Compact(ctx, &pb.CompactionRequest{Revision: revision})
		return err
	})
}

// Defragment rewrites a member's store; it serves nothing meanwhile.
func (a admin) Defragment(ctx context.Context, id history.NodeID) error {
	return a.do(ctx, id, "defragment", func(conn *grpc.ClientConn) error {
		_, err := pb.NewMaintenanceClient(conn).Defragment(ctx, &pb.DefragmentRequest{})
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
		_, err := pb.NewMaintenanceClient(conn).MoveLeader(ctx, &pb.MoveLeaderRequest{TargetID: target.member})
		return err
	})
}

// HashKV hashes a member's store as it was at the revision; 0 = now.
func (a admin) HashKV(ctx context.Context, id history.NodeID, revision int64) (history.HashKV, error) {
	var hash history.HashKV
	err := a.do(ctx, id, "hash", func(conn *grpc.ClientConn) error {
		response, err := pb.NewMaintenanceClient(conn).HashKV(ctx, &pb.HashKVRequest{Revision: revision})
		hash = history.HashKV{Revision: revision, Compact: response.GetCompactRevision(), Hash: response.GetHash()}
		if hash.Revision == 0 {
			hash.Revision = response.GetHeader().GetRevision()
		}
		return err
	})
	return hash, err
}
