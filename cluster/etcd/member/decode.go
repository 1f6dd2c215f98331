package member

import (
	"fmt"
	"hash/fnv"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/history"
)

// entry decodes what a raft entry asks of the store. Entries that ask nothing of it (elections, membership, versions,
// alarms) have no request.
func entry(e *raftpb.Entry) (history.Entry, error) {
	decoded := history.Entry{Index: e.GetIndex(), Term: e.GetTerm(), Digest: digest(e)}
	if e.GetType() != raftpb.EntryNormal || len(e.GetData()) == 0 {
		return decoded, nil
	}
	var r pb.InternalRaftRequest
	if err := proto.Unmarshal(e.GetData(), &r); err != nil {
		return decoded, fmt.Errorf("entry %d: %w", e.GetIndex(), err)
	}
	decoded.Request = request(&r)
	return decoded, nil
}

// digest tells entries apart: their type and bytes, but not where they stand in the log.
func digest(e *raftpb.Entry) uint64 {
	h := fnv.New64a()
	h.Write([]byte{byte(e.GetType())})
	h.Write(e.GetData())
	return h.Sum64()
}

func request(r *pb.InternalRaftRequest) *history.Request {
	var q history.Request
	switch {
	case r.GetPut() != nil:
		q = put(r.GetPut())
	case r.GetDeleteRange() != nil:
		q = deletion(r.GetDeleteRange())
	case r.GetRange() != nil:
		q = reading(r.GetRange())
	case r.GetTxn() != nil:
		q = txn(r.GetTxn())
	case r.GetCompaction() != nil:
		q = history.Request{Kind: history.Compact, Revision: r.GetCompaction().GetRevision()}
	case r.GetLeaseGrant() != nil:
		q = history.Request{Kind: history.Grant, Lease: r.GetLeaseGrant().GetID(), TTL: r.GetLeaseGrant().GetTTL()}
	case r.GetLeaseRevoke() != nil:
		q = history.Request{Kind: history.Revoke, Lease: r.GetLeaseRevoke().GetID()}
	default:
		return nil
	}
	return &q
}

func put(r *pb.PutRequest) history.Request {
	return history.Request{Kind: history.Put, Key: string(r.GetKey()), Value: string(r.GetValue()), Lease: r.GetLease()}
}

func deletion(r *pb.DeleteRangeRequest) history.Request {
	key, end := keys(r.GetKey(), r.GetRangeEnd())
	return history.Request{Kind: history.Delete, Key: key, End: end}
}

func reading(r *pb.RangeRequest) history.Request {
	key, end := keys(r.GetKey(), r.GetRangeEnd())
	q := history.Request{Kind: history.Range, Key: key, End: end, Revision: r.GetRevision(), Limit: r.GetLimit(),
		Serializable: r.GetSerializable(), KeysOnly: r.GetKeysOnly(), CountOnly: r.GetCountOnly()}
	if end == "" && q.Limit == 0 && !q.KeysOnly && !q.CountOnly {
		q.Kind = history.Get
	}
	return q
}

// keys undoes the driver's spelling of "every key": etcd wants a first key, which is a zero byte.
func keys(key, end []byte) (string, string) {
	if string(key) == "\x00" && string(end) == "\x00" {
		return "", "\x00"
	}
	return string(key), string(end)
}

func txn(r *pb.TxnRequest) history.Request {
	q := history.Request{Kind: history.Txn, If: compares(r.GetCompare()), Then: steps(r.GetSuccess()), Else: steps(r.GetFailure())}
	if cas, ok := compareAndSwap(q); ok {
		return cas
	}
	return q
}

// compareAndSwap recognises the transaction as which a CAS travels.
func compareAndSwap(q history.Request) (history.Request, bool) {
	if len(q.If) != 1 || len(q.Then) != 1 || len(q.Else) != 1 {
		return q, false
	}
	guard, put, get := q.If[0], q.Then[0], q.Else[0]
	ok := guard.Target == "value" && guard.Op == "=" && put.Kind == history.Put && put.Lease == 0 &&
		get.Kind == history.Get && get.Revision == 0 && put.Key == guard.Key && get.Key == guard.Key
	return history.Request{Kind: history.CAS, Key: put.Key, Expect: guard.Value, Value: put.Value}, ok
}

func steps(ops []*pb.RequestOp) []history.Request {
	var all []history.Request
	for _, op := range ops {
		switch {
		case op.GetRequestPut() != nil:
			all = append(all, put(op.GetRequestPut()))
		case op.GetRequestDeleteRange() != nil:
			all = append(all, deletion(op.GetRequestDeleteRange()))
		case op.GetRequestRange() != nil:
			all = append(all, reading(op.GetRequestRange()))
		case op.GetRequestTxn() != nil:
			all = append(all, txn(op.GetRequestTxn()))
		}
	}
	return all
}

func compares(guards []*pb.Compare) []history.Compare {
	var all []history.Compare
	for _, g := range guards {
		c := history.Compare{Key: string(g.GetKey())}
		switch g.GetResult() {
		case pb.Compare_EQUAL:
			c.Op = "="
		case pb.Compare_NOT_EQUAL:
			c.Op = "!="
		case pb.Compare_LESS:
			c.Op = "<"
		case pb.Compare_GREATER:
			c.Op = ">"
		}
		switch g.GetTarget() {
		case pb.Compare_VALUE:
			c.Target, c.Value = "value", string(g.GetValue())
		case pb.Compare_VERSION:
			c.Target, c.Number = "version", g.GetVersion()
		case pb.Compare_MOD:
			c.Target, c.Number = "mod", g.GetModRevision()
		case pb.Compare_CREATE:
			c.Target, c.Number = "create", g.GetCreateRevision()
		case pb.Compare_LEASE:
			c.Target, c.Number = "lease", g.GetLease()
		}
		all = append(all, c)
	}
	return all
}
