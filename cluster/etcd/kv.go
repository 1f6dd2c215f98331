package etcd

import (
	"context"
	"errors"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/cluster/etcd/unary"
	"github.com/whitewater-kv/whitewater/history"
)

// methods are the requests that go the fast way.
type methods struct{ rng, put, txn, status, authenticate *unary.Method }

func newMethods(encrypted bool) *methods {
	of := func(path string) *unary.Method { return unary.NewMethod("/etcdserverpb."+path, encrypted) }
	return &methods{rng: of("KV/Range"), put: of("KV/Put"), txn: of("KV/Txn"), status: of("Maintenance/Status"), authenticate: of("Auth/Authenticate")}
}

// calls keeps the buffers of calls that have returned.
var calls = sync.Pool{New: func() any { return new(unary.Call) }}

// doFast sends a request of the store if it is one that the fast path can carry, and says how it came out. Otherwise
// nothing was sent.
func (c *client) doFast(ctx context.Context, r history.Request) (history.Result, bool) {
	var err error
	call := calls.Get().(*unary.Call)
	defer calls.Put(call)
	switch r.Kind {
	case history.Get, history.Range:
		call.Method, call.Request = c.methods.rng, appendRange(call.Request[:0], r)
	case history.Put:
		call.Method, call.Request = c.methods.put, appendPut(call.Request[:0], r)
	case history.CAS, history.Txn:
		request, malformed := txnRequest(r)
		if malformed != nil {
			return history.Result{}, false
		}
		call.Method = c.methods.txn
		if call.Request, err = (proto.MarshalOptions{}).MarshalAppend(call.Request[:0], request); err != nil {
			return history.Result{}, false
		}
	default:
		return history.Result{}, false
	}
	if len(call.Request) > unary.MaxRequest {
		return history.Result{}, false
	}
	if call.Token, err = c.token(ctx); err != nil {
		return c.judge(r, history.Result{}, err, false), true
	}
	var result history.Result
	if err = c.fast.Do(ctx, call); err == nil {
		result, err = decodeAnswer(r, call.Response)
	}
	c.account.refused(call.Token, err)
	return c.judge(r, result, statusOf(err), call.Sent), true
}

func decodeAnswer(r history.Request, message []byte) (result history.Result, err error) {
	switch r.Kind {
	case history.Get, history.Range:
		return decodeRange(r, message)
	case history.Put:
		return decodePut(r, message)
	}
	response := new(pb.TxnResponse)
	if err := proto.Unmarshal(message, response); err != nil {
		return history.Result{}, err
	}
	result = txnResult(r, response)
	result.Header = headerOf(response.GetHeader())
	return result, nil
}

// statusOf gives an error of the fast path gRPC's form.
func statusOf(err error) error {
	var failure *unary.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure):
		return status.Error(codes.Code(failure.Code), failure.Message)
	}
	return status.Error(codes.Internal, err.Error())
}

// proveEvery is how often a member that cannot be reached is tried again.
const proveEvery = 20 * time.Millisecond

// await waits until there is a connection, and checks who answers on it.
func (c *client) await(ctx context.Context) error {
	renewed := false
	for {
		sent, err := c.proveFast(ctx)
		if stale(err) && !renewed {
			renewed = true
			continue
		}
		if err == nil || sent || status.Code(err) != codes.Unavailable {
			return err
		}
		select {
		case <-time.After(proveEvery):
		case <-ctx.Done():
			return err
		}
	}
}

// proveFast checks who answers on the fast path.
func (c *client) proveFast(ctx context.Context) (sent bool, err error) {
	call := &unary.Call{Method: c.methods.status}
	if call.Token, err = c.token(ctx); err != nil {
		return false, err
	}
	if err := c.fast.Do(ctx, call); err != nil {
		c.account.refused(call.Token, err)
		return call.Sent, statusOf(err)
	}
	response := new(pb.StatusResponse)
	if err := proto.Unmarshal(call.Response, response); err != nil {
		return true, err
	}
	return true, c.expect.check(headerOf(response.GetHeader()))
}
