package etcd

import (
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

func rangeResult(r *pb.RangeResponse) history.Result {
	return history.Result{KVs: kvsOf(r.GetKvs()...), Count: r.GetCount(), More: r.GetMore()}
}

func putResult(r *pb.PutResponse) history.Result {
	return history.Result{Prev: kvsOf(r.GetPrevKv())}
}

func deleteResult(r *pb.DeleteRangeResponse) history.Result {
	return history.Result{Deleted: r.GetDeleted(), Prev: kvsOf(r.GetPrevKvs()...)}
}

// txnResult lifts a CAS's only step: what it replaced, or what it found instead.
func txnResult(kind history.Kind, r *pb.TxnResponse) history.Result {
	result := history.Result{Succeeded: r.GetSucceeded()}
	for _, op := range r.GetResponses() {
		var step history.Result
		switch {
		case op.GetResponseRange() != nil:
			step = rangeResult(op.GetResponseRange())
		case op.GetResponsePut() != nil:
			step = putResult(op.GetResponsePut())
		case op.GetResponseDeleteRange() != nil:
			step = deleteResult(op.GetResponseDeleteRange())
		case op.GetResponseTxn() != nil:
			step = txnResult(history.Txn, op.GetResponseTxn())
		}
		result.Responses = append(result.Responses, step)
	}
	if kind == history.CAS && len(result.Responses) == 1 {
		result.KVs, result.Prev = result.Responses[0].KVs, result.Responses[0].Prev
		result.Responses = nil
	}
	return result
}

func timeToLiveResult(r *pb.LeaseTimeToLiveResponse) history.Result {
	result := history.Result{Lease: r.GetID(), TTL: r.GetTTL(), Granted: r.GetGrantedTTL()}
	for _, key := range r.GetKeys() {
		result.Keys = append(result.Keys, string(key))
	}
	return result
}

func leaderOf(l *member.LeaderKey) *history.LeaderKey {
	return &history.LeaderKey{Name: string(l.GetName()), Key: string(l.GetKey()), Rev: l.GetRev(), Lease: l.GetLease()}
}
