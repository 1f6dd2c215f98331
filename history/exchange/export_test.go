package exchange

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// What every operation is to other tools: its function, what it asked, what it was told, and of which type that is.
func TestNatives(t *testing.T) {
	for _, c := range []struct{ op, want string }{
		{`get x -> 3`, `:read ["x" nil] => :ok ["x" 3]`},
		{`get x -> absent`, `:read ["x" nil] => :ok ["x" nil]`},
		{`get x -> unknown timeout`, `:read ["x" nil] => :info ["x" nil]`},
		{`put x "a \"b\"" -> ok`, `:write ["x" "a \"b\""] => :ok ["x" "a \"b\""]`},
		{`put 7 07 -> fail refused`, `:write [7 "07"] => :fail [7 "07"]`},
		{`cas x 3 4 -> ok`, `:cas ["x" [3 4]] => :ok ["x" [3 4]]`},
		{`cas x 3 4 -> lost 5`, `:cas ["x" [3 4]] => :fail ["x" [3 4]]`},
		{`delete x -> ok deleted=1`, `:delete ["x" nil] => :ok ["x" nil]`},
		{`delete a end=b -> ok`, `:delete-range nil => :ok nil`},
		{`append x "7 " -> ok`, `:append ["x" "7 "] => :ok ["x" "7 "]`},
		{`range a c -> ok (a 1) (b 2) count=2`, `:range ["a" "c"] => :ok {"a" 1, "b" 2}`},
		{`range a c limit=1 -> ok (a 1) count=2 more`, `:range-limited nil => :ok nil`},
		{`range a c limit=5 -> ok (a 1) count=1`, `:range ["a" "c"] => :ok {"a" 1}`},
		{`range a c count-only -> ok count=2`, `:range-count nil => :ok nil`},
		{`range a c keys-only -> ok (a "") count=1`, `:range-keys nil => :ok nil`},
		// Reads that may be stale would be violations to other tools.
		{`get x serializable -> 3`, `:read-serializable nil => :ok nil`},
		{`get x rev=4 -> 3`, `:read-past nil => :ok nil`},
		{`txn serializable then {get wr/1 serializable} -> ok {(wr/1 2)}`, `:txn-serializable nil => :ok nil`},
		// Elle's transactions: lists, of which a guard that was lost has read, and registers.
		{`txn if {mod append/1 = 4} then {get append/2; put append/1 "1 2"} else {get append/1} -> ok {"7 8"; }`,
			`:txn [[:r "append/2" nil] [:append "append/1" 2]] => :ok [[:r "append/2" [7 8]] [:append "append/1" 2]]`},
		{`txn if {mod append/1 = 4} then {put append/1 "1 2"} else {get append/1} -> lost {"1 7"}`,
			`:txn [[:r "append/1" nil]] => :ok [[:r "append/1" [1 7]]]`},
		{`txn then {append append/1 "2 "; get append/1} -> ok {; "1 2 "}`,
			`:txn [[:append "append/1" 2] [:r "append/1" nil]] => :ok [[:append "append/1" 2] [:r "append/1" [1 2]]]`},
		{`get append/1 -> absent`, `:txn [[:r "append/1" nil]] => :ok [[:r "append/1" []]]`},
		{`range append/ append0 -> ok (append/1 "1 2") (append/2 3) count=2`,
			`:txn [[:r "append/1" nil] [:r "append/2" nil]] => :ok [[:r "append/1" [1 2]] [:r "append/2" [3]]]`},
		{`txn then {get wr/1; put wr/2 5} -> ok {(wr/1 4); }`, `:txn [[:r "wr/1" nil] [:w "wr/2" 5]] => :ok [[:r "wr/1" 4] [:w "wr/2" 5]]`},
		{`put wr/1 5 -> unknown timeout`, `:txn [[:w "wr/1" 5]] => :info [[:w "wr/1" 5]]`},
		// Other transactions: of keys that only transactions touch, and of those that are registers as well.
		{`txn if {value k = 3} then {put k 4} else {get k} -> lost {(k 5)}`, `:txn [[:w "k" 4]] => :fail [[:w "k" 4]]`},
		{`txn then {put y 4; delete k} -> ok {;deleted=1}`, `:transaction [[:w "y" 4] [:w "k" nil]] => :ok [[:w "y" 4] [:w "k" nil]]`},
		{`txn then {delete a end=b} -> ok {}`, `:transaction [] => :ok []`},
		// Sets: elements of their own keys, and lists that are put as a whole.
		{`put set/e/0000007 7 -> ok`, `:add ["x" "0000007"] => :ok ["x" "0000007"]`},
		{`put set/e/g/8 8 -> ok`, `:add ["g" 8] => :ok ["g" 8]`},
		{`range set/e/g/ set/e/g0 -> ok (set/e/g/7 7) (set/e/g/8 8) count=2`, `:read ["g" nil] => :ok ["g" [7 8]]`},
		{`txn if {mod set/all = 1} then {put set/all "7 8"} else {get set/all} -> ok {}`, `:add ["set/all" 8] => :ok ["set/all" 8]`},
		{`get set/all -> "7 8"`, `:read ["set/all" nil] => :ok ["set/all" [7 8]]`},
		{`get set/e/7 -> 7`, `:read-mixed nil => :ok nil`},
		{`range a z -> ok (append/1 "1 2") (b 2) count=2`, `:range-mixed nil => :ok nil`},
		// Locks without leases are mutexes; others end by themselves, as do keys.
		{`lock lock/0 -> ok key=lock/0/1`, `:acquire ["lock/0" nil] => :ok ["lock/0" nil]`},
		{`unlock lock/9/7 -> ok`, `:release ["lock/9" nil] => :ok ["lock/9" nil]`},
		{`lock lock/0 lease=7 -> ok key=lock/0/7`, `:lock nil => :ok nil`},
		{`unlock lock/0/7 -> ok`, `:unlock nil => :ok nil`},
		{`get lock/9/7 -> absent`, `:read-mixed nil => :ok nil`},
		{`put y 1 lease=7 -> ok`, `:write-leased ["y" 1] => :ok ["y" 1]`},
		{`grant 10 -> ok lease=7`, `:grant nil => :ok nil`},
	} {
		h, err := history.ParseHistory("p0 n1 [1ms 2ms] get y -> absent\np0 n1 [2ms 3ms] lock lock/9 -> ok key=lock/9/7\np1 n1 [4ms 5ms] " + c.op)
		if err != nil {
			t.Fatal(err)
		}
		halves := exported(h)
		asked, told := halves[len(halves)-2], halves[len(halves)-1]
		got := fmt.Sprintf("%s %s => :%s %s", keyword(asked.f).edn(nil), asked.value.edn(nil), told.kind, told.value.edn(nil))
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.op, got, c.want)
		}
	}
}

