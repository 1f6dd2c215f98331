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
	// partly marks a Fail that proves nothing of a transaction that also writes: etcd 3.4.23 skips a transaction's reads
	// on the members that need not answer, so there the same transaction passes its checks and is applied.
	partly bool
}

// table holds the errors that are known. Fail is written only where the server's code shows that the request was turned
// down before it was proposed, or left the store as it was when it was applied. Anything else is Unknown, listed or
// not: a listed Unknown only has a shorter name.
var table = []row{
	// Turned down by the request's form, before it is proposed.
	{codes.InvalidArgument, "etcdserver: key is not provided", history.Fail, "no key", false},
	{codes.InvalidArgument, "etcdserver: value is provided", history.Fail, "bad request", false},
	{codes.InvalidArgument, "etcdserver: lease is provided", history.Fail, "bad request", false},
	{codes.InvalidArgument, "etcdserver: too many operations in txn request", history.Fail, "too many operations", false},
	{codes.InvalidArgument, "etcdserver: duplicate key given in txn request", history.Fail, "duplicate key", false},
	{codes.InvalidArgument, "etcdserver: invalid sort option", history.Fail, "bad request", false},
	{codes.InvalidArgument, "etcdserver: request is too large", history.Fail, "request too large", false},
	{codes.ResourceExhausted, "etcdserver: too many requests", history.Fail, "too many requests", false},
	{codes.FailedPrecondition, "etcdserver: not capable", history.Fail, "not capable", false},
	{codes.FailedPrecondition, "etcdserver: rpc not supported for learner", history.Fail, "learner", false},
	{codes.Unavailable, "etcdserver: rpc not supported for learner", history.Fail, "learner", false}, // before 3.6
	{codes.Unimplemented, "unknown ", history.Fail, "unimplemented", false},                          // service or method; gRPC means a 404 by it, too
	{codes.Unknown, "raft proposal dropped", history.Fail, "proposal dropped", false},
	// Found while it was applied, before anything was changed.
	{codes.InvalidArgument, "etcdserver: key not found", history.Fail, "key not found", false},
	{codes.OutOfRange, "etcdserver: mvcc: required revision has been compacted", history.Fail, "compacted", true},
	{codes.OutOfRange, "etcdserver: mvcc: required revision is a future revision", history.Fail, "future revision", true},
	{codes.NotFound, "etcdserver: requested lease not found", history.Fail, "lease not found", false},
	{codes.FailedPrecondition, "etcdserver: lease already exists", history.Fail, "lease exists", false},
	{codes.OutOfRange, "etcdserver: too large lease TTL", history.Fail, "TTL too large", false},
	{codes.Unknown, "election: not leader", history.Fail, "not elected", false},
	// Unknown with a name.
	{codes.ResourceExhausted, "etcdserver: mvcc: database space exceeded", history.Unknown, "no space", false}, // may have been applied first
	{codes.Unavailable, "etcdserver: no leader", history.Unknown, "no leader", false},
	{codes.FailedPrecondition, "etcdserver: not leader", history.Unknown, "not leader", false},
	{codes.Unavailable, "etcdserver: leader changed", history.Unknown, "leader changed", false},
	{codes.Unavailable, "etcdserver: server stopped", history.Unknown, "server stopped", false},
	{codes.Unavailable, "etcdserver: request timed out", history.Unknown, "timed out at server", false},
	{codes.Unavailable, "etcdserver: unhealthy cluster", history.Unknown, "unhealthy", false},
	{codes.DataLoss, "etcdserver: corrupt cluster", history.Unknown, "corrupt", false},
	{codes.Unavailable, "whitewater: ", history.Unknown, "refused", false},
	{codes.Unavailable, "", history.Unknown, "connection lost", false},
	{codes.DeadlineExceeded, "", history.Unknown, "deadline exceeded", false},
	{codes.Canceled, "", history.Unknown, "cancelled", false},
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
			if r.partly && q.Kind == history.Txn && !q.ReadOnly() {
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
	return strings.ToLower(s.Code().String())
}
