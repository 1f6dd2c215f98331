package search

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func op(id int, call, ret time.Duration, read, write int32) Op {
	o := Op{ID: id, Process: id, Call: call, Return: ret, Read: Nothing, Write: Nothing}
	o.Read[0], o.Write[0] = read, write
	return o
}

// Porcupine's page of a violation shows the operations, the values and the marks, and is a page of its own: no link out.
func TestPicture(t *testing.T) {
	ops := []Op{op(0, 1, 2, None, 1), op(1, 3, 4, None, 2), op(2, 5, 6, 1, None), op(3, 1, Forever, None, 3)}
	ops[3].Maybe = true
	page := string(Picture(context.Background(), ops, &Names{
		Keys:  []string{"x"},
		Value: func(_ int, n int32) string { return fmt.Sprintf("value-%d", n) },
		Op:    func(id int) string { return fmt.Sprintf("operation-%d", id) },
	}, []Mark{{Tag: "faults", Text: "kill n1", From: 2, To: 3}}))
	for _, want := range []string{"operation-0", "operation-2", "x = value-1", "kill n1", "<html"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "src=\"http") {
		t.Error("the page needs the network")
	}
	if Picture(context.Background(), make([]Op, 501), nil, nil) != nil {
		t.Error("a page of 501 operations is no help to anybody")
	}
}

// What nobody saw is left out, one after another; what somebody saw is bounded by the first to see it.
func TestTighten(t *testing.T) {
	maybe := func(id int, call time.Duration, read, write int32) Op {
		o := op(id, call, Forever, read, write)
		o.Maybe = true
		return o
	}
	ops := []Op{
		maybe(0, 1, None, 1), // seen by 3, and by 4
		maybe(1, 1, None, 2), // demanded by 2 alone, which nobody saw
		maybe(2, 1, 2, 3),
		op(3, 5, 9, 1, None),
		op(4, 5, 7, 1, None),
		maybe(5, 8, None, 4), // seen by 6, that was over before
		op(6, 2, 3, 4, None),
	}
	got := map[int]time.Duration{}
	for _, o := range Tighten(ops) {
		got[o.ID] = o.Return
	}
	want := map[int]time.Duration{0: 7, 3: 9, 4: 7, 5: 8, 6: 3}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// Who only saw what the value was not may have seen it because of any of them.
	not := op(7, 3, 4, 9, None)
	not.Not[0] = true
	if n := len(Tighten(append(ops, not))); n != len(ops)+1 {
		t.Errorf("%d of %d are left", n, len(ops)+1)
	}
}

// A long history with its violation at the end shrinks to what the proof needs.
func TestShrinkLong(t *testing.T) {
	var ops []Op
	for i := range 300 {
		at := time.Duration(10 * i)
		ops = append(ops, op(2*i, at, at+1, None, int32(i+1)), op(2*i+1, at+2, at+3, int32(i+1), None))
	}
	ops = append(ops, op(600, 3000, 3001, 17, None))
	illegal := func(ops []Op) bool {
		v, _ := Order(context.Background(), Tighten(ops))
		return v == Illegal
	}
	few := Shrink(ops, illegal)
	if len(few) != 3 || !illegal(few) {
		t.Errorf("%d operations: %+v", len(few), few)
	}
}
