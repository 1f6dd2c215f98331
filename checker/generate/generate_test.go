package generate_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

var rich = generate.Options{Ops: 300, Clients: 5, Keys: 4, Nodes: 3, Mix: generate.Everything(), Unknown: 0.1, Fail: 0.05, Past: 0.3,
	Leases: 2, Watches: true, Final: true, Evidence: true}

func make1(seed uint64, o generate.Options) *history.History {
	return generate.History(rand.New(rand.NewPCG(seed, 13)), o)
}

// What is generated is a history: in order of calls, one operation at a time for each process, none after an unknown.
func TestWellformed(t *testing.T) {
	for seed := range uint64(50) {
		if wrong := history.Wellformed(make1(seed, rich)); len(wrong) > 0 {
			t.Fatalf("seed %d: %s", seed, wrong[0])
		}
	}
}

// One seed, one history.
func TestRepeatable(t *testing.T) {
	if once, again := make1(1, rich).String(), make1(1, rich).String(); once != again {
		t.Error("two histories of one seed differ")
	}
	if make1(1, rich).String() == make1(2, rich).String() {
		t.Error("two seeds make one history")
	}
}

// A rich history has something of everything that it is asked for.
func TestRich(t *testing.T) {
	kinds, outcomes := map[history.Kind]int{}, map[history.Outcome]int{}
	for seed := range uint64(5) {
		h := make1(seed, rich)
		for _, op := range h.Ops {
			kinds[op.Request.Kind]++
			outcomes[op.Result.Outcome]++
		}
		if len(h.Watches) != 6 || len(h.Evidence) != 3 || len(h.Statuses) == 0 {
			t.Errorf("%d watches, %d members' evidence, %d statuses", len(h.Watches), len(h.Evidence), len(h.Statuses))
		}
	}
	for _, k := range []history.Kind{history.Get, history.Put, history.Delete, history.CAS, history.Range, history.Txn, history.Grant} {
		if kinds[k] == 0 {
			t.Errorf("no %s", k)
		}
	}
	if outcomes[history.Unknown] == 0 || outcomes[history.Fail] == 0 || outcomes[history.OK] < 1000 {
		t.Errorf("outcomes %v", outcomes)
	}
}

// The stream is the history, one operation after another.
func TestStream(t *testing.T) {
	o := generate.Options{Ops: 500, Clients: 5, Keys: 3, Unknown: 0.1}
	h := make1(1, o)
	n := 0
	generate.Stream(rand.New(rand.NewPCG(1, 13)), o, func(op *history.Op, open time.Duration) {
		if n++; open > op.Return {
			t.Fatalf("%v returned, and what is open was called at %v", op, open)
		}
		if got, want := op.String(), h.Ops[op.ID].String(); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
	if n != len(h.Ops) {
		t.Errorf("%d of %d", n, len(h.Ops))
	}
}

// Every mutation has a name of its own, says what it does, names who catches it, and changes something.
func TestMutations(t *testing.T) {
	names := map[string]bool{}
	for _, m := range generate.Mutations() {
		if m.Name == "" || m.Doc == "" || len(m.Caught) == 0 || names[m.Name] {
			t.Errorf("%+v", m)
		}
		names[m.Name] = true
		changed := false
		for seed := uint64(0); seed < 40 && !changed; seed++ {
			h := make1(seed, m.Base)
			before := h.String()
			applied := m.Apply(h, rand.New(rand.NewPCG(seed, 14)))
			if changed = h.String() != before; applied != changed {
				t.Errorf("%s: applied %v, changed %v", m.Name, applied, changed)
			}
		}
		if !changed {
			t.Errorf("%s changed nothing in 40 histories", m.Name)
		}
	}
}
