package history

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A worker, a watch and a fault, told as they happen; the journal drained midway and at the end gives the same history.
func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(Meta{Workload: "register"})
		var journal Journal
		drain := func() {
			for _, record := range r.Drain() {
				journal.Add(record)
			}
		}
		l, w := r.Log(), r.OpenWatch(Watch{Node: "n1", Purpose: "observer", Resumes: -1})
		p := r.Process()
		time.Sleep(time.Millisecond)
		l.Invoke(p, "n1", Warmup, -1, Request{Kind: Put, Key: "x", Value: "1"})
		drain()
		if journal.Open() != 1 {
			t.Errorf("%d operations open, want 1", journal.Open())
		}
		time.Sleep(time.Millisecond)
		w.Append(WatchResponse{Header: Header{Revision: 2}, Events: []Event{{KV: KV{Key: "x", Value: "1", Mod: 2}}}})
		op := l.Complete(Result{Outcome: OK, Header: Header{Revision: 2}})
		if got, want := op.String(), "p0 n1 [1ms 2ms warmup] put x 1 -> ok rev=2"; got != want {
			t.Errorf("completed\n%s\nwant\n%s", got, want)
		}
		r.AddFault(Fault{ID: 0, Name: "kill", Target: "leader", Start: r.Now()})
		l.Invoke(p, "n1", Load, 0, Request{Kind: Get, Key: "x"})
		time.Sleep(time.Second)
		l.Complete(Result{Outcome: Unknown, Error: "deadline exceeded"})
		drain()
		r.AddFault(Fault{ID: 0, Name: "kill", Target: "leader", Start: 2 * time.Millisecond, End: r.Now(), TookEffect: true})
		l.Invoke(r.Process(), "n1", Load, 0, Request{Kind: Get, Key: "y"})
		w.Close(7, "")
		r.AddStatus(Status{At: r.Now(), Node: "n1", Up: true, State: "running"})
		r.AddEvidence(Evidence{Node: "n1"})
		r.UpdateMeta(func(m *Meta) { m.LoadStart = 3 * time.Millisecond })
		drain()

		want := `meta workload=register epoch=2000-01-01T00:00:00Z load-start=3ms
p0 n1 [1ms 2ms warmup] put x 1 -> ok rev=2
p0 n1 [2ms 1.002s due=0s] get x -> unknown deadline exceeded
p1 n1 [1.002s 1.002s due=0s] get y -> unknown no answer when the run ended
watch 0 n1 [0s 1.002s] observer compacted=7
response 0 [2ms] rev=2 put (x 1 mod=2)
fault 0 [2ms 0s 0s 1.002s] kill leader took-effect
status n1 [1.002s] up running
evidence n1
`
		diffLines(t, want, r.History().String())
		diffLines(t, want, journal.History().String())
	})
}

func TestRecorderContract(t *testing.T) {
	get := Request{Kind: Get, Key: "x"}
	ok, unknown := Result{Outcome: OK}, Result{}
	cases := map[string]func(r *Recorder){
		"history: Invoke by process 1 before Complete of process 0: a log has one operation at a time": func(r *Recorder) {
			l := r.Log()
			l.Invoke(0, "n1", Load, 0, get)
			l.Invoke(1, "n1", Load, 0, get)
		},
		"history: Complete without Invoke: there is no operation to complete": func(r *Recorder) {
			l := r.Log()
			l.Invoke(0, "n1", Load, 0, get)
			l.Complete(ok)
			l.Complete(ok)
		},
		"history: process 0 is used after an unknown outcome: its operation may still take effect, so it must be retired": func(r *Recorder) {
			l := r.Log()
			l.Invoke(0, "n1", Load, 0, get)
			l.Complete(unknown)
			l.Invoke(0, "n1", Load, 0, get)
		},
		"history: process 0 is used by two logs: a process has one operation at a time": func(r *Recorder) {
			r.Log().Invoke(0, "n1", Load, 0, get)
			r.Log().Invoke(0, "n1", Load, 0, get)
		},
	}
	for want, breach := range cases {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("panicked with\n%s\nwant\n%s", got, want)
				}
			}()
			breach(NewRecorder(Meta{}))
		}()
	}
}

// Many workers while the journal is drained: nothing is lost, doubled or out of order.
func TestRecorderConcurrent(t *testing.T) {
	const workers, each = 8, 600
	r := NewRecorder(Meta{})
	var wg sync.WaitGroup
	due := make(chan bool) // now and then, a worker waits for a drain; the others go on meanwhile
	for i := range workers {
		wg.Go(func() {
			l, p := r.Log(), r.Process()
			for n := range each {
				l.Invoke(p, "n1", Load, -1, Request{Kind: Put, Key: "x", Value: fmt.Sprint(i, n)})
				if n%50 == i {
					due <- true
				}
				res := Result{Outcome: Outcome(n % 3)}
				if l.Complete(res); res.Outcome == Unknown {
					p = r.Process()
				}
			}
		})
	}
	go func() { wg.Wait(); close(due) }()
	var journal Journal
	drain := func() {
		for _, record := range r.Drain() {
			journal.Add(record)
		}
	}
	for range due {
		drain()
	}
	drain()
	h, journalled := r.History(), journal.History()
	if len(h.Ops) != workers*each {
		t.Errorf("%d operations, want %d", len(h.Ops), workers*each)
	}
	if !reflect.DeepEqual(h, journalled) {
		t.Error("the journal's history differs from the recorder's")
	}
}

func BenchmarkRecorder(b *testing.B) {
	r := NewRecorder(Meta{})
	req := Request{Kind: Put, Key: "k17", Value: "v"}
	res := Result{Outcome: OK, Header: Header{Revision: 7}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		l, p := r.Log(), r.Process()
		for pb.Next() {
			l.Invoke(p, "n1", Load, 0, req)
			l.Complete(res)
		}
	})
}
