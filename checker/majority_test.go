package checker

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// broken is a history of so many members with the faults of the text, and nothing else.
func broken(t *testing.T, members int, faults ...string) *history.History {
	t.Helper()
	h := parse(t, strings.Join(faults, "\n"))
	for i := range members {
		h.Meta.Nodes = append(h.Meta.Nodes, history.NodeID(fmt.Sprintf("n%d", i+1)))
	}
	return h
}

// A majority is lost when too few members are left that work, hear each other and are heard: by one fault, or by what
// several together leave, for as long as they do.
func TestWithoutMajority(t *testing.T) {
	const hit = " took-effect"
	for _, test := range []struct {
		members int
		faults  []string
		want    string
	}{
		{1, []string{"fault 0 [1s 1s 2s 3s] kill leader nodes=(n1)" + hit}, "1s-3s"},
		{1, []string{"fault 0 [1s 1s 2s 3s] pause one nodes=(n1)" + hit}, "1s-3s"},
		{1, []string{"fault 0 [1s 1s 2s 3s] clients one nodes=(n1)" + hit}, "1s-3s"},
		{1, []string{"fault 0 [1s 1s 2s 3s] kill leader nodes=(n1)"}, ""}, // it did nothing
		{1, []string{"fault 0 [1s 1s 2s 3s] duty leader nodes=(n1)" + hit}, ""},
		{1, []string{"fault 0 [1s 1s 2s 3s] compact leader nodes=(n1)" + hit}, ""},
		{2, []string{"fault 0 [1s 1s 2s 3s] kill one nodes=(n2)" + hit}, "1s-3s"},
		{2, []string{"fault 0 [1s 1s 2s 3s] partition leader nodes=(n1)" + hit}, "1s-3s"},
		{2, []string{"fault 0 [1s 1s 2s 3s] partition minority shape=majority-minority nodes=(n1)" + hit}, "1s-3s"},
		{2, []string{"fault 0 [1s 1s 2s 3s] clients one nodes=(n2)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill leader nodes=(n1)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill majority nodes=(n1 n2)" + hit}, "1s-3s"},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill all nodes=(n1 n2 n3)" + hit}, "1s-3s"},
		{3, []string{"fault 0 [1s 1s 0s 0s] kill all nodes=(n1 n2 n3)" + hit}, "1s-ever"},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill majority nodes=(n1 n2)"}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] stop majority nodes=(n1 n3)" + hit}, "1s-3s"},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill-defrag majority nodes=(n1 n3)" + hit}, "1s-3s"},
		{3, []string{"fault 0 [1s 1s 2s 3s] defrag all nodes=(n1 n2 n3)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] grey-leader leader nodes=(n1)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] clients majority nodes=(n1 n2)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] clients all shape=replies nodes=(n1 n2 n3)" + hit}, "1s-3s"},
		{3, []string{"fault 0 [1s 1s 2s 3s] partition leader shape=isolate nodes=(n1)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] partition majority shape=isolate nodes=(n1 n2)" + hit}, "1s-3s"},
		{3, []string{"fault 0 [1s 1s 2s 3s] partition majority shape=majority-minority nodes=(n1 n2)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] partition all shape=majorities-ring nodes=(n1 n2 n3)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] partition one shape=bridge nodes=(n1)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] partition majority shape=one-way-in nodes=(n1 n2)" + hit}, "1s-3s"},
		// Two members, each of which could be spared, for as long as both are gone.
		{3, []string{"fault 0 [1s 1s 4s 5s] kill one nodes=(n1)" + hit, "fault 1 [3s 3s 6s 7s] pause one nodes=(n2)" + hit}, "3s-5s"},
		{3, []string{"fault 0 [1s 1s 4s 5s] kill one nodes=(n1)" + hit, "fault 1 [3s 3s 6s 7s] pause one nodes=(n1)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill one nodes=(n1)" + hit, "fault 1 [3s 3s 6s 7s] kill one nodes=(n2)" + hit}, ""},
		{3, []string{"fault 0 [1s 1s 2s 3s] kill majority nodes=(n1 n2)" + hit, "fault 1 [3s 3s 4s 5s] kill majority nodes=(n2 n3)" + hit}, "1s-5s"},
		{3, []string{"fault 0 [1s 1s 8s 9s] partition minority shape=majority-minority nodes=(n3)" + hit, "fault 1 [3s 3s 4s 5s] kill one nodes=(n1)" + hit}, "3s-5s"},
		{3, []string{"fault 0 [1s 1s 8s 9s] clients majority nodes=(n1 n2)" + hit, "fault 1 [3s 3s 4s 5s] kill one nodes=(n3)" + hit}, "3s-5s"},
		{5, []string{"fault 0 [1s 1s 2s 3s] kill minority nodes=(n1 n2)" + hit}, ""},
		{5, []string{"fault 0 [1s 1s 2s 3s] kill majority nodes=(n1 n2 n3)" + hit}, "1s-3s"},
		{5, []string{"fault 0 [1s 1s 2s 3s] partition minority shape=majority-minority nodes=(n1 n2)" + hit, "fault 1 [1s 1s 2s 3s] kill one nodes=(n1)" + hit}, ""},
		{5, []string{"fault 0 [1s 1s 2s 3s] partition minority shape=majority-minority nodes=(n1 n2)" + hit, "fault 1 [1s 1s 2s 3s] kill one nodes=(n5)" + hit}, "1s-3s"},
		// Who the members are is not said, so nothing is excused.
		{0, []string{"fault 0 [1s 1s 2s 3s] kill all nodes=(n1 n2 n3)" + hit}, ""},
		{3, nil, ""},
	} {
		var got []string
		for _, p := range withoutMajority(broken(t, test.members, test.faults...)) {
			to := fmt.Sprint(p.to)
			if p.to == forever {
				to = "ever"
			}
			got = append(got, fmt.Sprintf("%v-%s", p.from, to))
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%d members, %s: %q, want %q", test.members, strings.Join(test.faults, "; "), got, test.want)
		}
	}
}

