package exchange

import (
	"strings"
	"testing"
)

// What the nemesis did, from lines in pairs: each function is told when it is asked for, and when it is done.
func TestNemesis(t *testing.T) {
	for _, c := range []struct{ story, lines, want, notes string }{
		{"one fault, done and undone", "start-partition majority|start-partition [n1 n2]|stop-partition|stop-partition",
			"fault 0 [1ms 2ms 3ms 4ms] partition majority nodes=(n1 n2) took-effect evidence=(\"[n1 n2]\")", ""},
		{"killed, and started again", "kill|kill {n1 :killed}|start|start",
			"fault 0 [1ms 2ms 3ms 4ms] kill \"\" nodes=(n1) took-effect evidence=(\"[n1 killed]\")", ""},
		{"one after the other, within one another", "pause|pause [n1]|kill|kill [n2]|resume|resume|start|start",
			"fault 0 [1ms 2ms 5ms 6ms] pause \"\" nodes=(n1) took-effect evidence=(\"[n1]\")\nfault 1 [3ms 4ms 7ms 8ms] kill \"\" nodes=(n2) took-effect evidence=(\"[n2]\")", ""},
		{"the same again, before it was healed", "kill|kill [n1]|kill|kill [n2]|start|start|start|start",
			"fault 0 [1ms 2ms 7ms 8ms] kill \"\" nodes=(n1) took-effect evidence=(\"[n1]\")\nfault 1 [3ms 4ms 5ms 6ms] kill \"\" nodes=(n2) took-effect evidence=(\"[n2]\")", ""},
		{"which fault it is, nobody says", "start|start|stop|stop", "fault 0 [1ms 2ms 3ms 4ms] nemesis \"\" took-effect", ""},
		{"asked for, and never done", "bump-clock", "fault 0 [1ms 1ms 1.000001ms 1.000001ms] bump-clock \"\"", "no line ends the fault bump-clock"},
		{"healed, and not said when it was done", "partition|partition|heal", "fault 0 [1ms 2ms 3ms 3.000001ms] partition \"\" took-effect", ""},
		{"an end without a beginning", "resume|stop-x", "", ":resume of the nemesis is left out: it is not known what begins or ends it\n:stop-x of the nemesis is left out: it is not known what begins or ends it"},
		{"no fault", "check-clock-offsets", "", ":check-clock-offsets of the nemesis is left out: it is not known what begins or ends it"},
	} {
		edn := ""
		for line := range strings.SplitSeq(c.lines, "|") {
			f, value, _ := strings.Cut(line, " ")
			edn += "{:process :nemesis, :type :info, :f :" + f + ", :value " + value + "}\n"
		}
		h, notes, err := Read([]byte(strings.ReplaceAll(edn, ":value }", ":value nil}")), Dropped)
		if err != nil {
			t.Errorf("%s: %v", c.story, err)
			continue
		}
		_, got, _ := strings.Cut(strings.TrimSpace(h.String()), "\n")
		if got != c.want || strings.Join(notes, "\n") != c.notes {
			t.Errorf("%s:\ngot  %s\n%s\nwant %s\n%s", c.story, got, strings.Join(notes, "\n"), c.want, c.notes)
		}
	}
}

// A value says what it means by the company it keeps.
func TestWhatValuesMean(t *testing.T) {
	for _, c := range []struct{ story, lines, want string }{
		{"a pair is a key with a value, where everything is a pair", "invoke write [1 2]|ok write [1 2]|invoke read [1 nil]|ok read [1 2]", "put 1 2 -> ok|get 1 -> 2"},
		{"a pair is a value, where something is none", "invoke write [1 2]|ok write [1 2]|invoke read nil|ok read [1 2]", `put x "[1 2]" -> ok|get x -> "[1 2]"`},
		{"a list that is read is a text, where nothing is appended", "invoke read nil|ok read [1]", `get x -> "[1]"`},
		{"an empty list is nothing", "invoke read nil|ok read []", "get x -> absent"},
		{"a list that is appended to", "invoke append 7|ok append 7|invoke read nil|ok read [7]", `append append/x "7 " -> ok|get append/x -> "7 "`},
		{"a text that is appended to", `invoke append "a"|ok append "a"|invoke read nil|ok read "a"`, "append x a -> ok|get x -> a"},
		{"a set", "invoke add 7|ok add 7|invoke read nil|ok read [7]", "put set/e/x/7 7 -> ok|range set/e/x/ set/e/x0 -> ok (set/e/x/7 7) count=1"},
		{"a set and a register, by their keys", "invoke add [1 7]|ok add [1 7]|invoke read [1 nil]|ok read [1 [7]]|invoke read [2 nil]|ok read [2 3]",
			"put set/e/1/7 7 -> ok|range set/e/1/ set/e/10 -> ok (set/e/1/7 7) count=1|get 2 -> 3"},
		{"a set that nobody reads", "invoke add 7|info add 7", "put set/e/x/7 7 -> unknown"},
		{"a counter", "invoke add 7|ok add 7|invoke read nil|ok read 7", ""},
		{"a transaction's key that is only read, among lists", "invoke txn [[:r 1 nil] [:append 2 3]]|ok txn [[:r 1 nil] [:append 2 3]]", `txn then {get append/1; append append/2 "3 "} -> ok {;}`},
		{"and one that is written", "invoke txn [[:w 1 9] [:append 2 3]]|ok txn [[:w 1 9] [:append 2 3]]", `txn then {put wr/1 9; append append/2 "3 "} -> ok {;}`},
		{"a range", `invoke range ["a" "c"]|ok range {"b" 2, "a" 1}`, "range a c -> ok (a 1) (b 2) count=2"},
		{"what may have changed any key ends it", "invoke read nil|ok read 3|invoke enqueue 4|ok enqueue 4|invoke read nil|ok read 5", "get x -> 3"},
		{"what cannot have, does not", "invoke compact nil|ok compact nil|invoke read nil|ok read 5", "get x -> 5"},
	} {
		edn := ""
		for line := range strings.SplitSeq(c.lines, "|") {
			words := strings.SplitN(line, " ", 3)
			edn += "{:process 0, :type :" + words[0] + ", :f :" + words[1] + ", :value " + words[2] + "}\n"
		}
		h, _, err := Read([]byte(edn), Dropped)
		if err != nil {
			t.Errorf("%s: %v", c.story, err)
			continue
		}
		var got []string
		for _, op := range h.Ops {
			_, line, _ := strings.Cut(op.String(), "] ")
			got = append(got, line)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.story, strings.Join(got, "|"), c.want)
		}
	}
}
