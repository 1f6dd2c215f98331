package etcd

import (
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/whitewater-kv/whitewater/history"
)

// row is a line of the error table: an error, and what it proves. The first row that matches decides.
type row struct {
	code    codes.Code
	text    string // the message begins with it; "" = any
	outcome history.Outcome
	class   string
	except  exception
}

// exception says of which requests a Fail proves nothing.
type exception byte

const (
	never exception = iota
	// writing transactions: etcd 3.4.23 skips a transaction's reads on the members that need not answer, so there the
	// same transaction passes its checks and is applied.
	writing
	// recipes: locks and elections are several requests of the member's, and one of the later ones may have been refused.
	recipes
)

func (e exception) covers(q history.Request) bool {
	switch e {
	case writing:
		return q.Kind == history.Txn && !q.ReadOnly()
	case recipes:
		return q.Kind >= history.Lock && q.Kind <= history.Leader
	}
	return false
}

// table holds the errors that are known. Fail is written only where the server's code shows that the request was turned
// down before it was proposed, or left the store as it was when it was applied. Anything else is Unknown, listed or
// not: a listed Unknown only has a shorter name.
var table = []row{
	// Turned down by the request's form, before it is proposed.
	{codes.InvalidArgument, "etcdserver: key is not provided", history.Fail, "no key", never},
	{codes.InvalidArgument, "etcdserver: value is provided", history.Fail, "bad request", never},
	{codes.InvalidArgument, "etcdserver: lease is provided", history.Fail, "bad request", never},
	{codes.InvalidArgument, "etcdserver: too many operations in txn request", history.Fail, "too many operations", never},
	{codes.InvalidArgument, "etcdserver: duplicate key given in txn request", history.Fail, "duplicate key", never},
	{codes.InvalidArgument, "etcdserver: invalid sort option", history.Fail, "bad request", never},
	{codes.InvalidArgument, "etcdserver: request is too large", history.Fail, "request too large", never},
	{codes.ResourceExhausted, "etcdserver: too many requests", history.Fail, "too many requests", recipes},
	{codes.FailedPrecondition, "etcdserver: not capable", history.Fail, "not capable", never},
	{codes.FailedPrecondition, "etcdserver: rpc not supported for learner", history.Fail, "learner", never},
	{codes.Unavailable, "etcdserver: rpc not supported for learner", history.Fail, "learner", never}, // before 3.6
	{codes.Unimplemented, "unknown ", history.Fail, "unimplemented", never},                          // service or method; gRPC means a 404 by it, too
	{codes.Unknown, "raft proposal dropped", history.Fail, "proposal dropped", recipes},
	// Turned down by authentication, before it is proposed or as the first thing when it is applied.
	{codes.Unauthenticated, "etcdserver: invalid auth token", history.Fail, "invalid token", recipes},
	{codes.InvalidArgument, "etcdserver: revision of auth store is old", history.Fail, "old token", recipes},
	{codes.InvalidArgument, "etcdserver: user name is empty", history.Fail, "no user", recipes},
	{codes.PermissionDenied, "etcdserver: permission denied", history.Fail, "permission denied", recipes},
	// Found while it was applied, before anything was changed.
	{codes.InvalidArgument, "etcdserver: key not found", history.Fail, "key not found", never},
	{codes.OutOfRange, "etcdserver: mvcc: required revision has been compacted", history.Fail, "compacted", writing},
	{codes.OutOfRange, "etcdserver: mvcc: required revision is a future revision", history.Fail, "future revision", writing},
	{codes.NotFound, "etcdserver: requested lease not found", history.Fail, "lease not found", never},
	{codes.FailedPrecondition, "etcdserver: lease already exists", history.Fail, "lease exists", never},
	{codes.OutOfRange, "etcdserver: too large lease TTL", history.Fail, "TTL too large", never},
	{codes.Unknown, "election: not leader", history.Fail, "not elected", never},
	// Unknown with a name.
	{codes.ResourceExhausted, "etcdserver: mvcc: database space exceeded", history.Unknown, "no space", never}, // may have been applied first
	{codes.Unavailable, "etcdserver: no leader", history.Unknown, "no leader", never},
	{codes.FailedPrecondition, "etcdserver: not leader", history.Unknown, "not leader", never},
	{codes.Unavailable, "etcdserver: leader changed", history.Unknown, "leader changed", never},
	{codes.Unavailable, "etcdserver: server stopped", history.Unknown, "server stopped", never},
	{codes.Unavailable, "etcdserver: request timed out", history.Unknown, "timed out at server", never},
	{codes.Unavailable, "etcdserver: unhealthy cluster", history.Unknown, "unhealthy", never},
	{codes.DataLoss, "etcdserver: corrupt cluster", history.Unknown, "corrupt", never},
	{codes.Unavailable, "whitewater: ", history.Unknown, "refused", never},
	{codes.Unavailable, "", history.Unknown, "connection lost", never},
	{codes.DeadlineExceeded, "", history.Unknown, "deadline exceeded", never},
	{codes.Canceled, "", history.Unknown, "cancelled", never},
}

// classify says what an error proves of a request that may have gone out, or certainly has not.
func classify(q history.Request, err error, sent bool) (history.Outcome, string) {
	if errors.Is(err, errStranger) {
		return history.Unknown, "wrong member"
	}
	s := status.Convert(err)
	if !sent {
		return history.Fail, "not sent: " + notSent(s)
	}
	for _, r := range table {
		if r.code == s.Code() && strings.HasPrefix(s.Message(), r.text) {
			if r.except.covers(q) {
				return history.Unknown, r.class
			}
			return r.outcome, r.class
		}
	}
	return history.Unknown, strings.ToLower(s.Code().String())
}

func notSent(s *status.Status) string {
	switch s.Code() {
	case codes.DeadlineExceeded:
		return "deadline exceeded"
	case codes.Canceled:
		return "cancelled"
	case codes.Unavailable:
		return "no connection"
	}
	if strings.HasPrefix(s.Message(), authenticating) {
		return "no token"
	}
	return strings.ToLower(s.Code().String())
}
