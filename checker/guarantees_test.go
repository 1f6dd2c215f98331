package checker

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// beyond are the checkers that docs/GUARANTEES.md describes.
var beyond = []string{"serializable", "watch", "transactions", "bank", "set", "lease", "discovery", "lock", "election", "raft", "hashes", "availability"}

// Every one of them has its section, and every kind of violation that its golden histories show is named there.
func TestGuaranteesAreDescribed(t *testing.T) {
	data, err := os.ReadFile("../docs/GUARANTEES.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(data), "\n## ")[1:] {
		name, body, _ := strings.Cut(s, "\n")
		sections[name] = body
	}
	for _, name := range beyond {
		if sections[name] == "" {
			t.Errorf("no section on %s", name)
		}
		if _, ok := Find(name); !ok {
			t.Errorf("%s is not in the catalog", name)
		}
	}
	for name, body := range map[string]string{"watch": sections["watch"], "raft": sections["raft"], "set": sections["set"], "bank": sections["bank"],
		"lease": sections["lease"], "lock": sections["lock"], "election": sections["election"], "hashes": sections["hashes"]} {
		golden, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(golden), "\n") {
			if kind, ok := strings.CutPrefix(line, "=> fail: "); ok {
				if kind, _, _ = strings.Cut(kind, ":"); !strings.Contains(body, kind) {
					t.Errorf("the section on %s does not name %s", name, kind)
				}
			}
		}
	}
}

// An empty history gives every one of them nothing to do, and none a verdict.
func TestNothingToJudge(t *testing.T) {
	for _, name := range beyond {
		c, _ := Find(name)
		if r := c.Check(context.Background(), &history.History{}, Limits{}); r.Verdict != Skipped || r.Why == "" {
			t.Errorf("%s: %s: %q", name, r.Verdict, r.Why)
		}
	}
}

// A check that ran out of time never passes.
func TestOutOfTime(t *testing.T) {
	h := parse(t, `p1 n1 [1ms 2ms] put append/x 1 -> ok rev=2
p1 n1 [3ms 4ms] txn then {get append/x} -> ok rev=2 {1}
p1 n1 [5ms 6ms] get x serializable -> absent rev=2
p1 n1 [7ms 8ms] put set/e/1 1 -> ok rev=3
p1 n1 [9ms 10ms] range set/e/ set/e0 -> ok (set/e/1 1) rev=3
watch 1 n1 [0s 9ms] observer key="\x00" end="\x00" start=1
response 1 [2ms] rev=2 put (append/x 1 create=2 mod=2 version=1)`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"transactions", "watch", "serializable", "set"} {
		c, _ := Find(name)
		if r := c.Check(ctx, h, Limits{}); r.Verdict != Unknown || r.Why == "" {
			t.Errorf("%s: %s: %q", name, r.Verdict, r.Why)
		}
	}
}