// answered adds operations to a history, ten a second for so long, that succeed.
func answered(h *history.History, from, to time.Duration) {
	for at := from; at < to; at += time.Second / 10 {
		h.Ops = append(h.Ops, history.Op{Process: 1, Node: "n1", Stage: history.Load, Due: at, Call: at, Return: at + time.Millisecond,
			Request: history.Request{Kind: history.Get, Key: "x"}, Result: history.Result{Outcome: history.OK}})
	}
}

// A cluster is not asked to serve while its majority is gone on purpose. It is asked all the same before and after, while
// a fault left it a majority, and when the fault did nothing.
func TestActivityWithoutMajority(t *testing.T) {
	down := "fault 0 [10s 10s 13s 14s] kill all nodes=(n1 n2 n3) took-effect"
	for _, test := range []struct {
		name    string
		members int
		faults  []string
		quiet   []time.Duration // from, to, from, to: when operations succeed
		want    string
	}{
		{"all are dead", 3, []string{down}, []time.Duration{0, 10, 14, 30}, "pass"},
		{"the only one is dead", 1, []string{"fault 0 [10s 10s 13s 14s] kill leader nodes=(n1) took-effect"}, []time.Duration{0, 10, 14, 30}, "pass"},
		{"a leader is dead", 3, []string{"fault 0 [10s 10s 13s 14s] kill leader nodes=(n1) took-effect"}, []time.Duration{0, 10, 14, 30},
			"unknown: only 0 operations succeeded in the faulty phase of 4 s"},
		{"two of five are dead", 5, []string{"fault 0 [10s 10s 13s 14s] kill minority nodes=(n1 n2) took-effect"}, []time.Duration{0, 10, 14, 30},
			"unknown: only 0 operations succeeded in the faulty phase of 4 s"},
		{"nobody says that they died", 3, []string{"fault 0 [10s 10s 13s 14s] kill all nodes=(n1 n2 n3)"}, []time.Duration{0, 10, 14, 30},
			"unknown: only 0 operations succeeded in the faulty phase of 4 s"},
		{"they never come back", 3, []string{down}, []time.Duration{0, 10}, "unknown: only 0 operations succeeded in the recovery phase of 10 s"},
		{"they come back and elect a leader", 3, []string{down}, []time.Duration{0, 10, 17, 30}, "pass"},
		{"a leader comes back, and the others elect one all that time", 3, []string{"fault 0 [10s 10s 13s 14s] kill leader nodes=(n1) took-effect"},
			[]time.Duration{0, 10, 11, 14, 17, 30}, "unknown: only 0 operations succeeded in the recovery phase of 2.9 s"},
		{"they come back and elect nobody until the next fault", 3, []string{down, "fault 1 [20s 20s 23s 24s] kill all nodes=(n1 n2 n3) took-effect"},
			[]time.Duration{0, 10, 24, 30}, "unknown: only 0 operations succeeded in the recovery phase of 6 s"},
		{"nothing happens at all", 3, []string{down}, nil, "unknown: only 0 operations succeeded, and 50 are needed for the verdicts to mean something"},
		{"all are dead, and later one", 3, []string{down, "fault 1 [20s 20s 23s 24s] kill leader nodes=(n1) took-effect"},
			[]time.Duration{0, 10, 14, 20, 24, 30}, "unknown: only 0 operations succeeded in the faulty phase of 4 s"},
		{"all are dead, and later one that is spared", 3, []string{down, "fault 1 [20s 20s 23s 24s] kill leader nodes=(n1) took-effect"},
			[]time.Duration{0, 10, 14, 30}, "pass"},
		{"what waited for a majority shows nothing of the time without one", 3,
			[]string{down, "fault 1 [20s 20s 23s 24s] kill leader nodes=(n1) took-effect"}, []time.Duration{0, 13, 14, 20, 24, 30},
			"unknown: only 0 operations succeeded in the faulty phase of 4 s"},
	} {
		h := broken(t, test.members, test.faults...)
		h.Meta.LoadEnd, h.Meta.Planned = 30*time.Second, len(test.faults)
		for i := 0; i < len(test.quiet); i += 2 {
			answered(h, test.quiet[i]*time.Second, test.quiet[i+1]*time.Second)
		}
		for at := time.Duration(0); at < 30*time.Second; at += time.Second { // something is always asked
			h.Ops = append(h.Ops, history.Op{Process: 2, Node: "n1", Stage: history.Load, Due: at, Call: at, Return: at + time.Second/10,
				Request: history.Request{Kind: history.Get, Key: "y"}})
		}
		if got := said(checkActivity(context.Background(), h, Limits{}))[0]; !strings.HasPrefix(strings.TrimPrefix(got, "=> "), test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
