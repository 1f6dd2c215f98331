package checker

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/history/exchange"
)

// readForeign reads a history that another tool recorded.
func readForeign(t testing.TB, file string) *history.History {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, notes, err := exchange.Read(data, exchange.Differed)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(notes) > 0 {
		t.Errorf("%s: something was left out: %q", file, notes)
	}
	return h
}

// Porcupine's key-value logs: get, put and append by 1, 10 and 50 clients. The verdicts are those of Porcupine's own
// tests; a violation is shrunk to a few operations, confirmed like every other one.
func TestKeyValueLogs(t *testing.T) {
	dir := filepath.Join(filepath.Dir(jepsenDir(t)), "kv")
	for _, c := range []struct {
		file string
		ops  int
		want Verdict
	}{
		{"c01-ok", 58, Pass}, {"c01-bad", 38, Fail}, {"c10-ok", 337, Pass}, {"c10-bad", 405, Fail}, {"c50-ok", 1712, Pass}, {"c50-bad", 2024, Fail},
	} {
		h := readForeign(t, filepath.Join(dir, c.file+".txt"))
		if len(h.Ops) != c.ops {
			t.Errorf("%s: %d operations, want %d", c.file, len(h.Ops), c.ops)
		}
		began := time.Now()
		res := checkLinearizable(context.Background(), h, Limits{})
		t.Logf("%s: %v in %v: %s", c.file, res.Verdict, time.Since(began).Round(time.Microsecond), res.Why)
		if res.Verdict != c.want {
			t.Errorf("%s: %v, want %v: %s %s", c.file, res.Verdict, c.want, res.Why, res.Bug)
		}
		if (c.want == Fail) != (len(res.Counterexample) > 0) {
			t.Errorf("%s: %d counterexamples", c.file, len(res.Counterexample))
		}
		for _, x := range res.Counterexample {
			if len(x.Ops) > 8 || len(x.Files["porcupine.html"]) == 0 {
				t.Errorf("%s: %d of %d operations, and no page of Porcupine's: %s", c.file, len(x.Ops), x.Of, x.Why)
			}
			t.Logf("%d of %d: %s %q", len(x.Ops), x.Of, x.Why, x.Notes)
		}
	}
}

// Reports of etcd's robustness tests are judged as far as they go: order, revisions, watches, past reads, leases.
func TestRobustnessReports(t *testing.T) {
	for name, want := range map[string]map[string]Verdict{
		"ok":  {"linearizable": Pass, "revisions": Pass, "watch": Pass, "serializable": Pass, "lease": Pass},
		"bad": {"linearizable": Fail, "revisions": Fail, "watch": Fail, "serializable": Pass, "lease": Pass},
	} {
		h, _, err := exchange.ReadRobustness(os.DirFS("../history/exchange/testdata/robustness/" + name))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range All {
			res := c.Check(context.Background(), h, Limits{})
			if w, judged := want[c.Name]; judged && res.Verdict != w || !judged && res.Verdict == Fail || res.Bug != "" {
				t.Errorf("%s: %s: %v, want %v: %s %s", name, c.Name, res.Verdict, w, res.Why, res.Bug)
			}
			if res.Verdict != Skipped {
				t.Logf("%s: %s: %v: %s", name, c.Name, res.Verdict, res.Why)
			}
		}
	}
}

