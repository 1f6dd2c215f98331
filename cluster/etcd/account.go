package etcd

import (
	"context"
	"strings"
	"sync/atomic"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/cluster/etcd/unary"
)

// account is a user at one member, and the token that stands for it there. Each member has its own: every member counts
// for itself how long a token is good, and one that was started again may know none.
//
// A request is never sent a second time because its token was refused. It has failed, without effect; the next request
// asks for a new token first.
type account struct {
	name, password string
	turn           chan struct{} // of asking for a token
	held           atomic.Pointer[string]
}

func newAccount(name, password string) *account {
	return &account{name: name, password: password, turn: make(chan struct{}, 1)}
}

// token is what the client's requests carry; "" = nobody logs in. An error says that there is none to be had.
func (c *client) token(ctx context.Context) (string, error) {
	a := c.account
	if a == nil {
		return "", nil
	}
	if token := a.held.Load(); token != nil {
		return *token, nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return "", status.FromContextError(ctx.Err()).Err()
	}
	if token := a.held.Load(); token != nil { // it came while this one waited
		return *token, nil
	}
	token, err := c.authenticate(ctx, a)
	if err != nil {
		s := status.Convert(err)
		return "", status.Error(s.Code(), authenticating+a.name+": "+s.Message())
	}
	a.held.Store(&token)
	return token, nil
}

// authenticating begins every error that there is because no token was to be had.
const authenticating = "authenticate "

func (c *client) authenticate(ctx context.Context, a *account) (string, error) {
	request, err := proto.Marshal(&pb.AuthenticateRequest{Name: a.name, Password: a.password})
	if err != nil {
		return "", malformed(err)
	}
	call := &unary.Call{Method: c.methods.authenticate, Request: request}
	if err := c.fast.Do(ctx, call); err != nil {
		return "", statusOf(err)
	}
	response := new(pb.AuthenticateResponse)
	if err := proto.Unmarshal(call.Response, response); err != nil {
		return "", err
	}
	return response.GetToken(), c.expect.check(headerOf(response.GetHeader()))
}

// stale reports whether an error says that a token is good no longer.
func stale(err error) bool {
	return err != nil && (strings.Contains(err.Error(), rpctypes.ErrorDesc(rpctypes.ErrGRPCInvalidAuthToken)) ||
		strings.Contains(err.Error(), rpctypes.ErrorDesc(rpctypes.ErrGRPCAuthOldRevision)))
}

// refused forgets the token if an error says that it is good no longer. A newer one stays.
func (a *account) refused(token string, err error) {
	if a == nil || !stale(err) {
		return
	}
	if held := a.held.Load(); held != nil && *held == token {
		a.held.CompareAndSwap(held, nil)
	}
}

// ended looks at how a stream ended, on which the token went out at the beginning.
func (a *account) ended(err error) {
	if a == nil {
		return
	}
	if held := a.held.Load(); held != nil {
		a.refused(*held, err)
	}
}

// logIn gives the token to everything that goes over gRPC's connection.
func (c *client) logIn() []grpc.DialOption {
	if c.account == nil {
		return nil
	}
	call := func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		token, err := c.token(ctx)
		if err == nil {
			err = invoke(metadata.AppendToOutgoingContext(ctx, rpctypes.TokenFieldNameGRPC, token), method, request, reply, conn, options...)
			c.account.refused(token, err)
		}
		return err
	}
	stream := func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
		token, err := c.token(ctx)
		if err != nil {
			return nil, err
		}
		return open(metadata.AppendToOutgoingContext(ctx, rpctypes.TokenFieldNameGRPC, token), desc, conn, method, options...)
	}
	return []grpc.DialOption{grpc.WithUnaryInterceptor(call), grpc.WithStreamInterceptor(stream)}
}
