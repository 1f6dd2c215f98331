package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/cluster/etcd/unary"
	"github.com/whitewater-kv/whitewater/history"
)

// client is a connection to one member.
type client struct {
	fast     *unary.Client // for requests of the store, which are measured
	methods  *methods
	conn     *grpc.ClientConn // for everything else; it connects when it is used
	kv       pb.KVClient
	lease    pb.LeaseClient
	lock     member.LockClient
	election member.ElectionClient
	account  *account // nil = nobody logs in
	expect   identity

	once     sync.Once
	closeErr error
}

// errStranger is an answer of somebody else than the member.
var errStranger = errors.New("another member answers")

// Do sends the request once, and says what is known of it.
func (c *client) Do(ctx context.Context, r history.Request) history.Result {
	if result, ok := c.doFast(ctx, r); ok {
		return result
	}
	a := &attempt{Context: ctx}
	result, header, err := c.send(a, r)
	result.Header = headerOf(header)
	return c.judge(r, result, err, a.sent.Load() > 0)
}

// judge says how a request came out.
func (c *client) judge(r history.Request, result history.Result, err error, sent bool) history.Result {
	if err == nil && c.expect.check(result.Header) != nil {
		err = errStranger
	}
	if err == nil {
		result.Outcome = history.OK
		return result
	}
	if r.Kind == history.Leader && status.Code(err) == codes.Unknown && status.Convert(err).Message() == "election: no leader" {
		return history.Result{Outcome: history.OK} // an answer, though etcd gives it as an error
	}
	outcome, class := classify(r, err, sent)
	return history.Result{Outcome: outcome, Error: class}
}

// Close ends the connection and what is in flight on it.
func (c *client) Close() error {
	c.once.Do(func() { c.closeErr = errors.Join(c.fast.Close(), c.conn.Close()) })
	return c.closeErr
}

func (c *client) send(ctx context.Context, r history.Request) (history.Result, *pb.ResponseHeader, error) {
	switch r.Kind {
	case history.Get, history.Range:
		response, err := c.kv.Range(ctx, rangeRequest(r))
		return rangeResult(r.Kind, response), response.GetHeader(), err
	case history.Put:
		response, err := c.kv.Put(ctx, putRequest(r))
		return putResult(response), response.GetHeader(), err
	case history.Delete:
		response, err := c.kv.DeleteRange(ctx, deleteRequest(r))
		return deleteResult(response), response.GetHeader(), err
	case history.CAS, history.Txn:
		request, err := txnRequest(r)
		if err != nil {
			return history.Result{}, nil, malformed(err)
		}
		response, err := c.kv.Txn(ctx, request)
		return txnResult(r, response), response.GetHeader(), err
	case history.Compact:
		response, err := c.kv.Compact(ctx, &pb.CompactionRequest{Revision: r.Revision})
		return history.Result{}, response.GetHeader(), err
	case history.Grant, history.Revoke, history.KeepAlive, history.TimeToLive:
		return c.sendLease(ctx, r)
	}
	return c.sendRecipe(ctx, r)
}

// malformed marks a request that cannot be spelled, and so was not sent.
func malformed(err error) error { return status.Error(codes.InvalidArgument, err.Error()) }

func (c *client) sendLease(ctx context.Context, r history.Request) (history.Result, *pb.ResponseHeader, error) {
	switch r.Kind {
	case history.Grant:
		response, err := c.lease.LeaseGrant(ctx, &pb.LeaseGrantRequest{ID: r.Lease, TTL: r.TTL})
		if err == nil && response.GetError() != "" {
			err = status.Error(codes.Unknown, response.GetError())
		}
		return history.Result{Lease: response.GetID(), TTL: response.GetTTL()}, response.GetHeader(), err
	case history.Revoke:
		response, err := c.lease.LeaseRevoke(ctx, &pb.LeaseRevokeRequest{ID: r.Lease})
		return history.Result{}, response.GetHeader(), err
	case history.KeepAlive:
		response, err := c.keepAlive(ctx, r.Lease)
		return history.Result{Lease: response.GetID(), TTL: response.GetTTL()}, response.GetHeader(), err
	default:
		response, err := c.lease.LeaseTimeToLive(ctx, &pb.LeaseTimeToLiveRequest{ID: r.Lease, Keys: true})
		return timeToLiveResult(response), response.GetHeader(), err
	}
}

// keepAlive renews once; etcd has only a stream for it, which ends with this call.
func (c *client) keepAlive(ctx context.Context, lease int64) (*pb.LeaseKeepAliveResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.lease.LeaseKeepAlive(ctx)
	if err != nil {
		return nil, err
	}
	var response *pb.LeaseKeepAliveResponse
	if err = stream.Send(&pb.LeaseKeepAliveRequest{ID: lease}); err != nil {
		_, err = stream.Recv() // the reason: Send says no more than that the stream has ended
	} else {
		response, err = stream.Recv()
	}
	c.account.ended(err)
	return response, err
}

// sendRecipe speaks to the services that are built on the store: locks and elections.
func (c *client) sendRecipe(ctx context.Context, r history.Request) (history.Result, *pb.ResponseHeader, error) {
	switch r.Kind {
	case history.Lock:
		response, err := c.lock.Lock(ctx, &member.LockRequest{Name: []byte(r.Key), Lease: r.Lease})
		return history.Result{Key: string(response.GetKey())}, response.GetHeader(), err
	case history.Unlock:
		response, err := c.lock.Unlock(ctx, &member.UnlockRequest{Key: []byte(r.Key)})
		return history.Result{}, response.GetHeader(), err
	case history.Campaign:
		response, err := c.election.Campaign(ctx, &member.CampaignRequest{Name: []byte(r.Key), Lease: r.Lease, Value: []byte(r.Value)})
		return history.Result{Leader: leaderOf(response.GetLeader())}, response.GetHeader(), err
	case history.Proclaim:
		response, err := c.election.Proclaim(ctx, &member.ProclaimRequest{Leader: leaderKey(r.Leader), Value: []byte(r.Value)})
		return history.Result{}, response.GetHeader(), err
	case history.Resign:
		response, err := c.election.Resign(ctx, &member.ResignRequest{Leader: leaderKey(r.Leader)})
		return history.Result{}, response.GetHeader(), err
	case history.Leader:
		response, err := c.election.Leader(ctx, &member.LeaderRequest{Name: []byte(r.Key)})
		return history.Result{KVs: kvsOf(response.GetKv())}, response.GetHeader(), err
	}
	return history.Result{}, nil, malformed(fmt.Errorf("etcd has no request of kind %v", r.Kind))
}
