package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/whitewater-kv/whitewater/history"
)

// Every error that etcd 3.7 can answer with, and a few of gRPC and of older versions, with what it proves. Whatever
// is not in the table is unknown.
const verdicts = `
InvalidArgument: etcdserver: key is not provided -> fail no key
InvalidArgument: etcdserver: key not found -> fail key not found
InvalidArgument: etcdserver: value is provided -> fail bad request
InvalidArgument: etcdserver: lease is provided -> fail bad request
InvalidArgument: etcdserver: too many operations in txn request -> fail too many operations
InvalidArgument: etcdserver: duplicate key given in txn request -> fail duplicate key
InvalidArgument: etcdserver: invalid sort option -> fail bad request
InvalidArgument: etcdserver: request is too large -> fail request too large
OutOfRange: etcdserver: mvcc: required revision has been compacted -> fail compacted
OutOfRange: etcdserver: mvcc: required revision is a future revision -> fail future revision
ResourceExhausted: etcdserver: mvcc: database space exceeded -> unknown no space
ResourceExhausted: etcdserver: too many requests -> fail too many requests
NotFound: etcdserver: requested lease not found -> fail lease not found
FailedPrecondition: etcdserver: lease already exists -> fail lease exists
OutOfRange: etcdserver: too large lease TTL -> fail TTL too large
Canceled: etcdserver: watch canceled -> unknown cancelled
Unavailable: etcdserver: no leader -> unknown no leader
FailedPrecondition: etcdserver: not leader -> unknown not leader
Unavailable: etcdserver: leader changed -> unknown leader changed
FailedPrecondition: etcdserver: not capable -> fail not capable
Unavailable: etcdserver: server stopped -> unknown server stopped
Unavailable: etcdserver: request timed out -> unknown timed out at server
Unavailable: etcdserver: request timed out, possibly due to previous leader failure -> unknown timed out at server
Unavailable: etcdserver: request timed out, possibly due to connection lost -> unknown timed out at server
Unavailable: etcdserver: request timed out, waiting for the applied index took too long -> unknown timed out at server
Unavailable: etcdserver: unhealthy cluster -> unknown unhealthy
DataLoss: etcdserver: corrupt cluster -> unknown corrupt
FailedPrecondition: etcdserver: rpc not supported for learner -> fail learner
PermissionDenied: etcdserver: permission denied -> fail permission denied
Unauthenticated: etcdserver: invalid auth token -> fail invalid token
InvalidArgument: etcdserver: revision of auth store is old -> fail old token
InvalidArgument: etcdserver: user name is empty -> fail no user
InvalidArgument: etcdserver: authentication failed, invalid user ID or password -> unknown invalidargument
Canceled: etcdserver: request canceled -> unknown cancelled
DeadlineExceeded: etcdserver: context deadline exceeded -> unknown deadline exceeded
Unavailable: etcdserver: rpc not supported for learner -> fail learner
Unimplemented: unknown service v3lockpb.Lock -> fail unimplemented
Unknown: raft proposal dropped -> fail proposal dropped
Unknown: election: not leader -> fail not elected
Unknown: mutex: session is expired -> unknown unknown
Unavailable: error reading from server: EOF -> unknown connection lost
Unavailable: whitewater: refused once, not sent again -> unknown refused
DeadlineExceeded: context deadline exceeded -> unknown deadline exceeded
Canceled: context canceled -> unknown cancelled
Internal: stream terminated by RST_STREAM -> unknown internal
ResourceExhausted: grpc: received message larger than max -> unknown resourceexhausted
`

