package etcd

import (
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/cluster/clustertest"
	"github.com/whitewater-kv/whitewater/cluster/etcd/unary"
	"github.com/whitewater-kv/whitewater/history"
)

// Requests around the length at which they no longer go the fast way, and answers far beyond it: nothing else changes. What
// is too long for etcd fails, and is not there.
func TestLong(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1, UnsafeNoFsync: true})
	client := dial(t, c, "n1")
	do := func(r history.Request) history.Result {
		t.Helper()
		result := client.Do(bounded(t), r)
		if result.Outcome == history.Unknown {
			t.Skipf("the machine is too busy for etcd to answer: %s", result.Error)
		}
		return result
	}
	value := func(length int, fill string) string { return strings.Repeat(fill, length) }
	before := ""
	for _, length := range []int{unary.MaxRequest - 40, unary.MaxRequest - 10, unary.MaxRequest, unary.MaxRequest + 1, 100_000, 1_000_000} {
		put := do(history.Request{Kind: history.Put, Key: "x", Value: value(length, "a")})
		if put.Outcome != history.OK || before != "" && (len(put.Prev) != 1 || put.Prev[0].Value != before) {
			t.Fatalf("put of %d bytes: %v %s, %d replaced", length, put.Outcome, put.Error, len(put.Prev))
		}
		cas := do(history.Request{Kind: history.CAS, Key: "x", Expect: value(length, "a"), Value: "short"})
		if !cas.Succeeded || cas.Header.Revision != put.Header.Revision+1 {
			t.Errorf("compare-and-swap of %d bytes: %v %s", length, cas.Outcome, cas.Error)
		}
		txn := do(history.Request{Kind: history.Txn, Then: []history.Request{{Kind: history.Put, Key: "x", Value: value(length, "b")}, {Kind: history.Get, Key: "x"}}})
		if txn.Outcome != history.OK || len(txn.Responses) != 2 || txn.Responses[1].KVs[0].Value != value(length, "b") {
			t.Errorf("transaction of %d bytes: %v %s", length, txn.Outcome, txn.Error)
		}
		before = value(length, "b")
		for _, r := range []history.Request{{Kind: history.Get, Key: "x"}, {Kind: history.Range, Key: "x", End: "y"}} {
			if got := do(r); len(got.KVs) != 1 || got.KVs[0].Value != before {
				t.Errorf("%v of %d bytes: %s", r, length, got.Error)
			}
		}
	}
	long := strings.Repeat("k", unary.MaxRequest+1)
	for _, r := range []history.Request{
		{Kind: history.Put, Key: long, Value: "1"}, {Kind: history.Get, Key: long}, {Kind: history.Range, Key: long, End: long + "~"},
		{Kind: history.CAS, Key: long, Expect: "1", Value: "2"}, {Kind: history.Delete, Key: long},
	} {
		if got := do(r); got.Outcome != history.OK || r.Kind == history.CAS && !got.Succeeded || got.Header.Member == 0 {
			t.Errorf("a key of %d bytes, kind %d: %v %s", len(long), r.Kind, got.Outcome, got.Error)
		}
	}
	tooLong := do(history.Request{Kind: history.Put, Key: "x", Value: value(2_000_000, "c")})
	if tooLong.Outcome != history.Fail || tooLong.Error != "request too large" {
		t.Errorf("put of 2 MB: %v %s", tooLong.Outcome, tooLong.Error)
	}
	if got := do(history.Request{Kind: history.Get, Key: "x"}); got.KVs[0].Value != before {
		t.Error("a put that failed was applied")
	}
}

// The same request by both ways has the same answer: the fast one spells and reads by hand what gRPC's own code does here.
func TestBothWays(t *testing.T) {
	c := launch(t, cluster.Spec{Nodes: 1, UnsafeNoFsync: true})
	both := dial(t, c, "n1").(*client)
	both.Do(bounded(t), history.Request{Kind: history.Put, Key: "x", Value: "0"})
	for i, text := range []string{
		"put x 1", "put x 2", "get x", "get x serializable", "get nosuch", "range a z", `range "" "\x00" count-only`, "range a z keys-only limit=1",
		"cas x 2 2", "cas x 1 2", "get x rev=1000000", "get x rev=2", `put "" 1`, "txn then {put x 2; get x; range a z} else {get x}",
		"txn if {value x = 7} then {put x 1} else {get x; txn if {mod x > 0} then {get x}}", "put x 1 lease=77",
		"txn then {put x 1; put x 2}",
	} {
		r, err := history.ParseRequest(text)
		if err != nil {
			t.Fatal(err)
		}
		fast, ok := both.doFast(bounded(t), r)
		a := &attempt{Context: bounded(t)}
		slow, header, err := both.send(a, r)
		slow.Header = headerOf(header)
		slow = both.judge(r, slow, err, a.sent.Load() > 0)
		if fast.Error == "timed out at server" || slow.Error == "timed out at server" {
			t.Skip("the machine is too busy for etcd to answer")
		}
		if i < 2 || strings.HasPrefix(text, "cas") || strings.HasPrefix(text, "txn then {put x 2") { // it changed something
			fast, slow = bare(fast), bare(slow)
		}
		if got, want := clustertest.Answer(r, fast), clustertest.Answer(r, slow); !ok || got != want {
			t.Errorf("by the fast way\n%s\nand by gRPC's\n%s", got, want)
		}
	}
}

// bare leaves out of an answer what is another with every write.
func bare(result history.Result) history.Result {
	result.Header.Revision = 0
	for _, kvs := range []*[]history.KV{&result.KVs, &result.Prev} {
		for i := range *kvs {
			kv := &(*kvs)[i]
			kv.Create, kv.Mod, kv.Version, kv.Value = 0, 0, 0, ""
		}
	}
	for i, inner := range result.Responses {
		result.Responses[i] = bare(inner)
	}
	return result
}
