package register

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// What an append found and left is told by a text that shows it, by its own answer, or by nobody.
func TestWhatAnAppendSays(t *testing.T) {
	for _, c := range []struct{ before, op, want string }{
		{`get x -> "0 1 2 "`, `append x "0 " -> ok`, "x: absent>0 "},
		{`get x -> "1 2 3 "`, `append x "3 " -> ok`, "x: 1 2 >1 2 3 "},
		{`get x -> "1 2 3 "`, `append x "3 " -> unknown timeout`, "maybe x: 1 2 >1 2 3 "},
		{`get x -> "1 2 3 "`, `append x "4 " -> ok`, "x: >…4 "},
		{`get x -> "1 2 3 "`, `append x "4 " -> unknown timeout`, "maybe x: >…4 "},
		{`get x -> "1 2 3 "`, `append x "4 " -> fail refused`, ""},
		{`range a z -> ok (x "1 2 3 ")`, `append x "3 " -> ok`, "x: 1 2 >1 2 3 "},
		{`put x "9 " -> ok prev=(x "1 2 3 ")`, `append x "3 " -> ok`, "x: 1 2 >1 2 3 "},
		{`txn then {get x} -> ok {"1 2 3 "}`, `append x "3 " -> ok`, "x: 1 2 >1 2 3 "},
		{`append x "9 " -> ok prev=(x "8 ")`, `append x "3 " -> ok prev=(x "9 8 ")`, "x: 9 8 >9 8 3 "},
		{`append x "9 " -> ok prev=(x "8 ")`, `append x "3 " -> ok`, "x: absent>3 "},
		{`get x -> "1 2 3 4 "`, `txn then {append x "3 "; append x "4 "; get x} -> ok {; ; "1 2 3 4 "}`, "x: 1 2 >1 2 3 4 "},
		{`get x -> "1 2 3 4 "`, `txn then {append x "3 "; append x "4 "} -> unknown timeout`, "maybe x: 1 2 >1 2 3 4 ; vague"},
		{`get x -> "1 2 3 "`, `txn then {append x "3 "; append y "3 "} -> ok`, "x: 1 2 >1 2 3 , y: >…3 ; vague"},
		// Of two who appended the same, time tells which did where.
		{`append x "3 " -> ok`, `append x "3 " -> ok`, "x: >…3  (op 3)"},
		// Values of which one begins another tell nothing; nor does who compares.
		{`append x "12" -> ok`, `append x 1 -> ok`, "wild"},
		{`put x "" -> ok`, `append x "3 " -> ok`, "wild"},
		{`cas x 1 2 -> lost`, `append x "3 " -> ok`, "wild"},
		{`txn if {value x = 1} then {get y} -> lost`, `append x "3 " -> ok`, "wild"},
		{`append x "3 " -> fail refused`, `append x "3 " -> ok`, "x: >…3 "},
	} {
		text := ""
		for i, op := range []string{`append x "1 " -> unknown timeout`, `append x "2 " -> unknown timeout`, c.before, c.op} {
			text += fmt.Sprintf("p%d n1 [%ds 9s] %s\n", i, i, op)
		}
		h, err := history.ParseHistory(text)
		if err != nil {
			t.Fatalf("%v\nin %s", err, text)
		}
		got := says(t, text)
		if NewReader(h).Wild("x") {
			got = "wild"
		}
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, c.want)
		}
	}
}

