package model_test

import (
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// A history whose last operation is wrong in one way each, and what is said of it.
func TestDiffers(t *testing.T) {
	const before = "put x 1 -> ok rev=2\nput y 1 -> ok rev=3\nput x 2 -> ok prev=(x 1 create=2 mod=2 version=1) rev=4\n"
	for op, want := range map[string]string{
		"get x -> 2 create=2 mod=4 version=2 rev=4":                                       "",
		"get x -> 2 rev=4":                                                                "", // what was not recorded is not compared
		"get x -> 1 rev=4":                                                                `x was "1" (create 0, mod 0, version 0), and should have been "2" (create 2, mod 4, version 2)`,
		"get x -> 2 create=2 mod=4 version=3 rev=4":                                       `x was "2" (create 2, mod 4, version 3), and should have been "2" (create 2, mod 4, version 2)`,
		"get x -> absent rev=4":                                                           `x was missing, which was "2" (create 2, mod 4, version 2)`,
		"get z -> 1 rev=4":                                                                `z was there as "1" (create 0, mod 0, version 0), and should not have been`,
		"range x \"\\x00\" -> ok (x 2) (y 1) count=2 rev=4":                               "",
		"range x \"\\x00\" -> ok (x 2) (y 1) count=3 rev=4":                               "it counted 3 keys, and there were 2",
		"range x \"\\x00\" limit=1 -> ok (x 2) count=2 more rev=4":                        "",
		"range x \"\\x00\" limit=1 -> ok (x 2) count=2 rev=4":                             "it said more=false of 2 keys",
		"range x \"\\x00\" limit=1 -> ok (y 1) count=2 more rev=4":                        `x was missing, which was "2" (create 2, mod 4, version 2)`,
		"range x \"\\x00\" keys-only -> ok (x \"\" mod=4) (y \"\") count=2 rev=4":         "",
		"range x \"\\x00\" count-only -> ok count=1 rev=4":                                "it counted 1 keys, and there were 2",
		"put x 3 -> ok prev=(x 1 mod=2) rev=5":                                            `it replaced what was not there: x was "1" (create 0, mod 2, version 0), and should have been "2" (create 2, mod 4, version 2)`,
		"put x 3 -> ok rev=5":                                                             `it replaced what was not there: x was missing, which was "2" (create 2, mod 4, version 2)`,
		"delete x -> ok rev=4":                                                            "it deleted 0 keys, and there were 1",
		"delete a end=z -> ok deleted=2 rev=5":                                            "",
		"cas x 2 3 -> lost 2 rev=4":                                                       "it lost, and should have won",
		"cas x 1 3 -> lost 2 rev=4":                                                       "",
		"cas x 1 3 -> ok rev=5":                                                           "it won, and should have lost",
		"txn if {value x = 2} then {get y} -> ok rev=4 {(y 1)}":                           "",
		"txn if {value x = 2} then {get y} -> ok rev=4 {(y 7)}":                           `its request 1: y was "7" (create 0, mod 0, version 0), and should have been "1" (create 3, mod 3, version 1)`,
		"txn if {value x = 1} then {get y} -> ok rev=4 {(y 1)}":                           "its compares won, and should have lost",
		"txn if {lease x = 0; mod y > 2; create x != 3} then {get y} -> ok rev=4 {(y 1)}": "",
	} {
		var lines []string
		for i, line := range strings.Split(before+op, "\n") {
			lines = append(lines, "p1 n1 ["+string(rune('1'+2*i))+"ms "+string(rune('2'+2*i))+"ms] "+line)
		}
		h, err := history.ParseHistory(strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		for i := range h.Ops[:3] {
			store.Do(&h.Ops[i].Request)
		}
		last := &h.Ops[3]
		answer := store.Do(&last.Request)
		told := func(kind history.Kind, inner bool) bool { return kind == history.Put && !inner }
		if got := model.Differs(&last.Request, &last.Result, &answer, told); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", op, got, want)
		}
	}
}
