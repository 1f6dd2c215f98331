package etcd

import (
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/history"
)

// span is how etcd spells a range. Every key is from the smallest one on, which is a zero byte: etcd takes no empty key.
func span(key, end string) (from, to []byte) {
	if key == "" && end == "\x00" {
		key = "\x00"
	}
	if end == "" {
		return []byte(key), nil
	}
	return []byte(key), []byte(end)
}

func rangeRequest(r history.Request) *pb.RangeRequest {
	key, end := span(r.Key, r.End)
	if r.Kind == history.Get {
		end = nil
	}
	return &pb.RangeRequest{Key: key, RangeEnd: end, Limit: r.Limit, Revision: r.Revision, Serializable: r.Serializable,
		KeysOnly: r.KeysOnly, CountOnly: r.CountOnly}
}

func putRequest(r history.Request) *pb.PutRequest {
	return &pb.PutRequest{Key: []byte(r.Key), Value: []byte(r.Value), Lease: r.Lease, PrevKv: true}
}

func deleteRequest(r history.Request) *pb.DeleteRangeRequest {
	key, end := span(r.Key, r.End)
	return &pb.DeleteRangeRequest{Key: key, RangeEnd: end, PrevKv: true}
}

// txnRequest also carries a CAS: one comparison, one put, and a get of the value that was there instead.
func txnRequest(r history.Request) (*pb.TxnRequest, error) {
	if r.Kind == history.CAS {
		r = history.Request{Kind: history.Txn, If: []history.Compare{{Key: r.Key, Target: "value", Op: "=", Value: r.Expect}},
			Then: []history.Request{{Kind: history.Put, Key: r.Key, Value: r.Value}},
			Else: []history.Request{{Kind: history.Get, Key: r.Key}}}
	}
	var (
		t   = new(pb.TxnRequest)
		err error
	)
	for _, guard := range r.If {
		compare, err := compareOf(guard)
		if err != nil {
			return nil, err
		}
		t.Compare = append(t.Compare, compare)
	}
	if t.Success, err = steps(r.Then); err != nil {
		return nil, err
	}
	t.Failure, err = steps(r.Else)
	return t, err
}

func steps(requests []history.Request) ([]*pb.RequestOp, error) {
	var ops []*pb.RequestOp
	for _, r := range requests {
		op := new(pb.RequestOp)
		switch r.Kind {
		case history.Get, history.Range:
			op.Request = &pb.RequestOp_RequestRange{RequestRange: rangeRequest(r)}
		case history.Put:
			op.Request = &pb.RequestOp_RequestPut{RequestPut: putRequest(r)}
		case history.Delete:
			op.Request = &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: deleteRequest(r)}
		case history.Txn, history.CAS:
			nested, err := txnRequest(r)
			if err != nil {
				return nil, err
			}
			op.Request = &pb.RequestOp_RequestTxn{RequestTxn: nested}
		default:
			return nil, fmt.Errorf("a transaction cannot hold %v", r.Kind)
		}
		ops = append(ops, op)
	}
	return ops, nil
}

var compareResults = map[string]pb.Compare_CompareResult{
	"=": pb.Compare_EQUAL, "!=": pb.Compare_NOT_EQUAL, "<": pb.Compare_LESS, ">": pb.Compare_GREATER,
}

func compareOf(g history.Compare) (*pb.Compare, error) {
	result, ok := compareResults[g.Op]
	if !ok {
		return nil, fmt.Errorf("comparison %q: want =, !=, < or >", g.Op)
	}
	c := &pb.Compare{Key: []byte(g.Key), Result: result}
	switch g.Target {
	case "value":
		c.Target, c.TargetUnion = pb.Compare_VALUE, &pb.Compare_Value{Value: []byte(g.Value)}
	case "version":
		c.Target, c.TargetUnion = pb.Compare_VERSION, &pb.Compare_Version{Version: g.Number}
	case "mod":
		c.Target, c.TargetUnion = pb.Compare_MOD, &pb.Compare_ModRevision{ModRevision: g.Number}
	case "create":
		c.Target, c.TargetUnion = pb.Compare_CREATE, &pb.Compare_CreateRevision{CreateRevision: g.Number}
	case "lease":
		c.Target, c.TargetUnion = pb.Compare_LEASE, &pb.Compare_Lease{Lease: g.Number}
	default:
		return nil, fmt.Errorf("comparison of %q: want value, version, mod, create or lease", g.Target)
	}
	return c, nil
}

func leaderKey(l *history.LeaderKey) *member.LeaderKey {
	if l == nil {
		return &member.LeaderKey{}
	}
	return &member.LeaderKey{Name: []byte(l.Name), Key: []byte(l.Key), Rev: l.Rev, Lease: l.Lease}
}
