package certificate_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Whatever numbers a recorder gave, operations are named as in the whole history: by their place in the order of calls.
func TestFeedNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 27))
	h := generate.History(rng, generate.Options{Ops: 3000, Clients: 20, Keys: 5, Nodes: 3, Unknown: 0.05, Watches: true})
	f, seen := certificate.NewFeed(false), 0
	f.Placed(func(rev int64, op *history.Op, changes []model.Change) {
		if whole := &h.Ops[op.ID]; whole.Call != op.Call || whole.Process != op.Process || len(changes) == 0 {
			t.Errorf("revision %d: %s has the number of %s", rev, op, whole)
		}
		seen++
	})
	for _, r := range journal(rng, h) {
		for _, op := range []**history.Op{&r.Call, &r.Return} {
			if *op != nil {
				other := **op
				other.ID = 17 + 3*other.ID
				*op = &other
			}
		}
		f.Add(r)
	}
	if report := f.Finish(); report.Findings > 0 || report.Undecided != "" || seen < 500 {
		t.Errorf("%d seen, %+v", seen, report)
	}
}

// told is what a stream says of a history that is written as text.
func told(t *testing.T, text string) string {
	t.Helper()
	h, err := history.ParseHistory(text)
	if err != nil {
		t.Fatal(err)
	}
	report := stream(h, h.Records())
	switch {
	case report.Findings > 0:
		return report.First[0].String()
	case report.Undecided != "":
		return "undecided: " + report.Undecided
	}
	return "certified"
}

func TestStreamTells(t *testing.T) {
	const watch = "watch 0 n1 [0s 1s] observer end=\"\\x00\" start=1\n"
	for _, c := range []struct{ name, text, want string }{
		{"a delete of a range has to give way to one of the key, because only that one fits later", `
p1 n1 [1ms 2ms] put x 1 -> ok rev=2
p2 n1 [1ms 9ms] delete x -> unknown timeout
p3 n1 [1ms 9ms] delete a end=z -> unknown timeout
p1 n1 [3ms 4ms] put x 2 -> ok rev=4
p1 n1 [5ms 6ms] put y 1 -> ok rev=5
p1 n1 [20ms 21ms] get x -> absent rev=6
` + watch + `response 0 [10ms] rev=3 delete (x "" mod=3)
response 0 [11ms] rev=6 delete (x "" mod=6)
`, "certified"},
		{"three deletes were seen, and two asked for", `
p1 n1 [1ms 2ms] put x 1 -> ok rev=2
p2 n1 [1ms 9ms] delete x -> unknown timeout
p3 n1 [1ms 9ms] delete x -> unknown timeout
p1 n1 [3ms 4ms] put x 2 -> ok rev=4
p1 n1 [5ms 6ms] put x 3 -> ok rev=6
p1 n1 [20ms 21ms] get x -> absent rev=7
` + watch + `response 0 [10ms] rev=3 delete (x "" mod=3)
response 0 [11ms] rev=5 delete (x "" mod=5)
response 0 [11ms] rev=7 delete (x "" mod=7)
`, "revision 7 deleted x, and no operation that was not answered can have done that"},
		{"a key that nobody names is somebody else's", `
p1 n1 [1ms 2ms] put x 1 -> ok rev=2
p1 n1 [3ms 4ms] get x -> 1 mod=2 rev=3
` + watch + `response 0 [10ms] rev=3 put (other 1 create=3 mod=3 version=1)
`, "certified"},
		{"those who saw it do not agree", `
p1 n1 [1ms 2ms] put x 1 -> ok rev=2
p1 n1 [3ms 4ms] get x -> 1 mod=2 rev=3
` + watch + `response 0 [10ms] rev=3 put (y 1 create=3 mod=3 version=1)
response 0 [11ms] rev=3 put (y 2 create=3 mod=3 version=1)
`, "undecided: revision 3: those who saw it do not agree"},
		{"an answer that tells nothing of what it replaced is wrong where others tell", `
p1 n1 [1ms 2ms] put x 1 -> ok rev=2
p1 n1 [3ms 4ms] put x 2 -> ok rev=3
p1 n1 [5ms 6ms] put x 3 -> ok prev=(x 2 mod=3) rev=4
`, `op 1 (put of p1 at n1) was answered at revision 3, but then it replaced what was not there: x was missing, which was "1" (create 2, mod 2, version 1)`},
		{"nothing is known of a revision", "p1 n1 [1ms 2ms] put x 1 -> ok rev=2\np1 n1 [3ms 4ms] get x -> 1 rev=9\n",
			"undecided: nothing is known of revision 3"},
	} {
		if got := told(t, c.text); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// Reads of the past are compared as far back as the stream remembers, and counted beyond.
func TestStreamForgets(t *testing.T) {
	s := certificate.NewStream(false)
	at, rev := time.Duration(0), int64(1)
	do := func(req history.Request, res history.Result) {
		at += 2
		op := &history.Op{Node: "n1", Request: req, Result: res, Call: at, Return: at + 1}
		op.Result.Outcome, op.Result.Header.Revision = history.OK, rev
		s.Named(&op.Request)
		s.Add(op, op.Return+1)
	}
	for range 40_000 {
		rev++
		do(history.Request{Kind: history.Put, Key: "x", Value: "v"}, history.Result{})
	}
	read := func(of int64, mod int64) {
		do(history.Request{Kind: history.Get, Key: "x", Revision: of}, history.Result{KVs: []history.KV{{Key: "x", Value: "v", Mod: mod}}})
	}
	read(100, 100)       // forgotten
	read(20_000, 20_000) // remembered
	read(rev, rev)       // the present
	read(30_000, 1)      // wrong
	if r := s.Finish(); r.Past != 3 || r.NotPast != 1 || r.Findings != 1 || !strings.Contains(r.First[0].Why, "read revision 30000, but then") {
		t.Errorf("%+v", r)
	}
}

// Records that are further out of order than a recorder's drains can be leave the history undecided.
func TestFeedOutOfOrder(t *testing.T) {
	op := func(id int, call, ret time.Duration) *history.Op {
		return &history.Op{ID: id, Process: history.Process(id), Node: "n1", Request: history.Request{Kind: history.Get, Key: "x"},
			Result: history.Result{Outcome: history.OK, Header: history.Header{Revision: 1}}, Call: call, Return: ret}
	}
	for want, records := range map[string][]history.Record{
		"a call at 1s came after what was recorded at 5s":   {{Call: op(0, 5*time.Second, 0)}, {Call: op(1, time.Second, 0)}},
		"a return at 2s came after what was recorded at 5s": {{Call: op(1, time.Second, 0)}, {Call: op(0, 5*time.Second, 0)}, {Return: op(1, time.Second, 2*time.Second)}},
		"": {{Call: op(0, 5*time.Second, 0)}, {Call: op(1, 4500*time.Millisecond, 0)}, {Return: op(1, 4500*time.Millisecond, 4600*time.Millisecond)}},
	} {
		f := certificate.NewFeed(false)
		for _, r := range records {
			f.Add(r)
		}
		if got := f.Finish().Undecided; (got != "") != (want != "") || !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
