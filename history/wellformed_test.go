package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each file in testdata/wellformed is a history, then a line "---", then what is said of it.
func TestComplaints(t *testing.T) {
	files, err := filepath.Glob("testdata/wellformed/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, want, _ := strings.Cut(string(data), "---\n")
		h, err := ParseHistory(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if got := strings.Join(Wellformed(h), "\n"); got != strings.TrimSpace(want) {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
		}
	}
}

// What the text form cannot say, because it numbers and orders operations itself.
func TestWellformedOrder(t *testing.T) {
	get := Request{Kind: Get, Key: "x"}
	ok := Result{Outcome: OK}
	h := &History{Ops: []Op{
		{ID: 4, Process: 1, Node: "n1", Call: 5, Return: 6, Request: get, Result: ok},
		{ID: 4, Process: 2, Node: "n1", Call: 3, Return: 4, Request: get, Result: ok},
		{ID: 5, Process: 3, Node: "n1", Call: 7, Return: 8, Request: Request{Kind: Pause}, Result: Result{Outcome: 9}},
	}}
	want := `operation 4 appears twice: p1 n1 [5ns 6ns due=0s] get x -> absent; p2 n1 [3ns 4ns due=0s] get x -> absent
operation 4 is out of order: called before operation 4, which is listed before it: p2 n1 [3ns 4ns due=0s] get x -> absent
operation 5 asks for nothing (kind 18)
operation 5 has an outcome that does not exist (9)`
	diffLines(t, want, strings.Join(Wellformed(h), "\n"))
}

// The list of complaints is bounded, and says how much it left out.
func TestComplaintsBounded(t *testing.T) {
	h := &History{Ops: make([]Op, 2*Complaints)}
	for i := range h.Ops {
		h.Ops[i] = Op{ID: i, Process: Process(i), Call: 2, Return: 1, Request: Request{Kind: Get}}
	}
	got := Wellformed(h)
	if len(got) != Complaints+1 || got[Complaints] != "and 50 more" {
		t.Errorf("%d complaints, the last %q", len(got), got[len(got)-1])
	}
}
