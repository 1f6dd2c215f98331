// Package example makes runs for the tests of reports: a small simulation of a cluster and of its clients, the same for
// the same seed.
package example

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/seed"
)

// Options shape a run. Zero fields have the value said beside them.
type Options struct {
	Seed   uint64
	Length time.Duration // 60 s
	Rate   int           // 400 operations a second
	Nodes  int           // 5
	Faults bool          // a kill, a pause and a partition
	Closed bool          // a closed loop of as many clients
	Slow   float64       // multiplies latencies; 1
	Stalls []Stall       // times in which no operation is answered
	Drift  float64       // how much the latencies of neighbouring seconds move together; 0 = not at all
}

// Stall is a time in which the cluster stands still.
type Stall struct{ From, To time.Duration }

// LoadStart is when a run's load begins.
const LoadStart = 3 * time.Second

// Epoch is the wall clock at a run's time zero.
var Epoch = time.Date(2026, 11, 22, 6, 15, 0, 0, time.UTC)

const clients = 30
const deadline = 2 * time.Second

// Run makes a run.
func Run(o Options) *history.History {
	o.Length, o.Rate, o.Nodes, o.Slow = orDefault(o.Length, time.Minute), orDefault(o.Rate, 400), orDefault(o.Nodes, 5), orDefault(o.Slow, 1)
	h := &history.History{Meta: history.Meta{
		Run: "20261122T061500Z-7f3a", Scenario: "register-chaos", Workload: "register", Target: "etcd", Version: "3.7.3", Seed: o.Seed,
		Epoch: Epoch, Consistency: "linearizable", Judge: "linearizable", Rate: float64(o.Rate), Open: !o.Closed, Clients: clients,
		LoadStart: LoadStart, LoadEnd: LoadStart + o.Length, ElectionTimeout: time.Second,
	}}
	for i := range o.Nodes {
		h.Meta.Nodes = append(h.Meta.Nodes, history.NodeID(fmt.Sprintf("n%d", i+1)))
	}
	if o.Faults {
		addFaults(h)
		o.Stalls = append(o.Stalls, Stall{LoadStart + 20*time.Second, LoadStart + 22800*time.Millisecond})
	}
	h.Meta.Planned = len(h.Faults)
	s := sim{o: o, h: h, rng: seed.Seed(o.Seed).Stream("example")}
	s.drive()
	s.poll()
	return h
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func addFaults(h *history.History) {
	at := func(s float64) time.Duration { return LoadStart + time.Duration(s*float64(time.Second)) }
	h.Faults = []history.Fault{
		{ID: 1, Step: "at 20s for 4s kill leader", Name: "kill", Target: "leader", Nodes: []history.NodeID{"n1"}, Start: at(20), Active: at(20.01),
			Heal: at(24), End: at(24.6), TookEffect: true, Evidence: []string{"process 4711 is gone"}, LeaderBefore: "n1", TermBefore: 2},
		{ID: 2, Step: "at 31s for 3s pause follower", Name: "pause", Target: "follower", Nodes: []history.NodeID{"n2"}, Start: at(31), Active: at(31.02),
			Heal: at(34), End: at(34.01), TookEffect: true, Evidence: []string{"process 4712 is stopped"}, LeaderBefore: "n3", TermBefore: 3},
		{ID: 3, Step: "at 40s for 8s partition minority", Name: "partition", Target: "minority", Shape: "majority-minority",
			Nodes: []history.NodeID{"n4", "n5"}, Start: at(40), Active: at(40.03), Heal: at(48), End: at(48.02), TookEffect: true,
			Evidence: []string{"held 18,204 bytes on 12 links"}, LeaderBefore: "n3", TermBefore: 3},
	}
}

type sim struct {
	o    Options
	h    *history.History
	rng  *rand.Rand
	rev  int64
	next history.Process
}

// drive issues the operations: client i has every clients-th of them, one at a time.
func (s *sim) drive() {
	pace := time.Second / time.Duration(s.o.Rate)
	processes := make([]history.Process, clients)
	free := make([]time.Duration, clients)
	for i := range processes {
		processes[i] = history.Process(i + 1)
	}
	s.next = clients + 1
	drift := s.drifts()
	for n := 0; ; n++ {
		due := LoadStart + time.Duration(n)*pace
		client := n % clients
		call := max(due, free[client])
		if s.o.Closed {
			client = slices.Index(free, slices.Min(free))
			call = max(LoadStart, free[client])
			due = call
		}
		if due >= s.h.Meta.LoadEnd {
			break
		}
		call += time.Duration(s.rng.IntN(200)) * time.Microsecond
		if s.o.Closed {
			due = call
		}
		op := s.op(n, processes[client], client, due, call, drift[int((due-LoadStart)/time.Second)])
		free[client] = op.Return
		if op.Result.Outcome == history.Unknown {
			processes[client] = s.next
			s.next++
		}
		s.h.Ops = append(s.h.Ops, op)
	}
	slices.SortStableFunc(s.h.Ops, func(a, b history.Op) int { return int(a.Call - b.Call) })
	for i := range s.h.Ops {
		s.h.Ops[i].ID = i
	}
}

// drifts is a factor for each second, an autoregressive walk around one.
func (s *sim) drifts() []float64 {
	out := make([]float64, int(s.o.Length/time.Second)+2)
	at := 0.0
	for i := range out {
		at = .5*at + s.o.Drift*s.rng.NormFloat64()
		out[i] = math.Exp(at)
	}
	return out
}

func (s *sim) op(n int, p history.Process, client int, due, call time.Duration, drift float64) history.Op {
	node := s.h.Meta.Nodes[client%len(s.h.Meta.Nodes)]
	key := fmt.Sprintf("r%d", n/400)
	op := history.Op{Process: p, Node: node, Due: due, Call: call, Request: history.Request{Kind: history.Get, Key: key}}
	typical := .8
	if dice := s.rng.IntN(10); dice >= 6 {
		typical = 1.8
		op.Request.Kind, op.Request.Value = history.Put, fmt.Sprint(n)
		if dice == 9 {
			op.Request.Kind, op.Request.Expect = history.CAS, fmt.Sprint(n-1)
		}
	}
	took := time.Duration(typical * math.Exp(.35*s.rng.NormFloat64()) * drift * s.o.Slow * float64(time.Millisecond))
	op.Return = call + took
	for _, stall := range s.stalls(node) {
		if op.Call < stall.To && op.Return > stall.From {
			op.Return = max(op.Return, stall.To+took)
		}
	}
	op.Result = s.result(op)
	if op.Return-op.Call > deadline {
		op.Return = op.Call + deadline
		op.Result = history.Result{Outcome: history.Unknown, Error: "deadline exceeded"}
	} else if op.Request.Kind == history.CAS && s.rng.IntN(40) == 0 {
		op.Result = history.Result{Outcome: history.Fail, Error: "too many requests"}
	}
	return op
}

// stalls are those of the whole cluster, and those of a member that a fault has in its grip.
func (s *sim) stalls(node history.NodeID) []Stall {
	all := slices.Clone(s.o.Stalls)
	for _, f := range s.h.Faults {
		if slices.Contains(f.Nodes, node) {
			all = append(all, Stall{f.Active, f.End})
		}
	}
	return all
}

func (s *sim) result(op history.Op) history.Result {
	r := history.Result{Outcome: history.OK, Succeeded: op.Request.Kind == history.CAS}
	if !op.Request.ReadOnly() {
		s.rev++
	} else {
		r.KVs = []history.KV{{Key: op.Request.Key, Value: "17", Mod: max(1, s.rev)}}
	}
	r.Header = history.Header{Revision: max(1, s.rev), Term: 2}
	return r
}

// poll asks every member for its status, five times a second.
func (s *sim) poll() {
	for at := 2 * time.Second; at < s.h.Meta.LoadEnd+time.Second; at += 200 * time.Millisecond {
		leader, term := history.NodeID("n1"), uint64(2)
		if s.o.Faults && at > LoadStart+20*time.Second {
			leader, term = "", 2
			if at > LoadStart+22800*time.Millisecond {
				leader, term = "n3", 3
			}
		}
		for _, node := range s.h.Meta.Nodes {
			status := history.Status{At: at, Node: node, Up: true, State: "running", Leader: leader, Term: term, Revision: s.rev, DBBytes: 20480 + s.rev*64}
			for _, f := range s.h.Faults {
				if slices.Contains(f.Nodes, node) && at >= f.Active && at < f.End && f.Name != "partition" {
					status = history.Status{At: at, Node: node, State: map[string]string{"kill": "killed", "pause": "paused"}[f.Name]}
				}
			}
			s.h.Statuses = append(s.h.Statuses, status)
		}
	}
}

// Passed are the results of checks that all passed.
func Passed(h *history.History) []checker.Result {
	var out []checker.Result
	for _, name := range []string{"linearizable", "durable", "revisions", "leader-terms", "crashes", "activity"} {
		out = append(out, checker.Result{Checker: name, Verdict: checker.Pass, Why: "every operation can be put in order", Ops: len(h.Ops), Keys: 60,
			Took: 650 * time.Millisecond})
	}
	return out
}

// Undecided are results of which one reached its limit.
func Undecided(h *history.History) []checker.Result {
	out := Passed(h)
	out[0].Verdict, out[0].Why = checker.Unknown, "the time limit of 60 s was reached on 3 of 60 keys (r11, r12, r17)"
	return out
}

// Violated are results of which one found a stale read.
func Violated(h *history.History) []checker.Result {
	out := Passed(h)
	at := func(ms int) time.Duration { return LoadStart + time.Duration(ms)*time.Millisecond }
	op := func(p history.Process, node history.NodeID, from, to int, kind history.Kind, value string, rev int64) history.Op {
		o := history.Op{Process: p, Node: node, Due: at(from), Call: at(from), Return: at(to), Request: history.Request{Kind: kind, Key: "r17"},
			Result: history.Result{Outcome: history.OK, Header: history.Header{Revision: rev, Term: 3}}}
		if kind == history.Put {
			o.Request.Value = value
		} else {
			o.Result.KVs = []history.KV{{Key: "r17", Value: value, Mod: rev}}
		}
		return o
	}
	why := "key r17 is not linearizable: a read returned an older value"
	ops := []history.Op{
		op(11, "n3", 31040, 31102, history.Put, "12", 165), op(4, "n3", 31120, 31204, history.Put, "17", 168),
		op(9, "n3", 31241, 31260, history.Get, "17", 168), op(2, "n1", 31288, 31301, history.Get, "12", 165),
	}
	for i := range ops {
		ops[i].ID = i + 100
	}
	out[0].Verdict, out[0].Why = checker.Fail, why
	out[0].Counterexample = []checker.Counterexample{{
		Name: "r17", Why: why, Of: 403, Ops: ops,
		Notes:   []string{"before these, r17 is 12", "client 2 was told 12 after client 9 had been told 17: no order has both"},
		Context: []string{"n1 was back 0.9 s after a kill, term 3", "pause n2 was active"},
		Files:   map[string][]byte{"porcupine.html": []byte("<html></html>")},
	}}
	return out
}
