package history

import (
	"reflect"
	"strings"
	"testing"
)

// Every line here is the canonical form of what it says: parsed and written again, it is the same.
const golden = `meta workload=register nodes=(n1 n2 n3) seed=7 epoch=2026-11-22T06:15:00Z judge=linearizable rate=2000 open clients=30 load-start=1s unsent=(0 3) planned=2 election-timeout=1s
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
p4 n1 [55ms 56ms] append x "7 " lease=9 -> ok prev=(x "6 " mod=2) rev=17
p5 n1 [55ms 2s] txn then {append x ""; get x} -> unknown deadline exceeded
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

func TestNames(t *testing.T) {
	for _, line := range []string{"put x 1 lease=7", "txn if {mod x = 3} then {get x}", "delete a end=b", `append x "7 "`, "pause 2s"} {
		r, err := ParseRequest(line)
		if err != nil || r.String() != line {
			t.Errorf("%s reads as %v (%v)", line, r, err)
		}
	}
	for got, want := range map[string]string{
		OK.String(): "ok", Unknown.String(): "unknown", Fail.String(): "fail", Outcome(9).String(): "unknown",
		Final.String(): "final", Stage(9).String(): "stage9", CAS.String(): "cas", Kind(99).String(): "unknown kind",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// An error names the place, what is there, and what is allowed.
func TestParseErrors(t *testing.T) {
	for line, want := range map[string]string{
		`n1 [1ms 2ms] get x -> 3`:                          `column 1: expected a process such as "p1", found "n1 [1ms 2ms] get x -> 3"`,
		`p1 n1 (1ms 2ms) get x -> 3`:                       `column 7: expected "[", found "(1ms 2ms) get x -> 3"`,
		`p1 n1 [1 2ms] get x -> 3`:                         `column 8: expected the time of the call (a duration such as 11ms or 2s), found "1"`,
		`p1 n1 [1ms 2ms last] get x -> 3`:                  `column 16: unknown stage "last"; allowed: load, warmup, final, probe`,
		`p1 n1 [1ms 2ms dew=1ms] get x -> 3`:               `column 20: unknown option "dew"; allowed: due`,
		`p1 n1 [1ms 2ms] got x -> 3`:                       `column 17: expected a request, found "got x -> 3"; allowed: get, put, delete, cas, range, txn, compact, grant, revoke, keepalive, timetolive, lock, unlock, campaign, proclaim, resign, leader, append, pause`,
		`p1 n1 [1ms 2ms] put x -> ok`:                      `column 23: expected a word or a quoted string, found "-> ok"`,
		`p1 n1 [1ms 2ms] get x raet=4 -> 3`:                `column 23: unknown option "raet"; allowed: key, end, expect, value, rev, limit, lease, ttl, leader, wait, serializable, keys-only, count-only`,
		`p1 n1 [1ms 2ms] get x rev=old -> 3`:               `column 27: expected a number (a whole number), found "old"`,
		`p1 n1 [1ms 2ms] get x serializable=1 -> 3`:        `column 23: "serializable" is a flag and takes no value`,
		`p1 n1 [1ms 2ms] get x`:                            `column 22: expected "->", found the end of the line`,
		`p1 n1 [1ms 2ms] get x -> `:                        `column 26: expected a result, found the end of the line; allowed: a value, absent, ok, fail, unknown`,
		`p1 n1 [1ms 2ms] put x 1 -> done`:                  `column 28: expected a result, found "done"; allowed: ok, fail, unknown`,
		`p1 n1 [1ms 2ms] cas x 1 2 -> (x 1)`:               `column 30: expected a result, found "(x 1)"; allowed: ok, lost, fail, unknown`,
		`p1 n1 [1ms 2ms] get x -> "3`:                      `column 26: a quoted string that does not end, or holds a bad escape: "\"3"`,
		`p1 n1 [1ms 2ms] txn if {age x = 3} -> ok`:         `column 25: expected what to compare, found "age x = 3} -> ok"; allowed: value, version, mod, create, lease`,
		`p1 n1 [1ms 2ms] txn if {mod x ~ 3} -> ok`:         `column 31: expected a comparison, found "~ 3} -> ok"; allowed: != = < >`,
		`p1 n1 [1ms 2ms] txn then {get x -> ok`:            `column 33: expected "}", found "-> ok"`,
		`p1 n1 [1ms 2ms] get naïve -> 3 mod=5 rev=7 ver=1`: `column 44: unknown option "ver"; allowed: count, deleted, key, lease, ttl, granted, keys, leader, prev, rev, member, cluster, term, more`,
	} {
		if _, err := ParseOp(line); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", line, err, want)
		}
	}
	for text, want := range map[string]string{
		"# fine\n\np1 n1 [1ms 2ms] get x":                      `line 3, column 22: expected "->", found the end of the line`,
		"response 3 [1ms] rev=2":                               `line 1, column 23: a response to watch 3, which no line above opens`,
		"watch 0 n1 [0s 1s] load\nresponse 0 [1ms] push (x 1)": `line 2, column 18: expected an event (put or delete), found "push (x 1)"`,
		"status n1 [3s] awake running":                         `line 1, column 16: expected up or down, found "awake running"`,
		"lead n1 [3s] term=2":                                  `line 1, column 8: no evidence line above for "n1"`,
		"evidence n1\nentry n1 index=1":                        `line 2, column 9: no wal line above for "n1"`,
		"fault 0 [1s 2s] kill leader":                          `line 1, column 15: expected when healing began, found "] kill leader"`,
		"meta rate=fast":                                       `line 1, column 15: expected a rate (operations per second), found "fast"`,
		"p1 n1 [1ms 2ms] " + strings.Repeat("txn then {", 40):  `line 1, column 345: nested more than 32 deep`,
	} {
		if _, err := ParseHistory(text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}