const everything = ours + `p3 n1 [17ms 18ms final] get x rev=4 serializable -> absent rev=5
p3 n1 [18ms 18ms] lock door lease=7 -> ok key=door/7 rev=5
p4 n1 [18ms 18ms] put "\xff" "" -> unknown "a \"reason\""
watch 0 n1 [1ms 10s] observer end="\x00" start=1 prev-kv progress
response 0 [5ms] rev=7 put (x 1 create=7 mod=7 version=1) delete (y "" mod=7) prev (y 3 mod=2)
fault 0 [8ms 8.1ms 10ms 10.3ms] kill leader nodes=(n2) took-effect evidence=("pid 41 is gone") step="at 8s for 2s kill leader"
fault 1 [9ms 9ms 0s 0s] "weird (fault)" n1 nodes=(n1)
status n1 [3s] up running leader=n2 term=3 index=40 applied=39 rev=8
evidence n1 member=81 restarts=1 hash=(9 0 123)
`

// A history of ours comes back whole from EDN: operations, stages, watches, faults, statuses, evidence.
func TestWhole(t *testing.T) {
	h, err := history.ParseHistory("meta workload=register nodes=(n1 n2) seed=7\n" + everything)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteEDN(&b, h); err != nil {
		t.Fatal(err)
	}
	back, notes, err := Read(b.Bytes(), Dropped)
	if err != nil || len(notes) > 0 || back.String() != h.String() {
		t.Errorf("%v %v\ngot\n%s\nwant\n%s", err, notes, back, h)
	}
	// To other tools, faults are lines of the nemesis.
	for _, line := range []string{`:process :nemesis, :f :start-kill, :value "leader", :time 8000000}`, `:process :nemesis, :f :start-kill, :value ["n2"], :time 8100000}`,
		`:process :nemesis, :f :stop-kill, :value nil, :time 10300000}`, `:f :start-weird--fault-, :value "n1"`} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no line %s in\n%s", line, b.String())
		}
	}
	// Without one of its records, it is anybody's.
	text := strings.Replace(b.String(), `, :whitewater [0 "`, `, :other [0 "`, 1)
	back, notes, err = Read([]byte(text), Differed)
	if err != nil || back.Meta.Target != "import" || len(notes) == 0 || len(back.Faults) != 2 {
		t.Errorf("one record is gone: %v %q\n%s", err, notes, back)
	}
	if back, _, err := Read([]byte("{:type :info :process :nemesis :f :record :whitewater \"status n1 [3s] down killed\"}"), Dropped); err != nil || len(back.Statuses) != 1 {
		t.Errorf("no operations: %v", err)
	}
}

func TestRecordErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{:process 1 :type :invoke :f :read :whitewater [0 "get"]}`:                                        `line 1: :whitewater: column 1: expected a process such as "p1", found "get"`,
		`{:process 1 :type :invoke :f :read :whitewater ["0" "x"]}`:                                        `line 1: a :whitewater that is neither a line nor an operation's number with its line: [0 x]`,
		`{:process 1 :type :info :f :x :whitewater "lead n1 [1s]"}`:                                        `:whitewater: line 1, column 8: no evidence line above for "n1"`,
		`{:process 1 :type :invoke :f :x :whitewater [99999999999999999999 "p1 n1 [1ms 2ms] get x -> 3"]}`: `line 1: a :whitewater that is neither a line nor an operation's number with its line: [99999999999999999999 p1 n1 [1ms 2ms] get x -> 3]`,
	} {
		if _, _, err := Read([]byte(text), Dropped); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// elle-cli's JSON is one list, whatever is in it.
func TestWriteJSON(t *testing.T) {
	for text, want := range map[string]string{
		"": "[]\n",
		"p1 n1 [1ms 2ms] txn then {append append/1 \"2 \"; get append/1} -> ok {; \"1 2 \"}\n": `[
{"index":0,"type":"invoke","process":1,"f":"txn","value":[["append","append/1",2],["r","append/1",null]],"time":1000000,"node":"n1"},
{"index":1,"type":"ok","process":1,"f":"txn","value":[["append","append/1",2],["r","append/1",[1,2]]],"time":2000000,"node":"n1"}]
`,
		"p1 n1 [1ms 2ms] range 1 9 -> ok (2 \"\\x00é\") count=1\n": `[
{"index":0,"type":"invoke","process":1,"f":"range","value":["1","9"],"time":1000000,"node":"n1"},
{"index":1,"type":"ok","process":1,"f":"range","value":{"2":"\u0000é"},"time":2000000,"node":"n1"}]
`,
	} {
		h, err := history.ParseHistory(text)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteJSON(&b, h); err != nil || b.String() != want {
			t.Errorf("%v\ngot\n%s\nwant\n%s", err, b.String(), want)
		}
	}
}

// What is not JSON, or no history, is refused with its place.
func TestJSONErrors(t *testing.T) {
	for text, want := range map[string]string{
		"[{\"type\":\"ok\"}]": "line 1: an operation without :process",
		"[\n{\"process\":1,\"type\":\"no\",\"f\":\"read\",\"index\":7}]": `line 2: unknown type "no"; allowed: invoke, ok, fail, info (the operation with index 7)`,
		"{\"process\":1,\n\"type\":}":                                    "line 2: invalid character '}' looking for beginning of value",
		"[{\"process\":1":                                                "line 1: unexpected EOF",
		"[{\"a\":" + strings.Repeat("[", 200):                            "line 1: nested more than 100 deep",
		`{"process":1,"type":"invoke","f":"read","time":1.5}`:            `line 1: a :time that is no number of nanoseconds: "1.5"`,
		`{"process":1,"type":"invoke","value":3}`:                        "line 1: an operation without :f",
	} {
		if _, _, err := Read([]byte(text), Dropped); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	if h, _, err := Read([]byte("[ ]"), Dropped); err != nil || len(h.Ops) != 0 {
		t.Errorf("an empty list: %v", err)
	}
}
