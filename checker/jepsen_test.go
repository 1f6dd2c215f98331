package checker

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// legal are the recorded Jepsen histories that hold, by number; number 95 is empty and the other 79 violate. The
// verdicts are those of Porcupine's own tests.
var legal = []int{2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102}

var jepsenLine = regexp.MustCompile(`^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*)$`)

// jepsenDir is where Porcupine's module keeps its recorded histories.
func jepsenDir(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	dir := filepath.Join(strings.TrimSpace(string(out)), "test_data", "jepsen")
	if _, statErr := os.Stat(dir); err != nil || statErr != nil {
		t.Skip("Porcupine's recorded histories are not in the module cache")
	}
	return dir
}

func readJepsen(t testing.TB, file string) *history.History {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := &history.History{}
	open := map[string]int{}
	lines := bufio.NewScanner(f)
	for at := time.Duration(1); lines.Scan(); at++ {
		m := jepsenLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		process, kind, do, what := m[1], m[2], m[3], strings.TrimSpace(m[4])
		if kind == "invoke" {
			var p int
			fmt.Sscan(process, &p)
			op := history.Op{ID: len(h.Ops), Process: history.Process(p), Call: at, Return: at}
			switch do {
			case "read":
				op.Request = history.Request{Kind: history.Get, Key: "x"}
			case "write":
				op.Request = history.Request{Kind: history.Put, Key: "x", Value: what}
			case "cas":
				from, to, _ := strings.Cut(strings.Trim(what, "[]"), " ")
				op.Request = history.Request{Kind: history.CAS, Key: "x", Expect: from, Value: to}
			}
			open[process] = len(h.Ops)
			h.Ops = append(h.Ops, op)
			continue
		}
		i, ok := open[process]
		if !ok {
			t.Fatalf("%s: process %s completes nothing", file, process)
		}
		delete(open, process)
		op := &h.Ops[i]
		op.Return = at
		switch {
		case kind == "ok":
			op.Result = history.Result{Outcome: history.OK, Succeeded: true}
			if do == "read" && what != "nil" {
				op.Result.KVs = []history.KV{{Key: "x", Value: what}}
			}
		case kind == "fail" && do == "cas": // Porcupine reads it as: the value differed
			op.Result = history.Result{Outcome: history.OK}
		case kind == "fail":
			op.Result.Outcome = history.Fail
		}
	}
	return h
}

func TestJepsenHistories(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(jepsenDir(t), "etcd_*.log"))
	if len(files) != 103 {
		t.Fatalf("found %d histories", len(files))
	}
	counts := map[Verdict]int{}
	for _, file := range files {
		h := readJepsen(t, file)
		var n int
		fmt.Sscanf(filepath.Base(file), "etcd_%d.log", &n)
		want := Fail
		if i := sort.SearchInts(legal, n); i < len(legal) && legal[i] == n {
			want = Pass
		}
		if len(h.Ops) == 0 {
			want = Skipped
		}
		res := checkLinearizable(context.Background(), h, Limits{})
		counts[res.Verdict]++
		if res.Verdict == Skipped {
			t.Log(file, len(h.Ops), res.Why)
		}
		if res.Verdict != want {
			t.Errorf("%s: %v, want %v: %s %s", filepath.Base(file), res.Verdict, want, res.Why, res.Bug)
		}
		for _, c := range res.Counterexample {
			t.Logf("%s: %d of %d: %s", filepath.Base(file), len(c.Ops), c.Of, c.Why)
		}
	}
	if counts[Fail] != 79 || counts[Pass] != 23 || counts[Skipped] != 1 {
		t.Errorf("verdicts: %v, want 79 fail, 23 pass, 1 skipped", counts)
	}
}
