package history

import (
	"reflect"
	"strings"
	"testing"
)

// Every line here is the canonical form of what it says: parsed and written again, it is the same.
const golden = `meta workload=register nodes=(n1 n2 n3) seed=7 epoch=2026-11-22T06:15:00Z judge=linearizable rate=2000 open clients=30 load-start=1s planned=2 election-timeout=1s
p1 n1 [1ms 2ms] get x -> 3 mod=5 rev=7
p1 n1 [3ms 4ms] get x -> absent rev=7
p1 n1 [5ms 6ms due=2ms] get x serializable -> 3 create=2 mod=5 version=3 lease=9 rev=7 member=81 cluster=9 term=2
p1 n1 [7ms 8ms final] get x rev=4 -> "absent" mod=4
p1 n1 [9ms 10ms] get x -> ok (y 3 mod=5)
p1 n1 [11ms 12ms] get x count-only -> absent count=1 rev=7
p2 n1 [13ms 14ms] put x 2 -> ok rev=8
p2 n1 [15ms 16ms warmup] put x "two words" lease=7 -> ok prev=(x 1 mod=2) rev=9
p2 n2 [17ms 2s] put x 2 -> unknown deadline exceeded
p3 n2 [18ms 19ms] put x 2 -> fail "connection refused: \"n2\""
p4 n1 [20ms 21ms] cas x 3 4 -> ok rev=8
p4 n1 [22ms 23ms] cas x 3 4 -> lost 5 mod=6 rev=8
p4 n1 [24ms 25ms] cas x 3 "" -> lost absent rev=8
p4 n1 [25ms 26ms] cas x 3 "" -> lost
p4 n1 [26ms 27ms] delete a end=b -> ok deleted=2 prev=(a 1) prev=(aa 2) rev=10
p4 n1 [28ms 29ms] range a "\x00" limit=2 keys-only -> ok (a "" mod=4) (b "" mod=5) count=3 rev=11 more
p4 n1 [30ms 31ms] txn if {value x = 3; version y > 0} then {put x 4; get y} else {get x} -> ok rev=12 {ok; (y 5 mod=9)}
p4 n1 [32ms 33ms] txn if {mod x != 3} then {put x 4} else {get x; txn then {get y}} -> lost rev=12 {(x 3 mod=3); won {}}
p4 n1 [34ms 35ms] compact 9 -> ok rev=12
p4 n1 [36ms 37ms] grant 10 lease=77 -> ok lease=77 ttl=10 rev=12
p4 n1 [38ms 39ms] revoke 77 -> fail lease not found
p4 n1 [40ms 41ms] keepalive 77 -> ok lease=77 ttl=9
p4 n1 [42ms 43ms] timetolive 77 -> ok lease=77 ttl=9 granted=10 keys=(a "b c")
p4 n1 [44ms 45ms] lock door lease=77 -> ok key=door/4d rev=13
p4 n1 [46ms 47ms] unlock door/4d -> ok rev=14
p4 n1 [48ms 49ms] campaign chair me lease=77 -> ok leader=(chair chair/4d 15 77) rev=15
p4 n1 [50ms 51ms] proclaim (chair chair/4d 15 77) again -> ok rev=16
p4 n1 [52ms 53ms] resign (chair chair/4d 15 77) -> ok rev=17
p4 n1 [54ms 55ms] leader chair -> ok (chair/4d again create=15 mod=16 version=2 lease=77) rev=16
p9 n3 [56ms 57ms probe] get x -> 4 mod=12 rev=12
watch 0 n1 [1ms 10s] observer end="\x00" start=1 prev-kv progress compacted=4
response 0 [2ms] rev=1 created
response 0 [5ms] rev=7 member=81 put (x 1 create=7 mod=7 version=1) delete (y "" mod=7) prev (y 3 mod=2)
response 0 [6ms] rev=7 progress
watch 1 n1 [1ms 10s] load key=a resumes=0 error="watcher was cancelled"
fault 0 [8s 8.1s 10s 10.3s] kill leader nodes=(n2) took-effect evidence=("pid 41 is gone") leader-before=n2 term-before=3 step="at 8s for 2s kill leader"
status n1 [3s] up running leader=n2 term=3 index=40 applied=39 rev=8 db=20480
status n2 [4s] down killed
evidence n1 member=81 restarts=1 hash=(9 0 123) notes=("no snapshot")
lead n1 [3s] term=2
crash n1 [4s] panic "panic: boom" no=12
exit n1 [5s] "exit status 2" tail=("panic: boom" "goroutine 1")
snapshot n1 index=100 term=2
wal n1 first=1 commit=9 term=2
state n1 term=2 vote=81 commit=9
entry n1 index=5 term=2 digest=77 put x 1
entry n1 index=6 term=2 digest=78
`

func TestTextRoundTrip(t *testing.T) {
	h, err := ParseHistory(golden)
	if err != nil {
		t.Fatal(err)
	}
	diffLines(t, golden, h.String())
	again, err := ParseHistory(h.String())
	if err != nil || !reflect.DeepEqual(h, again) {
		t.Errorf("parsed again, the history differs (%v)", err)
	}
}

func diffLines(t *testing.T, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Errorf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
}
