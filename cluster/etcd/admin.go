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

func (a admin) do(id history.NodeID, what string, f func(*grpc.ClientConn) (*pb.ResponseHeader, error)) error {
	probe, ok := a.s.probes[id]
	if !ok {
		return fmt.Errorf("%s %s: no such member", what, id)
	}
	header, err := f(probe.conn)
	if err == nil {
		err = a.s.expect(id).check(header)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	return nil
}

// Compact removes what was before the revision, on all members.
func (a admin) Compact(ctx context.Context, id history.NodeID, revision int64) error {
	return a.do(id, "compact through", func(conn *grpc.ClientConn) (*pb.ResponseHeader, error) {
		response, err := pb.NewKVClient(conn).Compact(ctx, &pb.CompactionRequest{Revision: revision})
		return response.GetHeader(), err
	})
}

// Defragment rewrites a member's store; it serves nothing meanwhile.
func (a admin) Defragment(ctx context.Context, id history.NodeID) error {
	// etcd answers without a member id here; the Status before shows whose answer it is.
	return a.do(id, "defragment", func(conn *grpc.ClientConn) (*pb.ResponseHeader, error) {
		maintenance := pb.NewMaintenanceClient(conn)
		status, err := maintenance.Status(ctx, &pb.StatusRequest{})
		if err != nil {
			return nil, err
		}
		_, err = maintenance.Defragment(ctx, &pb.DefragmentRequest{})
		return status.GetHeader(), err
	})
}

// MoveLeader asks from, which must lead, to hand over to to.
func (a admin) MoveLeader(ctx context.Context, from, to history.NodeID) error {
	target, ok := a.s.nodes[to]
	if !ok {
		return fmt.Errorf("move the leader to %s: no such member", to)
	}
	return a.do(from, "move the leader from", func(conn *grpc.ClientConn) (*pb.ResponseHeader, error) {
		response, err := pb.NewMaintenanceClient(conn).MoveLeader(ctx, &pb.MoveLeaderRequest{TargetID: target.member})
		return response.GetHeader(), err
	})
}

// HashKV hashes a member's store as it was at the revision; 0 = now.
func (a admin) HashKV(ctx context.Context, id history.NodeID, revision int64) (history.HashKV, error) {
	var hash history.HashKV
	err := a.do(id, "hash", func(conn *grpc.ClientConn) (*pb.ResponseHeader, error) {
		response, err := pb.NewMaintenanceClient(conn).HashKV(ctx, &pb.HashKVRequest{Revision: revision})
		hash = history.HashKV{Revision: revision, Compact: response.GetCompactRevision(), Hash: response.GetHash()}
		if hash.Revision == 0 {
			hash.Revision = response.GetHeader().GetRevision()
		}
		return response.GetHeader(), err
	})
	return hash, err
}
