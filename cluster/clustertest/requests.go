package clustertest

import (
	"strings"

	"github.com/whitewater-kv/whitewater/history"
)

// script asks for everything once. Revisions count from the script's start, and a lease's rest of life, where there is
// any, shows as 1.
const script = `
get a -> absent
put a 1 -> ok rev=1
put a 2 -> ok prev=(a 1 create=1 mod=1 version=1) rev=2
get a -> 2 create=1 mod=2 version=2 rev=2
get a serializable -> 2 create=1 mod=2 version=2 rev=2
get a rev=1 -> 1 create=1 mod=1 version=1 rev=2
put b 5 -> ok rev=3
put "" 5 -> fail no key
put c "two words" -> ok rev=4
cas a 2 3 -> ok prev=(a 2 create=1 mod=2 version=2) rev=5
cas a 2 4 -> lost 3 create=1 mod=5 version=3 rev=5
cas nosuch 0 1 -> lost absent rev=5
range a c -> ok (a 3 create=1 mod=5 version=3) (b 5 create=3 mod=3 version=1) count=2 rev=5
range "" "\x00" -> ok (a 3 create=1 mod=5 version=3) (b 5 create=3 mod=3 version=1) (c "two words" create=4 mod=4 version=1) count=3 rev=5
range a "\x00" limit=2 -> ok (a 3 create=1 mod=5 version=3) (b 5 create=3 mod=3 version=1) count=3 rev=5 more
range a c keys-only -> ok (a "" create=1 mod=5 version=3) (b "" create=3 mod=3 version=1) count=2 rev=5
range a c count-only -> ok count=2 rev=5
range a c rev=2 -> ok (a 2 create=1 mod=2 version=2) count=1 rev=5
range x z -> ok rev=5
txn if {value a = 3; version b > 0; mod c != 1; create a < 9} then {put a 4; get b; range a c} else {get a} -> ok rev=6 {prev=(a 3 create=1 mod=5 version=3); (b 5 create=3 mod=3 version=1); (a 4 create=1 mod=6 version=4) (b 5 create=3 mod=3 version=1) count=2}
txn if {value a = 3} then {put a 5} else {get a; get nosuch} -> lost rev=6 {(a 4 create=1 mod=6 version=4);}
txn if {lease a = 0} then {txn if {value b = 5} then {delete b; put d 1} else {put e 1}} -> ok rev=7 {won {deleted=1 prev=(b 5 create=3 mod=3 version=1);}}
txn then {get a; get d} -> ok rev=7 {(a 4 create=1 mod=6 version=4); (d 1 create=7 mod=7 version=1)}
txn -> ok rev=7
delete a -> ok deleted=1 prev=(a 4 create=1 mod=6 version=4) rev=8
delete a -> ok rev=8
delete b end=e -> ok deleted=2 prev=(c "two words" create=4 mod=4 version=1) prev=(d 1 create=7 mod=7 version=1) rev=9
grant 60 lease=4097 -> ok lease=4097 ttl=60 rev=9
grant 60 lease=4097 -> fail lease exists
put l 1 lease=4097 -> ok rev=10
put l 2 lease=4098 -> fail lease not found
keepalive 4097 -> ok lease=4097 ttl=60 rev=10
keepalive 4098 -> ok lease=4098 rev=10
timetolive 4097 -> ok lease=4097 ttl=1 granted=60 keys=(l) rev=10
timetolive 4098 -> ok lease=4098 ttl=-1 rev=10
get l -> 1 create=10 mod=10 version=1 lease=4097 rev=10
lock m lease=4097 -> ok key=m/1001 rev=11
timetolive 4097 -> ok lease=4097 ttl=1 granted=60 keys=(l m/1001) rev=11
unlock m/1001 -> ok rev=12
campaign chair me lease=4097 -> ok leader=(chair chair/1001 13 4097) rev=13
leader chair -> ok (chair/1001 me create=13 mod=13 version=1 lease=4097) rev=13
proclaim (chair chair/1001 12 4097) early -> fail not elected
proclaim (chair chair/1001 13 4097) again -> ok rev=14
leader chair -> ok (chair/1001 again create=13 mod=14 version=2 lease=4097) rev=14
resign (chair chair/1001 13 4097) -> ok rev=15
leader chair -> ok
proclaim (chair chair/1001 13 4097) late -> fail not elected
revoke 4097 -> ok rev=16
revoke 4097 -> fail lease not found
get l -> absent rev=16
compact 3 -> ok rev=16
compact 3 -> fail compacted
compact 10000 -> fail future revision
get a rev=2 -> fail compacted
get a rev=10000 -> fail future revision
get a rev=3 -> 2 create=1 mod=2 version=2 rev=16
`

