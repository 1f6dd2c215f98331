package history

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// load is a steady load of ten operations a second on each of two members; answer says when and how one is answered.
func load(from, to time.Duration, answer func(node NodeID, due time.Duration) (time.Duration, Outcome)) []Op {
	var ops []Op
	for due := from; due < to; due += 100 * time.Millisecond {
		for i, node := range []NodeID{"n1", "n2"} {
			at, outcome := answer(node, due)
			ops = append(ops, Op{Process: Process(i), Node: node, Due: due, Call: due, Return: at, Result: Result{Outcome: outcome}})
		}
	}
	return ops
}

func spell(phases []Phase) string {
	var words []string
	for _, p := range phases {
		words = append(words, fmt.Sprintf("%s %v..%v", p.Name, p.From, p.To))
	}
	return strings.Join(words, ", ")
}

func TestPhases(t *testing.T) {
	const s = time.Second
	prompt := func(_ NodeID, due time.Duration) (time.Duration, Outcome) { return due + s/100, OK }
	fault := func(start, end time.Duration) Fault { return Fault{Start: start, Active: start, Heal: end, End: end} }
	cases := []struct {
		name   string
		faults []Fault
		answer func(NodeID, time.Duration) (time.Duration, Outcome)
		want   string
	}{
		{"no fault", nil, prompt, "quiet 1s..31s"},
		{"a fault that nobody notices", []Fault{fault(10*s, 12*s)}, prompt,
			"quiet 1s..10s, faulty 10s..12s, quiet 12s..31s"},
		{"all wait until three seconds after healing", []Fault{fault(10*s, 12*s)},
			func(_ NodeID, due time.Duration) (time.Duration, Outcome) {
				if due >= 10*s && due < 15*s {
					return 15*s + s/10, OK
				}
				return due + s/100, OK
			},
			"quiet 1s..10s, faulty 10s..12s, recovery 12s..15.1s, quiet 15.1s..31s"},
		{"a backlog is gone in the middle of the second that shows it",
			[]Fault{fault(10*s, 12*s)}, func(_ NodeID, due time.Duration) (time.Duration, Outcome) {
				if due >= 11*s && due < 12600*time.Millisecond {
					return 12*s + (due-11*s)*3/8 + s/100, OK
				}
				return due + s/100, OK
			},
			"quiet 1s..10s, faulty 10s..12s, recovery 12s..12.5s, quiet 12.5s..31s"},
		{"a store that always takes half a second has recovered when it does so again", []Fault{fault(10*s, 12*s)},
			func(_ NodeID, due time.Duration) (time.Duration, Outcome) { return due + s/2, OK },
			"quiet 1s..10s, faulty 10s..12s, recovery 12s..13s, quiet 13s..31s"},
		{"one member answers nothing for four seconds longer", []Fault{fault(10*s, 12*s)},
			func(node NodeID, due time.Duration) (time.Duration, Outcome) {
				if node == "n2" && due >= 10*s && due < 16*s {
					return due + s/100, Fail
				}
				return due + s/100, OK
			},
			"quiet 1s..10s, faulty 10s..12s, recovery 12s..15.8s, quiet 15.8s..31s"},
		{"nothing works again: the limit", []Fault{fault(10*s, 12*s)},
			func(_ NodeID, due time.Duration) (time.Duration, Outcome) {
				if due >= 10*s {
					return due + s/100, Fail
				}
				return due + s/100, OK
			},
			"quiet 1s..10s, faulty 10s..12s, recovery 12s..22s, quiet 22s..31s"},
		{"overlapping faults are one; the next cuts a recovery short", []Fault{fault(5*s, 8*s), fault(6*s, 7*s), fault(9*s, 10*s)},
			func(_ NodeID, due time.Duration) (time.Duration, Outcome) { return due + s/100, Fail },
			"quiet 1s..5s, faulty 5s..8s, recovery 8s..9s, faulty 9s..10s, recovery 10s..20s, quiet 20s..31s"},
		{"a fault that could not be injected; one that was never healed", []Fault{{Start: 3 * s, Error: "no such lever"}, {Start: 20 * s, Active: 20 * s}},
			prompt, "quiet 1s..20s, faulty 20s..31s"},
		{"before and after the load", []Fault{fault(0, 2*s), fault(30*s, 40*s), fault(50*s, 51*s)}, prompt,
			"faulty 1s..2s, quiet 2s..30s, faulty 30s..31s"},
	}
	for _, c := range cases {
		h := &History{Meta: Meta{LoadStart: s, LoadEnd: 31 * s}, Faults: c.faults, Ops: load(s, 31*s, c.answer)}
		phases := Phases(h)
		if got := spell(phases); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
		for i, p := range phases {
			if i > 0 && p.From != phases[i-1].To || PhaseAt(phases, p.From) != p.Name || PhaseAt(phases, p.To-1) != p.Name {
				t.Errorf("%s: phase %d does not follow the one before, or is not found", c.name, i)
			}
		}
		if PhaseAt(phases, 0) != "" || PhaseAt(phases, 31*s) != "" {
			t.Errorf("%s: a phase outside the load", c.name)
		}
	}
}

// An operation is quiet only if nothing was broken from when it was due until it returned.
func TestPhaseOf(t *testing.T) {
	const ms = time.Millisecond
	phases := []Phase{{"quiet", 1000 * ms, 2000 * ms}, {"faulty", 2000 * ms, 3000 * ms}, {"recovery", 3000 * ms, 4000 * ms},
		{"quiet", 4000 * ms, 4500 * ms}, {"faulty", 4500 * ms, 4600 * ms}, {"quiet", 4600 * ms, 6000 * ms}}
	cases := []struct {
		name          string
		due, returned time.Duration
		want          string
	}{
		{"answered before the fault", 1900, 1999, "quiet"},
		{"waiting when the fault begins", 1900, 2000, "faulty"},
		{"from before the fault until after it", 1900, 3500, "faulty"},
		{"due as it begins", 2000, 2001, "faulty"},
		{"due in it, answered after", 2999, 3800, "faulty"},
		{"due as it ends", 3000, 3001, "recovery"},
		{"of a recovery, answered in the quiet that follows", 3900, 4100, "recovery"},
		{"of a recovery, waiting when the next fault begins", 3900, 4500, "faulty"},
		{"waiting through a whole fault", 4400, 5000, "faulty"},
		{"never answered, but nothing was broken any more", 4600, 60000, "quiet"},
		{"due before the load", 500, 600, ""},
		{"due before the load, waiting when a fault begins", 500, 2100, "faulty"},
		{"due after the load", 6000, 6001, ""},
	}
	for _, c := range cases {
		if got := PhaseOf(phases, &Op{Due: c.due * ms, Return: c.returned * ms}); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := PhaseOf(nil, &Op{Due: ms}); got != "" {
		t.Errorf("of no phases: %q", got)
	}
}

// Without marks, the load lasts from zero until the last operation was due; without operations there is none.
func TestPhasesWithoutMarks(t *testing.T) {
	h, err := ParseHistory("p1 n1 [1s 2s] get x -> 1\np1 n1 [5s 6s final] get x -> 1")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := spell(Phases(h)), "quiet 0s..1.000000001s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Phases(&History{}); got != nil {
		t.Errorf("phases of nothing: %v", got)
	}
	if PhaseAt(nil, time.Second) != "" {
		t.Error("a phase of nothing")
	}
}
