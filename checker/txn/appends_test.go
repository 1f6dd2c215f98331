package txn

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
)

// blindly makes of guarded puts of whole lists, as our own load has them, appends of their last elements, as Jepsen has
// them. What lost its guard only read.
func blindly(h *history.History) *history.History {
	for i := range h.Ops {
		op := &h.Ops[i]
		if len(op.Request.If) > 0 && op.Result.Outcome == history.OK && !op.Result.Succeeded {
			op.Request.Then, op.Result.Succeeded = op.Request.Else, true
		}
		op.Request.If, op.Request.Else = nil, nil
		op.Request.Then = slices.Clone(op.Request.Then)
		for j := range op.Request.Then {
			if r := &op.Request.Then[j]; r.Kind == history.Put {
				r.Kind, r.Value = history.Append, r.Value[strings.LastIndexByte(r.Value, ' ')+1:]+" "
			}
		}
		for j := range op.Result.Responses {
			for k := range op.Result.Responses[j].KVs {
				op.Result.Responses[j].KVs[k].Value += " "
			}
		}
	}
	return h
}

// A valid history of appends never shows an anomaly.
func TestAppendsSound(t *testing.T) {
	for seed := range uint64(100) {
		h := blindly(simulated(seed, true, 300, 1+int(seed%20)))
		if r := Check(context.Background(), h); len(r.Counts) > 0 || len(r.Limits) > 0 || r.Txns < 200 {
			t.Fatalf("seed %d: %v %+v %v", seed, r.Counts, r.Anomalies, r.Limits)
		}
	}
}

// On small histories of appends the check is right both ways, but for the little that cannot be told from lists.
func TestAppendsTwin(t *testing.T) {
	rounds := uint64(1500)
	if os.Getenv("WHITEWATER_SOAK") != "" {
		rounds *= 100
	}
	invalid, missed := 0, 0
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(seed, 11))
		s := &simulation{rng: rng, lists: true, clients: 3, txns: 7, unknown: 0.1, keys: 2, perKey: 99}
		h := blindly(s.run())
		for range rng.IntN(3) {
			distort(h, rng)
		}
		r := Check(context.Background(), h)
		found := len(r.Counts) > 0
		switch right := serializable(h); {
		case right && found:
			t.Fatalf("seed %d: an order exists, yet %v %+v\n%s", seed, r.Counts, r.Anomalies, h)
		case !right:
			invalid++
			if !found {
				missed++
				t.Logf("seed %d: not found in\n%s", seed, h)
			}
		}
	}
	t.Logf("%d of %d histories were wrong, %d of them passed", invalid, rounds, missed)
	if invalid < int(rounds)/20 || missed*50 > invalid {
		t.Errorf("%d wrong histories, %d missed", invalid, missed)
	}
}

// What is wrong has the name that Elle gives it.
func TestAppendAnomalies(t *testing.T) {
	const base = "p1 n1 [1ms 2ms] txn then {append append/k \"1 \"} -> ok {}\n"
	for _, c := range []struct{ text, want, limit string }{
		{base + `p2 n1 [3ms 4ms] get append/k -> "1 "`, "", ""},
		{base + `p2 n1 [3ms 4ms] get append/k -> absent`, "G-single-realtime", ""},
		{base + "p1 n1 [3ms 4ms] append append/k \"2 \" -> ok\n" + `p2 n1 [5ms 6ms] get append/k -> "1 "`, "G-single-realtime", ""},
		{base + `p2 n1 [3ms 4ms] get append/k -> "1 7 "`, "garbage-read", ""},
		{base + "p1 n1 [3ms 4ms] append append/k \"2 \" -> ok\np2 n1 [5ms 6ms] get append/k -> \"1 2 \"\np3 n1 [5ms 6ms] get append/k -> \"2 1 \"", "incompatible-order", ""},
		{base + `p2 n1 [3ms 4ms] get append/k -> "1 1 "`, "duplicate-elements", ""},
		{base + "p1 n1 [3ms 4ms] append append/k \"2 \" -> fail refused\n" + `p2 n1 [5ms 6ms] get append/k -> "1 2 "`, "G1a", ""},
		{base + "p1 n1 [3ms 4ms] txn then {append append/k \"2 \"; append append/k \"3 \"} -> ok {; }\n" + `p2 n1 [3ms 4ms] get append/k -> "1 2 "`, "G1b", ""},
		{base + `p2 n1 [3ms 4ms] txn then {append append/k "2 "; get append/k} -> ok {; "1 "}`, "internal", ""},
		{base + `p2 n1 [3ms 4ms] txn then {get append/k; append append/k "2 "} -> ok {"1 "; }`, "", ""},
		{base + `p2 n1 [3ms 4ms] append append/k "2 " -> unknown timeout`, "", ""},
		{base + `p2 n1 [3ms 4ms] put append/k 2 -> ok`, "", "append/k is appended to and also written as a whole: not judged"},
		{`p2 n1 [3ms 4ms] append wr/k 2 -> ok`, "", "appends to wr/k are not judged"},
	} {
		h, err := history.ParseHistory(c.text)
		if err != nil {
			t.Fatal(err)
		}
		r := Check(context.Background(), h)
		names := strings.Join(slices.Sorted(maps.Keys(r.Counts)), " ")
		if limits := strings.Join(r.Limits, "; "); !strings.Contains(" "+names+" ", " "+c.want+" ") && c.want+names != "" || c.want == "" && names != "" || limits != c.limit {
			t.Errorf("%s\ngot  %s (%s)\nwant %s (%s)", c.text, names, limits, c.want, c.limit)
		}
	}
}