// texted makes a small random history of one key that is put, appended to, read and deleted, and then lies about it. If
// again is set, values are written more than once, and nothing deletes.
func texted(rng *rand.Rand, again bool) *history.History {
	h := &history.History{}
	span, next := 3+rng.IntN(14), 0
	piece := func() string {
		if next++; again && rng.IntN(3) == 0 {
			return fmt.Sprintf("%d ", 1+rng.IntN(next))
		}
		return fmt.Sprintf("%d ", next)
	}
	at := map[int]time.Duration{}
	for i := range 2 + rng.IntN(6) {
		op := history.Op{ID: i, Process: history.Process(i), Call: time.Duration(rng.IntN(span)), Request: history.Request{Key: "x"}}
		op.Return = op.Call + time.Duration(rng.IntN(span/2+1))
		at[i] = op.Call + time.Duration(rng.Int64N(int64(op.Return-op.Call)+1))
		switch rng.IntN(8) {
		case 0:
			op.Request.Kind, op.Request.Value = history.Put, piece()
		case 1:
			if op.Request.Kind = history.Delete; again {
				op.Request.Kind = history.Get
			}
		case 2, 3, 4:
			op.Request.Kind, op.Request.Value = history.Append, piece()
		}
		h.Ops = append(h.Ops, op)
	}
	store := model.NewStore()
	for now := time.Duration(0); now <= time.Duration(2*span); now++ {
		for _, i := range rng.Perm(len(h.Ops)) {
			op := &h.Ops[i]
			unknown := op.Request.Kind != history.Get && rng.IntN(5) == 0
			if at[i] != now || unknown && rng.IntN(2) == 0 {
				continue
			}
			res := store.Do(&op.Request)
			if !unknown {
				op.Result.Outcome = history.OK
				for _, kv := range res.KVs {
					op.Result.KVs = []history.KV{{Key: kv.Key, Value: kv.Value}}
				}
			}
		}
	}
	for range rng.IntN(3) {
		a, b := &h.Ops[rng.IntN(len(h.Ops))], &h.Ops[rng.IntN(len(h.Ops))]
		if a.Request.Kind == history.Get && b.Request.Kind == history.Get {
			a.Result.KVs = b.Result.KVs
		} else if d := time.Duration(rng.IntN(5)); a.Result.Outcome == history.OK {
			a.Call, a.Return = a.Call+d, a.Return+d
		}
	}
	h.Sort()
	return h
}

// inOrder tries every order on the sequential store.
func inOrder(h *history.History, done uint, kv history.KV, present bool) bool {
	earliest, left := Forever, false
	for i := range h.Ops {
		if done&(1<<i) == 0 && h.Ops[i].Result.Outcome == history.OK {
			earliest, left = min(earliest, h.Ops[i].Return), true
		}
	}
	for i := range h.Ops {
		op := &h.Ops[i]
		if done&(1<<i) != 0 || op.Call > earliest {
			continue
		}
		store := model.NewStore()
		if present {
			store.Apply(2, []model.Change{{KV: kv}})
		}
		want := store.Do(&op.Request)
		if op.Result.Outcome == history.OK && model.Differs(&op.Request, &op.Result, &want, func(history.Kind, bool) bool { return false }) != "" {
			continue
		}
		after, there := store.Get("x")
		if inOrder(h, done|1<<i, after, there) {
			return true
		}
	}
	return !left
}

// Appends made into compare-and-swaps are in order exactly when the sequential store has an order for them. Where values
// are written more than once, that may be left open, but not always.
func TestAppendsTwin(t *testing.T) {
	ctx := context.Background()
	for _, again := range []bool{false, true} {
		counts, open := map[bool]int{}, 0
		for seed := range uint64(rounds(8_000)) {
			h := texted(rand.New(rand.NewPCG(seed, 5)), again)
			keys, left := Split(h, NewReader(h))
			if len(left) > 0 {
				if open++; !again {
					t.Fatalf("seed %d: %v is left out\n%s", seed, left, h)
				}
				continue
			}
			got := len(keys) == 0
			if !got {
				got = search.Brute(ctx, searchOps(keys[0].Ops, false)) == search.Legal
			}
			if want := inOrder(h, 0, history.KV{}, false); got != want {
				t.Fatalf("seed %d, again %v: in order %v, want %v\n%s\n%s", seed, again, got, want, h, show(keys[0]))
			}
			counts[got]++
			if len(keys) == 0 || !keys[0].Unique || keys[0].Vague > 0 {
				continue
			}
			if conflict, err := keys[0].Check(ctx, false); err != nil || (conflict == nil) != got {
				t.Fatalf("seed %d, again %v: zones find %+v (%v), want %v\n%s", seed, again, conflict, err, got, h)
			}
		}
		t.Logf("again %v: in order %v, left open %d", again, counts, open)
		if counts[false] < 200 || counts[true] < 200 || open > rounds(8_000)/2 {
			t.Errorf("again %v: one side is hardly tried: %v, left open %d", again, counts, open)
		}
	}
}
