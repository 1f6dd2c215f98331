package etcd

import (
	"reflect"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/history"
)

// What is spelled by hand is what protobuf itself reads: the requests.
func TestCodecRequests(t *testing.T) {
	for _, r := range []history.Request{
		{Kind: history.Get, Key: "x"},
		{Kind: history.Get, Key: "x", End: "y"},
		{Kind: history.Get, Key: "x", Serializable: true, Revision: 7},
		{Kind: history.Range, Key: "", End: "\x00"},
		{Kind: history.Range, Key: "a", End: "b", Limit: 300, KeysOnly: true},
		{Kind: history.Range, Key: "\xff\xfe", End: "\x00", CountOnly: true, Revision: 1 << 40},
	} {
		got := new(pb.RangeRequest)
		if err := proto.Unmarshal(appendRange(nil, r), got); err != nil || !proto.Equal(got, rangeRequest(r)) {
			t.Errorf("%v: %v %v", r, got, err)
		}
	}
	for _, r := range []history.Request{
		{Kind: history.Put, Key: "x", Value: "1"}, {Kind: history.Put, Key: "x", Lease: -3}, {Kind: history.Put, Key: "x", Value: string(make([]byte, 300)), Lease: 9},
	} {
		got := new(pb.PutRequest)
		if err := proto.Unmarshal(appendPut(nil, r), got); err != nil || !proto.Equal(got, putRequest(r)) {
			t.Errorf("%v: %v %v", r, got, err)
		}
	}
}

// And the answers.
func TestCodecAnswers(t *testing.T) {
	header := &pb.ResponseHeader{ClusterId: 1 << 63, MemberId: 2, Revision: 3, RaftTerm: 4}
	kvs := []*mvccpb.KeyValue{{Key: []byte("x"), CreateRevision: 1, ModRevision: 2, Version: 3, Value: []byte("v"), Lease: -4}, {Key: []byte("y")}}
	for _, response := range []*pb.RangeResponse{{}, {Header: header}, {Header: header, Kvs: kvs[:1], Count: 1}, {Header: header, Kvs: kvs, More: true, Count: 9}} {
		for _, kind := range []history.Kind{history.Get, history.Range} {
			want := rangeResult(kind, response)
			want.Header = headerOf(response.GetHeader())
			got, err := decodeRange(history.Request{Kind: kind, Key: "x"}, marshal(t, response))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v: %+v %v, want %+v", response, got, err, want)
			}
		}
	}
	for _, response := range []*pb.PutResponse{{}, {Header: header}, {Header: header, PrevKv: kvs[0]}} {
		want := putResult(response)
		want.Header = headerOf(response.GetHeader())
		got, err := decodePut(history.Request{Kind: history.Put, Key: "x"}, marshal(t, response))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v %v, want %+v", response, got, err, want)
		}
	}
}

func marshal(t testing.TB, m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// An answer that is cut short or wrong is an error, never a panic; and what is read of one is what protobuf reads.
func FuzzCodec(f *testing.F) {
	f.Add(marshal(f, &pb.RangeResponse{Header: &pb.ResponseHeader{ClusterId: 7}, Kvs: []*mvccpb.KeyValue{{Key: []byte("x")}}, Count: 1}))
	f.Add(marshal(f, &pb.PutResponse{Header: &pb.ResponseHeader{ClusterId: 7}, PrevKv: &mvccpb.KeyValue{Key: []byte("x"), Lease: -1}}))
	f.Add([]byte{0x0a, 0x05, 1})
	f.Add([]byte{0x0b})
	f.Add([]byte{0x10, 0x30}) // the pairs, as a number
	f.Add([]byte{0x22, 0x01, 0x30, 0x12, 0x02, 0x10, 0x05})
	f.Fuzz(func(t *testing.T, message []byte) {
		asked := history.Request{Kind: history.Range, Key: "x"}
		got, err := decodeRange(asked, message)
		response := new(pb.RangeResponse)
		if proto.Unmarshal(message, response) == nil && err == nil {
			want := rangeResult(asked.Kind, response)
			want.Header = headerOf(response.GetHeader())
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%x: %+v, protobuf reads %+v", message, got, want)
			}
		}
		got, err = decodePut(history.Request{Kind: history.Put, Key: "x"}, message)
		put := new(pb.PutResponse)
		if proto.Unmarshal(message, put) == nil && err == nil && len(got.Prev) != len(kvsOf(put.GetPrevKv())) {
			t.Errorf("%x: %+v, protobuf reads %+v", message, got, put)
		}
	})
}

func BenchmarkDecodeGet(b *testing.B) {
	message := marshal(b, &pb.RangeResponse{Header: &pb.ResponseHeader{ClusterId: 1 << 63, MemberId: 1 << 62, Revision: 300, RaftTerm: 4},
		Kvs: []*mvccpb.KeyValue{{Key: []byte("b/000000"), CreateRevision: 100, ModRevision: 200, Version: 3, Value: make([]byte, 256)}}, Count: 1})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeRange(history.Request{Kind: history.Get, Key: "b/000000"}, message); err != nil {
			b.Fatal(err)
		}
	}
}
