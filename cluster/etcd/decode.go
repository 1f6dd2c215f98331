package etcd

import (
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/history"
)

func headerOf(h *pb.ResponseHeader) history.Header {
	return history.Header{Cluster: h.GetClusterId(), Member: h.GetMemberId(), Revision: h.GetRevision(), Term: h.GetRaftTerm()}
}

func kvOf(kv *mvccpb.KeyValue) history.KV {
	return history.KV{Key: string(kv.GetKey()), Value: string(kv.GetValue()), Create: kv.GetCreateRevision(),
		Mod: kv.GetModRevision(), Version: kv.GetVersion(), Lease: kv.GetLease()}
}

func kvsOf(kvs ...*mvccpb.KeyValue) []history.KV {
	var all []history.KV
	for _, kv := range kvs {
		if kv != nil {
			all = append(all, kvOf(kv))
		}
	}
	return all
}

func rangeResult(kind history.Kind, r *pb.RangeResponse) history.Result {
	result := history.Result{KVs: kvsOf(r.GetKvs()...)}
	if kind != history.Get {
		result.Count, result.More = r.GetCount(), r.GetMore()
	}
	return result
}

func putResult(r *pb.PutResponse) history.Result {
	return history.Result{Prev: kvsOf(r.GetPrevKv())}
}

func deleteResult(r *pb.DeleteRangeResponse) history.Result {
	return history.Result{Deleted: r.GetDeleted(), Prev: kvsOf(r.GetPrevKvs()...)}
}

// txnResult lifts a CAS's only step: what it replaced, or what it found instead.
func txnResult(q history.Request, r *pb.TxnResponse) history.Result {
	result := history.Result{Succeeded: r.GetSucceeded()}
	side := q.Else
	if result.Succeeded {
		side = q.Then
	}
	for i, op := range r.GetResponses() {
		asked := history.Request{Kind: history.Get} // a CAS's only read
		if i < len(side) {
			asked = side[i]
		}
		result.Responses = append(result.Responses, stepResult(asked, op))
	}
	if q.Kind == history.CAS && len(result.Responses) == 1 {
		result.KVs, result.Prev = result.Responses[0].KVs, result.Responses[0].Prev
		result.Responses = nil
	}
	return result
}

func stepResult(q history.Request, op *pb.ResponseOp) history.Result {
	switch {
	case op.GetResponseRange() != nil:
		return rangeResult(q.Kind, op.GetResponseRange())
	case op.GetResponsePut() != nil:
		return putResult(op.GetResponsePut())
	case op.GetResponseDeleteRange() != nil:
		return deleteResult(op.GetResponseDeleteRange())
	case op.GetResponseTxn() != nil:
		return txnResult(q, op.GetResponseTxn())
	}
	return history.Result{}
}

func timeToLiveResult(r *pb.LeaseTimeToLiveResponse) history.Result {
	result := history.Result{Lease: r.GetID(), TTL: r.GetTTL(), Granted: r.GetGrantedTTL()}
	for _, key := range r.GetKeys() {
		result.Keys = append(result.Keys, string(key))
	}
	slices.Sort(result.Keys) // etcd's order is that of a map
	return result
}

func leaderOf(l *member.LeaderKey) *history.LeaderKey {
	return &history.LeaderKey{Name: string(l.GetName()), Key: string(l.GetKey()), Rev: l.GetRev(), Lease: l.GetLease()}
}