// Histories of elle-cli, Jepsen and Knossos in small, each with the anomaly that its checker finds in it.
func TestForeignAnomalies(t *testing.T) {
	for _, c := range []struct {
		story, text, checker string
		want                 Verdict
	}{
		{"Elle's paper, in elle-cli's JSON", `[{"index":0,"process":1,"type":"invoke","value":[["append",253,1],["append",253,3],["append",253,4],["append",255,2],["append",255,3],["append",255,4],["append",255,5],["append",256,1],["append",256,2]]},
{"index":1,"process":1,"type":"ok","value":[["append",253,1],["append",253,3],["append",253,4],["append",255,2],["append",255,3],["append",255,4],["append",255,5],["append",256,1],["append",256,2]]},
{"index":2,"process":1,"type":"invoke","value":[["append",255,8],["r",253,null]]},
{"index":3,"process":1,"type":"ok","value":[["append",255,8],["r",253,[1,3,4]]]},
{"index":4,"process":1,"type":"invoke","value":[["append",256,4],["r",255,null],["r",256,null],["r",253,null]]},
{"index":5,"process":1,"type":"ok","value":[["append",256,4],["r",255,[2,3,4,5,8]],["r",256,[1,2,4]],["r",253,[1,3,4]]]},
{"index":6,"process":1,"type":"invoke","value":[["append",250,10],["r",253,null],["r",255,null],["append",256,3]]},
{"index":7,"process":1,"type":"ok","value":[["append",250,10],["r",253,[1,3,4]],["r",255,[2,3,4,5]],["append",256,3]]}]`, "transactions", Fail},
		{"lists that are fine", `{:process 0 :type :invoke :value [[:append 1 1]]}
{:process 0 :type :ok :value [[:append 1 1]]}
{:process 1 :type :invoke :value [[:r 1 nil]]}
{:process 1 :type :ok :value [[:r 1 [1]]]}`, "transactions", Pass},
		{"an append that was lost", `{:process 0 :type :invoke :value [[:append 1 1]]}
{:process 0 :type :ok :value [[:append 1 1]]}
{:process 1 :type :invoke :value [[:r 1 nil]]}
{:process 1 :type :ok :value [[:r 1 []]]}`, "transactions", Fail},
		{"a register of transactions that went back", `{:process 0 :type :invoke :f :txn :value [[:w :x 2]]}
{:process 0 :type :ok :f :txn :value [[:w :x 2]]}
{:process 0 :type :invoke :f :txn :value [[:r :x nil]]}
{:process 0 :type :ok :f :txn :value [[:r :x 3]]}`, "transactions", Fail},
		{"a set that lost an element", `{:process 0 :type :invoke :f :add :value 1}
{:process 0 :type :ok :f :add :value 1}
{:process 0 :type :invoke :f :read :value nil}
{:process 0 :type :ok :f :read :value []}`, "set", Fail},
		{"a set that is fine", `{:process 0 :type :invoke :f :add :value 1}
{:process 0 :type :ok :f :add :value 1}
{:process 0 :type :invoke :f :read :value nil}
{:process 0 :type :ok :f :read :value [1]}`, "set", Pass},
		{"a set with an element twice", `{:process 0 :type :invoke :f :add :value 1}
{:process 0 :type :ok :f :add :value 1}
{:process 0 :type :invoke :f :read :value nil}
{:process 0 :type :ok :f :read :value [1 1]}`, "set", Fail},
		{"a mutex with two holders", `{:process 0 :type :invoke :f :acquire}
{:process 0 :type :ok :f :acquire}
{:process 1 :type :invoke :f :acquire}
{:process 1 :type :ok :f :acquire}`, "lock", Fail},
		{"a mutex, handed over", `{:process 0 :type :invoke :f :acquire}
{:process 1 :type :invoke :f :acquire}
{:process 0 :type :ok :f :acquire}
{:process 0 :type :invoke :f :release}
{:process 1 :type :ok :f :acquire}
{:process 0 :type :info :f :release}`, "lock", Pass},
		{"a list outside transactions, out of order", `{:process 0 :type :invoke :f :append :value 1}
{:process 0 :type :ok :f :append :value 1}
{:process 0 :type :invoke :f :append :value 2}
{:process 0 :type :ok :f :append :value 2}
{:process 0 :type :invoke :f :read :value nil}
{:process 0 :type :ok :f :read :value [2 1]}`, "linearizable", Fail},
	} {
		h, notes, err := exchange.Read([]byte(c.text), exchange.Dropped)
		if err != nil || len(notes) > 0 {
			t.Errorf("%s: %v %v", c.story, notes, err)
			continue
		}
		for _, one := range All {
			if one.Name != c.checker {
				continue
			}
			if res := one.Check(context.Background(), h, Limits{}); res.Verdict != c.want || res.Bug != "" {
				t.Errorf("%s: %v, want %v: %s %s", c.story, res.Verdict, c.want, res.Why, res.Bug)
			}
		}
	}
}

// Whatever a history holds, it comes back whole from EDN, with the same verdicts; and where other tools' words are
// enough, from JSON as well.
func TestGeneratedExports(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 21))
		o := generate.Options{Ops: 40, Clients: 4, Keys: 1 + rng.IntN(3), Nodes: 3, Unknown: 0.1, Fail: 0.05, Plain: seed%2 == 0, Watches: seed%4 == 1, Final: seed%3 == 0}
		if seed%4 > 1 {
			o.Mix, o.Stale, o.Past, o.Leases = generate.Everything(), 0.1, 0.1, int(seed%3)
		}
		if seed%5 == 0 {
			o.Mix = map[history.Kind]int{history.Get: 4, history.Put: 1, history.Append: 4}
		}
		h := generate.History(rng, o)
		if seed%2 == 1 { // and a violation, perhaps
			h.Ops[rng.IntN(len(h.Ops))].Result.KVs = h.Ops[rng.IntN(len(h.Ops))].Result.KVs
		}
		var edn, json bytes.Buffer
		if err := exchange.WriteEDN(&edn, h); err != nil {
			t.Fatal(err)
		}
		back, notes, err := exchange.Read(edn.Bytes(), exchange.Differed)
		if err != nil || len(notes) > 0 || back.String() != h.String() {
			t.Fatalf("seed %d: another history came back (%v, %q):\n%s\nwant\n%s", seed, err, notes, back, h)
		}
		for _, c := range All {
			was, is := c.Check(context.Background(), h, Limits{}), c.Check(context.Background(), back, Limits{})
			if was.Verdict != is.Verdict || was.Why != is.Why {
				t.Errorf("seed %d: %s: %v, was %v: %s", seed, c.Name, is.Verdict, was.Verdict, is.Why)
			}
		}
		if !o.Plain || o.Mix != nil && o.Mix[history.Append] == 0 {
			continue
		}
		if err := exchange.WriteJSON(&json, h); err != nil {
			t.Fatal(err)
		}
		back, _, err = exchange.Read(json.Bytes(), exchange.Differed)
		if err != nil {
			t.Fatal(err)
		}
		was, is := checkLinearizable(context.Background(), h, Limits{}), checkLinearizable(context.Background(), back, Limits{})
		if was.Verdict != is.Verdict {
			t.Errorf("seed %d: from JSON %v, was %v: %s (%s)\n%s\nwas\n%s", seed, is.Verdict, was.Verdict, is.Why, was.Why, back, h)
		}
	}
}
