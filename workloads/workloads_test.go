package workloads_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/workloads"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file of testdata or docs.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	old, now := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i, line := range now {
		if i >= len(old) || old[i] != line {
			t.Fatalf("%s is not up to date (go test ./workloads -update): line %d should be\n%s", file, i+1, line)
		}
	}
	if len(old) > len(now) {
		t.Fatalf("%s is not up to date (go test ./workloads -update): it should end at line %d", file, len(now))
	}
}

// What three workers of each workload say to the store, and hear, at first: read it to see what a workload does.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, w := range workloads.All {
		fmt.Fprintf(&b, "# %s: %s\n", w.Name, w.Doc)
		for _, op := range inTurn(t, w, workloads.Params{Workers: 3, Keys: 2, KeySpace: 3}, 10).ops[:10] {
			op.Node, op.Call, op.Return = "n1", 0, 0
			op.Result.Header = history.Header{Revision: op.Result.Header.Revision}
			fmt.Fprintln(&b, op)
		}
		fmt.Fprintln(&b)
	}
	golden(t, "testdata/golden.txt", b.String())
}

// every walks through a request and everything inside it.
func every(req history.Request, visit func(history.Request)) {
	visit(req)
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for _, op := range side {
			every(op, visit)
		}
	}
}

// Under kills, every workload keeps its promises: it stays on its prefix, its values are unique, the store rejects
// nothing by construction, and most of it succeeds.
func TestPromises(t *testing.T) {
	for _, w := range workloads.All {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			r := together(t, w, workloads.Params{Workers: 12}, 150, killN1)
			written, count := map[[2]string]bool{}, map[history.Outcome]int{}
			for _, op := range r.ops {
				count[op.Result.Outcome]++
				if op.Result.Outcome == history.Fail {
					allowed(t, op)
				}
				every(op.Request, func(req history.Request) {
					if req.Key != "" && !strings.HasPrefix(req.Key, w.Prefix) {
						t.Errorf("key %q does not begin with %q", req.Key, w.Prefix)
					}
					id := [2]string{req.Key, req.Value}
					if req.Value != "" && written[id] && w.Name != "bank" && !strings.HasPrefix(req.Key, "bank/") {
						t.Errorf("value %q is written twice: %v", req.Value, op)
					}
					written[id] = true
				})
			}
			if count[history.OK] < len(r.ops)/2 || len(r.ops) < 100 {
				t.Errorf("of %d operations: %v", len(r.ops), count)
			}
			t.Logf("%d operations: %v", len(r.ops), count)
		})
	}
}

// allowed says which refusals are part of a workload's life. Any other is a request that the store cannot accept.
func allowed(t *testing.T, op history.Op) {
	t.Helper()
	switch op.Result.Error {
	case "not sent: no connection", "compacted", "lease not found", "not elected":
	default:
		t.Errorf("rejected: %v", op)
	}
}

// The mix is what it says, within the tolerance of chance.
func TestMix(t *testing.T) {
	r := together(t, workloads.Register, workloads.Params{Workers: 4, Keys: 2,
		Mix: map[string]int{"read": 50, "write": 30, "cas": 10, "delete": 10}}, 1000, nil)
	count := map[history.Kind]int{}
	for _, op := range r.ops {
		count[op.Request.Kind]++
	}
	// A compare-and-swap of a key that the worker knows nothing of is a read instead.
	for kind, want := range map[history.Kind][2]int{
		history.Get: {1900, 2500}, history.Put: {1050, 1350}, history.CAS: {200, 450}, history.Delete: {300, 500},
	} {
		if n := count[kind]; n < want[0] || n > want[1] {
			t.Errorf("%d of kind %d, want %d to %d of %d", n, kind, want[0], want[1], len(r.ops))
		}
	}
}

// No key has more operations than it may.
func TestOpsPerKey(t *testing.T) {
	r := together(t, workloads.Register, workloads.Params{Workers: 5, Keys: 3, OpsPerKey: 40}, 300, nil)
	count := map[string]int{}
	for _, op := range r.ops {
		count[op.Request.Key]++
	}
	if len(count) < 1500/40 {
		t.Errorf("%d keys for 1500 operations of at most 40 each", len(count))
	}
	for key, n := range count {
		if n > 40 {
			t.Errorf("%d operations on %s", n, key)
		}
	}
}

// Settings that are left open are the workload's own, and a mix must name what the workload has.
func TestDefaults(t *testing.T) {
	p := workloads.Register.Defaults(workloads.Params{OpsPerKey: 7})
	if p.OpsPerKey != 7 || p.Keys != 10 || p.Mix["read"] != 50 || p.Workers != 1 {
		t.Errorf("defaults: %+v", p)
	}
	p.Mix["read"] = 0
	if workloads.Register.Params.Mix["read"] != 50 {
		t.Error("a changed mix changed the catalogue")
	}
	for mix, want := range map[string]string{
		"read":  "",
		"reads": `mix "reads": workload register has cas, read, write`,
	} {
		got := ""
		if err := workloads.Register.CheckMix(map[string]int{mix: 1}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("mix of %s: %q, want %q", mix, got, want)
		}
	}
	if _, err := workloads.Find("regster"); err == nil {
		t.Error("found a workload that is not there")
	}
	for _, w := range workloads.All {
		if got, err := workloads.Find(w.Name); err != nil || got.Doc != w.Doc {
			t.Errorf("find %s: %v", w.Name, err)
		}
	}
}

// The mixture has something of every workload that is in it.
func TestMixed(t *testing.T) {
	r := together(t, workloads.Mixed, workloads.Params{Workers: 30}, 100, nil)
	count := map[string]int{}
	for _, op := range r.ops {
		every(op.Request, func(req history.Request) {
			for _, w := range workloads.All[:len(workloads.All)-9] { // the bench loads come last
				if w.Prefix != "" && strings.HasPrefix(req.Key, w.Prefix) {
					count[w.Name]++
				}
			}
		})
	}
	for name := range workloads.Mixed.Params.Mix {
		if count[name] < 20 {
			t.Errorf("%d requests of %s", count[name], name)
		}
	}
}