func TestErrorTable(t *testing.T) {
	answers := []error{rpctypes.ErrGRPCEmptyKey, rpctypes.ErrGRPCKeyNotFound, rpctypes.ErrGRPCValueProvided, rpctypes.ErrGRPCLeaseProvided,
		rpctypes.ErrGRPCTooManyOps, rpctypes.ErrGRPCDuplicateKey, rpctypes.ErrGRPCInvalidSortOption, rpctypes.ErrGRPCRequestTooLarge,
		rpctypes.ErrGRPCCompacted, rpctypes.ErrGRPCFutureRev, rpctypes.ErrGRPCNoSpace, rpctypes.ErrGRPCRequestTooManyRequests,
		rpctypes.ErrGRPCLeaseNotFound, rpctypes.ErrGRPCLeaseExist, rpctypes.ErrGRPCLeaseTTLTooLarge, rpctypes.ErrGRPCWatchCanceled,
		rpctypes.ErrGRPCNoLeader, rpctypes.ErrGRPCNotLeader, rpctypes.ErrGRPCLeaderChanged, rpctypes.ErrGRPCNotCapable,
		rpctypes.ErrGRPCStopped, rpctypes.ErrGRPCTimeout, rpctypes.ErrGRPCTimeoutDueToLeaderFail,
		rpctypes.ErrGRPCTimeoutDueToConnectionLost, rpctypes.ErrGRPCTimeoutWaitAppliedIndex, rpctypes.ErrGRPCUnhealthy,
		rpctypes.ErrGRPCCorrupt, rpctypes.ErrGRPCNotSupportedForLearner, rpctypes.ErrGRPCPermissionDenied,
		rpctypes.ErrGRPCInvalidAuthToken, rpctypes.ErrGRPCAuthOldRevision, rpctypes.ErrGRPCUserEmpty, rpctypes.ErrGRPCAuthFailed, rpctypes.ErrGRPCCanceled, rpctypes.ErrGRPCDeadlineExceeded,
		status.Error(codes.Unavailable, "etcdserver: rpc not supported for learner"),
		status.Error(codes.Unimplemented, "unknown service v3lockpb.Lock"),
		status.Error(codes.Unknown, "raft proposal dropped"),
		status.Error(codes.Unknown, "election: not leader"),
		status.Error(codes.Unknown, "mutex: session is expired"),
		status.Error(codes.Unavailable, "error reading from server: EOF"),
		errSecondAttempt,
		status.FromContextError(context.DeadlineExceeded).Err(),
		status.FromContextError(context.Canceled).Err(),
		status.Error(codes.Internal, "stream terminated by RST_STREAM"),
		status.Error(codes.ResourceExhausted, "grpc: received message larger than max"),
	}
	got, used := "\n", make(map[row]bool)
	for _, err := range answers {
		outcome, class := classify(history.Request{Kind: history.Put}, err, true)
		s := status.Convert(err)
		got += fmt.Sprintf("%v: %s -> %v %s\n", s.Code(), s.Message(), outcome, class)
		for _, r := range table {
			if r.code == s.Code() && strings.HasPrefix(s.Message(), r.text) {
				used[r] = true
				break
			}
		}
	}
	if got != verdicts {
		t.Errorf("got:%s\nwant:%s", got, verdicts)
	}
	for _, r := range table {
		if !used[r] {
			t.Errorf("no error reaches the row %v %q", r.code, r.text)
		}
	}
}

// A failed read inside a transaction that also writes proves nothing; alone, and in one that only reads, it does.
func TestErrorInTransaction(t *testing.T) {
	get, put := history.Request{Kind: history.Get, Key: "x"}, history.Request{Kind: history.Put, Key: "x"}
	for _, test := range []struct {
		request history.Request
		want    history.Outcome
	}{
		{history.Request{Kind: history.Txn, Then: []history.Request{put, get}}, history.Unknown},
		{history.Request{Kind: history.Txn, Else: []history.Request{{Kind: history.Txn, Then: []history.Request{put}}}}, history.Unknown},
		{history.Request{Kind: history.Txn, Then: []history.Request{get}}, history.Fail},
		{history.Request{Kind: history.Compact, Revision: 5}, history.Fail},
		{get, history.Fail},
	} {
		for _, err := range []error{rpctypes.ErrGRPCCompacted, rpctypes.ErrGRPCFutureRev} {
			if outcome, _ := classify(test.request, err, true); outcome != test.want {
				t.Errorf("%v: %v: %v, want %v", test.request, err, outcome, test.want)
			}
		}
	}
}

// A recipe is several requests of the member's own: that one was turned down does not undo the ones before.
func TestErrorInRecipe(t *testing.T) {
	for kind := range history.Pause {
		want := history.Fail
		switch kind {
		case history.Lock, history.Unlock, history.Campaign, history.Proclaim, history.Resign, history.Leader:
			want = history.Unknown
		}
		for _, err := range []error{rpctypes.ErrGRPCPermissionDenied, rpctypes.ErrGRPCInvalidAuthToken, rpctypes.ErrGRPCAuthOldRevision,
			rpctypes.ErrGRPCUserEmpty, rpctypes.ErrGRPCRequestTooManyRequests} {
			if outcome, _ := classify(history.Request{Kind: kind}, err, true); outcome != want {
				t.Errorf("%v: %v: %v, want %v", kind, err, outcome, want)
			}
		}
	}
}

func TestNotSentAndStrangers(t *testing.T) {
	for _, test := range []struct {
		err  error
		sent bool
		want string
	}{
		{status.Error(codes.Unavailable, "connection error"), false, "fail not sent: no connection"},
		{status.FromContextError(context.DeadlineExceeded).Err(), false, "fail not sent: deadline exceeded"},
		{status.FromContextError(context.Canceled).Err(), false, "fail not sent: cancelled"},
		{status.Error(codes.Internal, "cannot encode"), false, "fail not sent: internal"},
		{status.Error(codes.InvalidArgument, "authenticate root: etcdserver: authentication failed, invalid user ID or password"), false, "fail not sent: no token"},
		{status.Error(codes.Unavailable, "authenticate root: connection error"), false, "fail not sent: no connection"},
		{errStranger, true, "unknown wrong member"},
		{errors.New("what no table lists"), true, "unknown unknown"},
	} {
		outcome, class := classify(history.Request{Kind: history.Put}, test.err, test.sent)
		if got := fmt.Sprintf("%v %s", outcome, class); got != test.want {
			t.Errorf("%v, sent %v: %s, want %s", test.err, test.sent, got, test.want)
		}
	}
}
