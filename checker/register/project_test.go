package register

import (
	"fmt"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

func (c Cell) text() string {
	switch {
	case !c.Known:
		return ""
	case c.Absent && c.Not:
		return "something"
	case c.Absent:
		return "absent"
	case c.Not:
		return "not " + c.Value
	}
	return c.Value
}

// says is what an operation says of the store's values: "x: 1>2" saw 1 and left 2, "maybe" may never have happened,
// "vague" saw more than can be said.
func says(t *testing.T, text string) string {
	t.Helper()
	h, err := history.ParseHistory(text)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(h)
	actions, exact := r.Actions(&h.Ops[len(h.Ops)-1])
	var all []string
	for _, a := range actions {
		var touches []string
		for _, touch := range a.Touches {
			s := touch.Key + ": " + touch.Read.text()
			if touch.Write.Known {
				s += ">" + touch.Write.text()
			}
			touches = append(touches, s)
		}
		s := strings.Join(touches, ", ")
		if a.Maybe {
			s = "maybe " + s
		}
		all = append(all, s)
	}
	if !exact {
		all = append(all, "vague")
	}
	return strings.Join(all, "; ")
}

func TestWhatAnOperationSays(t *testing.T) {
	for _, c := range []struct{ op, want string }{
		{"get x -> 3", "x: 3"},
		{"get x -> absent", "x: absent"},
		{"get x rev=4 -> 3", "vague"},
		{"get x keys-only -> ok (x \"\" mod=3)", "x: something"},
		{"get x count-only -> absent count=1", "x: something"},
		{"get x count-only -> absent", "x: absent"},
		{"get x serializable -> 3", ""},
		{"get x -> unknown timeout", ""},
		{"put x 2 -> ok", "x: >2"},
		{"put x 2 -> ok prev=(x 1)", "x: 1>2"},
		{"put x 2 -> unknown timeout", "maybe x: >2"},
		{"put x 2 -> fail refused", ""},
		{"delete x -> ok rev=3", "x: absent>absent"},
		{"delete x -> ok deleted=1 rev=3", "x: something>absent"},
		{"delete x -> ok deleted=1 prev=(x 1)", "x: 1>absent"},
		{"delete x -> unknown timeout", "maybe x: >absent"},
		{"delete a end=b -> ok deleted=2 prev=(a 1) prev=(aa 2)", "a: 1>absent, aa: 2>absent; vague"},
		{"delete a end=b -> unknown timeout", "vague"},
		{"cas x 1 2 -> ok", "x: 1>2"},
		{"cas x 1 2 -> lost 5", "x: 5"},
		{"cas x 1 2 -> lost absent rev=3", "x: absent"},
		{"cas x 1 2 -> lost absent", "x: not 1"},
		{"cas x 1 2 -> unknown timeout", "maybe x: 1>2"},
		{"txn if {value x = 1} then {put x 2; get y} -> ok {ok; (y 5)}", "x: 1>2, y: 5"},
		{"txn if {value x = 1} then {put x 2} else {get x} -> lost {(x 3)}", "x: 3"},
		{"txn if {value x = 1} then {put x 2} -> lost {}", "x: not 1"},
		{"txn if {value x = 1; value y = 1} then {put x 2} -> lost {}", "vague"},
		{"txn if {version x = 0} then {put x 2} -> ok {ok}", "x: absent>2"},
		{"txn if {create x > 0} then {put x 2} -> ok {ok}", "x: something>2"},
		{"txn if {mod x < 7} then {put x 2} -> ok {ok}", "x: >2; vague"},
		{"txn then {put x 2; get x} -> ok {ok; (x 2)}", "x: >2"},
		{"txn then {put x 2; txn if {version x = 0} then {get x}} -> ok {ok; won {(x 2)}}", "x: absent>2"},
		{"txn if {value x = 1} then {put x 2; put y 2} else {put z 2} -> unknown timeout", "maybe x: >2, y: >2; maybe z: >2; vague"},
		{"txn then {put x 2; delete y; get z} -> ok", "x: >2, y: >absent; vague"},
		{"grant 10 -> ok lease=7 ttl=10", ""},
	} {
		if got := says(t, "p1 n1 [1ms 2ms] "+c.op); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.op, got, c.want)
		}
	}
}

// Where a store tells what a put replaced, its silence means that there was nothing.
func TestSilence(t *testing.T) {
	told := "p1 n1 [1ms 2ms] put y 2 -> ok prev=(y 1)\n"
	if got := says(t, told+"p1 n1 [3ms 4ms] put x 1 -> ok"); got != "x: absent>1" {
		t.Error(got)
	}
	if got := says(t, told+"p1 n1 [3ms 4ms] txn then {put x 1} -> ok {ok}"); got != "x: >1" {
		t.Error("what holds for puts alone was taken to hold within transactions:", got)
	}
}

// A range shows keys that others wrote; they are left to these. The keys of locks are the store's.
func TestWhoseKeys(t *testing.T) {
	named := "p1 n1 [1ms 2ms] put x 1 -> ok\n"
	if got := says(t, named+"p1 n1 [3ms 4ms] range a z -> ok (b 7) (x 1) count=2"); got != "x: 1; vague" {
		t.Error(got)
	}
	locked := "p1 n1 [1ms 2ms] lock door lease=7 -> ok key=door/7 rev=3\n"
	if got := says(t, locked+"p1 n1 [3ms 4ms] get door/7 -> absent"); got != "" {
		t.Error(got)
	}
}

// Keys under leases and keys of range deletes that did not tell what they deleted are not judged by values alone.
func TestWildKeys(t *testing.T) {
	for text, want := range map[string]string{
		"put x 1 lease=7 -> ok":                                   "x",
		"put x 1 lease=7 -> fail refused":                         "",
		"txn then {put x 1 lease=7} -> unknown timeout":           "x",
		"txn then {put x 1} else {put y 1 lease=7} -> ok {ok}":    "",
		"delete w end=y -> unknown timeout":                       "x",
		"delete w end=y -> ok deleted=1":                          "x",
		"delete w end=y -> ok deleted=1 prev=(x 1)":               "",
		"txn then {delete w end=y} -> ok {deleted=1 prev=(x 1)}":  "",
		"txn then {delete w end=y} -> ok {deleted=2 prev=(xx 1)}": "x",
	} {
		h, err := history.ParseHistory("p1 n1 [1ms 2ms] " + text)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(h)
		got := ""
		if r.Wild("x") {
			got = "x"
		}
		if got != want {
			t.Errorf("%s: wild %q, want %q", text, got, want)
		}
	}
}

func TestVerifyObjects(t *testing.T) {
	h, err := history.ParseHistory(`p1 n1 [1ms 2ms] put x 1 -> ok
p1 n1 [3ms 4ms] put x 2 -> ok
p2 n1 [5ms 6ms] get x -> 2`)
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := Split(h, NewReader(h))
	for order, want := range map[string]string{
		"[0 1 2]":   "",
		"[1 0 2]":   "key x: operation 2 does not see what was there",
		"[0 2 1]":   "key x: operation 2 does not see what was there",
		"[0 1]":     "key x: operation 2 has no place",
		"[0 1 1 2]": "key x: operation 1 stands twice",
	} {
		var indices []int32
		for _, w := range strings.Fields(strings.Trim(order, "[]")) {
			var n int32
			fmt.Sscan(w, &n)
			indices = append(indices, n)
		}
		got := ""
		if err := keys[0].Verify(indices); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", order, got, want)
		}
	}
}