// requests sends every kind of request, each line of the script through the next member.
func requests(r *rig) {
	// A leader that is lost on a busy machine leaves a request unknown; then the script is started afresh.
	for range 10 {
		got, known := r.play()
		if !known {
			r.ok(r.c.Nodes[0], history.Request{Kind: history.Delete, End: "\x00"})
			r.do(r.c.Nodes[0], history.Request{Kind: history.Revoke, Lease: 4097})
			r.settle()
			continue
		}
		if got = "\n" + got; got != script {
			r.t.Errorf("got:%s\nwant:%s", got, script)
		}
		return
	}
	r.t.Error("a request was left unknown in each of 10 attempts")
}

// play runs the script, and stops at the first request whose outcome is unknown.
func (r *rig) play() (got string, known bool) {
	base := r.ok(r.c.Nodes[0], history.Request{Kind: history.Get, Key: "a"}).Header.Revision
	turn := 0
	for line := range strings.Lines(strings.TrimPrefix(script, "\n")) {
		text, _, _ := strings.Cut(line, " -> ")
		request, err := history.ParseRequest(strings.TrimSpace(text))
		if err != nil {
			r.t.Fatal(err)
		}
		shiftRequest(&request, base)
		id := r.c.Nodes[turn%len(r.c.Nodes)]
		turn++
		if local(request) {
			r.settle()
		}
		result := r.do(id, request)
		switch {
		case result.Outcome == history.Unknown:
			return got, false
		case result.Outcome == history.OK && result.Header.Member == 0 && request.Kind != history.Leader:
			r.t.Errorf("%v: the answer does not say who gives it: %+v", request, result.Header)
		}
		if request.Kind == history.TimeToLive {
			result.TTL = min(result.TTL, 1)
		}
		shift(&result, base)
		if result.Outcome != history.OK || request.Kind == history.Leader && len(result.KVs) == 0 {
			result.Header = history.Header{} // etcd gives an error, which has none
		}
		shiftRequest(&request, -base)
		got += asText(request, result) + "\n"
	}
	return got, true
}

// local reports whether a member answers from what it, or the leader, has applied so far. To etcd a transaction that
// asks for nothing is one that asks for nothing but serializable reads.
func local(request history.Request) bool {
	empty := request.Kind == history.Txn && len(request.Then)+len(request.Else) == 0
	return empty || request.Serializable || request.Kind == history.KeepAlive || request.Kind == history.TimeToLive
}

// asText is the operation's text without its place and time.
func asText(request history.Request, result history.Result) string {
	_, text, _ := strings.Cut(history.Op{Node: "n1", Request: request, Result: result}.String(), "] ")
	return text
}

// shiftRequest moves the revisions that a request names.
func shiftRequest(request *history.Request, by int64) {
	if request.Revision != 0 {
		request.Revision += by
	}
	if request.Leader != nil {
		leader := *request.Leader
		leader.Rev += by
		request.Leader = &leader
	}
	for i := range request.If {
		if c := &request.If[i]; (c.Target == "mod" || c.Target == "create") && c.Number != 0 {
			c.Number += by
		}
	}
}

// shift makes a result's revisions count from base, and forgets who answered.
func shift(result *history.Result, base int64) {
	result.Header = history.Header{Revision: max(0, result.Header.Revision-base)}
	for _, kvs := range [][]history.KV{result.KVs, result.Prev} {
		for i := range kvs {
			kvs[i].Create -= base
			kvs[i].Mod -= base
		}
	}
	if result.Leader != nil {
		result.Leader.Rev -= base
	}
	for i := range result.Responses {
		shift(&result.Responses[i], base)
	}
}
