package member

import (
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/history"
)

func putOp(key, value string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key), Value: []byte(value)}}}
}

func getOp(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(key)}}}
}

func valueIs(key, value string) *pb.Compare {
	return &pb.Compare{Key: []byte(key), Target: pb.Compare_VALUE, TargetUnion: &pb.Compare_Value{Value: []byte(value)}}
}

// Entries say in the words of the history what they ask of the store.
func TestDecode(t *testing.T) {
	for _, test := range []struct {
		raft *pb.InternalRaftRequest
		want string
	}{
		{&pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("x"), Value: []byte("1"), Lease: 7, PrevKv: true}}, "put x 1 lease=7"},
		{&pb.InternalRaftRequest{DeleteRange: &pb.DeleteRangeRequest{Key: []byte("x")}}, "delete x"},
		{&pb.InternalRaftRequest{DeleteRange: &pb.DeleteRangeRequest{Key: []byte("x"), RangeEnd: []byte("y")}}, "delete x end=y"},
		{&pb.InternalRaftRequest{DeleteRange: &pb.DeleteRangeRequest{Key: []byte{0}, RangeEnd: []byte{0}}}, `delete "" end="\x00"`},
		{&pb.InternalRaftRequest{Range: &pb.RangeRequest{Key: []byte("x"), RangeEnd: []byte("y"), Limit: 5}}, "range x y limit=5"},
		{&pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: 9}}, "compact 9"},
		{&pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 7, TTL: 60}}, "grant 60 lease=7"},
		{&pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: 7}}, "revoke 7"},
		{&pb.InternalRaftRequest{Txn: &pb.TxnRequest{Compare: []*pb.Compare{valueIs("x", "1")},
			Success: []*pb.RequestOp{putOp("x", "2")}, Failure: []*pb.RequestOp{getOp("x")}}}, "cas x 1 2"},
		// Nearly a CAS: the key that is read is another, the else is missing.
		{&pb.InternalRaftRequest{Txn: &pb.TxnRequest{Compare: []*pb.Compare{valueIs("x", "1")},
			Success: []*pb.RequestOp{putOp("x", "2")}, Failure: []*pb.RequestOp{getOp("y")}}},
			"txn if {value x = 1} then {put x 2} else {get y}"},
		{&pb.InternalRaftRequest{Txn: &pb.TxnRequest{Compare: []*pb.Compare{valueIs("x", "1")}, Success: []*pb.RequestOp{putOp("x", "2")}}},
			"txn if {value x = 1} then {put x 2}"},
		{&pb.InternalRaftRequest{Txn: &pb.TxnRequest{
			Compare: []*pb.Compare{
				{Key: []byte("a"), Target: pb.Compare_MOD, Result: pb.Compare_LESS, TargetUnion: &pb.Compare_ModRevision{ModRevision: 5}},
				{Key: []byte("b"), Target: pb.Compare_VERSION, Result: pb.Compare_GREATER, TargetUnion: &pb.Compare_Version{Version: 1}},
				{Key: []byte("c"), Target: pb.Compare_CREATE, Result: pb.Compare_NOT_EQUAL, TargetUnion: &pb.Compare_CreateRevision{CreateRevision: 3}},
				{Key: []byte("d"), Target: pb.Compare_LEASE, TargetUnion: &pb.Compare_Lease{Lease: 7}},
			},
			Success: []*pb.RequestOp{{Request: &pb.RequestOp_RequestTxn{RequestTxn: &pb.TxnRequest{Success: []*pb.RequestOp{putOp("x", "1")}}}}},
			Failure: []*pb.RequestOp{{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte("x")}}}},
		}}, "txn if {mod a < 5; version b > 1; create c != 3; lease d = 7} then {txn then {put x 1}} else {delete x}"},
		{&pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{}}, ""},
	} {
		data, err := proto.Marshal(test.raft)
		if err != nil {
			t.Fatal(err)
		}
		index, term := uint64(3), uint64(2)
		e, err := entry(&raftpb.Entry{Index: &index, Term: &term, Type: raftpb.EntryNormal.Enum(), Data: data})
		got := ""
		if e.Request != nil {
			got = e.Request.String()
		}
		if err != nil || got != test.want || e.Index != 3 || e.Term != 2 {
			t.Errorf("%v: %+v: %s, want %s", err, e, got, test.want)
		}
	}
}

// Entries that ask nothing of the store have no request; a digest tells type and bytes apart, and nothing else.
func TestDigest(t *testing.T) {
	one, two := uint64(1), uint64(2)
	empty, err := entry(&raftpb.Entry{Index: &one, Term: &one, Type: raftpb.EntryNormal.Enum()})
	if err != nil || empty.Request != nil {
		t.Errorf("%+v, %v", empty, err)
	}
	change := &raftpb.Entry{Index: &one, Term: &one, Type: raftpb.EntryConfChange.Enum(), Data: []byte("x")}
	if e, err := entry(change); err != nil || e.Request != nil {
		t.Errorf("%+v, %v", e, err)
	}
	moved := &raftpb.Entry{Index: &two, Term: &two, Type: raftpb.EntryConfChange.Enum(), Data: []byte("x")}
	other := &raftpb.Entry{Index: &one, Term: &one, Type: raftpb.EntryNormal.Enum(), Data: []byte("x")}
	if digest(change) != digest(moved) || digest(change) == digest(other) {
		t.Errorf("digests %x %x %x", digest(change), digest(moved), digest(other))
	}
	if _, err := entry(&raftpb.Entry{Index: &one, Term: &one, Type: raftpb.EntryNormal.Enum(), Data: []byte{0xff}}); err == nil {
		t.Error("decoded nonsense")
	}
}

// The ids that a cluster will have are known beforehand, and depend on the token.
func TestIDs(t *testing.T) {
	urls := map[history.NodeID]string{"n1": "http://n1.whitewater.invalid:2380", "n2": "http://n2.whitewater.invalid:2380"}
	members, cluster, err := IDs("token", urls)
	if err != nil || len(members) != 2 || members["n1"] == members["n2"] || cluster == 0 {
		t.Errorf("%v, %x, %v", members, cluster, err)
	}
	again, same, _ := IDs("token", urls)
	other, another, _ := IDs("another", urls)
	if again["n1"] != members["n1"] || same != cluster || other["n1"] == members["n1"] || another == cluster {
		t.Errorf("%v %v %v", members, again, other)
	}
	if _, _, err := IDs("token", map[history.NodeID]string{"n1": "no url"}); err == nil {
		t.Error("took nonsense for a URL")
	}
}

func TestMaybeMain(t *testing.T) {
	t.Setenv(Env, "")
	if MaybeMain() {
		t.Error("this process is no member")
	}
	if Version() == "" {
		t.Error("no version")
	}
}
