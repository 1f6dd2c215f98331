package history

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// busy is a run of some workers, watches and faults, drained now and then; what each drain gave.
func busy(t *testing.T, seed uint64) (r *Recorder, drains [][]Record) {
	r = NewRecorder(Meta{Workload: "register"})
	var wg sync.WaitGroup
	for worker := range 5 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(worker)))
			nap := func() { time.Sleep(time.Duration(rng.IntN(9)) * time.Millisecond) }
			l, p := r.Log(), r.Process()
			for i := range 25 {
				l.Invoke(p, "n1", Load, time.Duration(rng.IntN(3)-1), Request{Kind: Put, Key: "x", Value: fmt.Sprint(worker, i)})
				nap()
				res := Result{Outcome: Outcome(rng.IntN(3))}
				if l.Complete(res); res.Outcome == Unknown {
					p = r.Process()
				}
				nap()
			}
			l.Invoke(p, "n1", Load, -1, Request{Kind: Get, Key: "x"}) // never answered
		})
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(100+worker)))
			resumes := -1
			for range 4 {
				w := r.OpenWatch(Watch{Node: "n1", Purpose: "observer", Resumes: resumes})
				resumes = w.ID()
				for i := range rng.IntN(4) {
					time.Sleep(time.Duration(rng.IntN(9)) * time.Millisecond)
					w.Append(WatchResponse{Header: Header{Revision: int64(i)}})
				}
				if worker == 4 {
					return // open for good
				}
				w.Close(0, "connection lost")
				w.Close(7, "too late")
			}
		})
	}
	wg.Go(func() {
		for id := range 3 {
			f := Fault{ID: id, Name: "kill", Target: "leader", Start: r.Now(), Nodes: []NodeID{"n1"}}
			r.AddFault(f)
			f.Nodes[0] = "n9" // the recorder has its own
			time.Sleep(20 * time.Millisecond)
			f.Nodes[0], f.End, f.TookEffect = "n1", r.Now(), true
			r.AddFault(f)
			r.AddStatus(Status{At: r.Now(), Node: "n1", Up: true})
			r.UpdateMeta(func(m *Meta) { m.LoadEnd = r.Now() })
		}
	})
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(7 * time.Millisecond):
		}
		drains = append(drains, r.Drain())
	}
	return r, drains
}

// The harness may die after any record that was drained: what is there is a history, and agrees with the whole one in all
// that it knows. What it does not know is an unknown outcome, never a fact.
func TestJournalCutAnywhere(t *testing.T) {
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) {
			r, drains := busy(t, seed)
			whole := r.History()
			final := map[string]Op{} // by process and call: numbers are given anew
			name := func(op Op) string { return fmt.Sprint(op.Process, op.Call, op.Request.Value) }
			for _, op := range whole.Ops {
				final[name(op)] = op
			}
			var records []Record
			for _, drain := range drains {
				records = append(records, drain...)
			}
			for cut := range len(records) + 1 {
				var j Journal
				for _, record := range records[:cut] {
					j.Add(record)
				}
				h := j.History()
				if faults := Wellformed(h); len(faults) > 0 {
					t.Fatalf("seed %d, cut at %d of %d: %s", seed, cut, len(records), strings.Join(faults, "\n"))
				}
				for _, op := range h.Ops {
					want, known := final[name(op)]
					op.ID, want.ID = 0, 0
					if open := op.Result.Error == StillOpen; open {
						op.Result, op.Return = want.Result, want.Return
					}
					if !known || !reflect.DeepEqual(op, want) {
						t.Fatalf("seed %d, cut at %d: %v\nwant %v", seed, cut, op, want)
					}
				}
				if cut == len(records) && h.String() != whole.String() {
					t.Errorf("seed %d: the journal's history is not the recorder's:\n%s\nwant\n%s", seed, h, whole)
				}
			}
		})
	}
}

// Each record of an operation comes once: its call before its return, and in each drain everything in the order of time.
func TestDrainOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, drains := busy(t, 9)
		called, returned := map[int]bool{}, map[int]bool{}
		for n, drain := range drains {
			last := time.Duration(0)
			for _, record := range drain {
				switch {
				case record.Call != nil:
					if called[record.Call.ID] || record.Call.Return != 0 || record.Call.Result.Outcome != Unknown {
						t.Errorf("drain %d: the call of %v came twice, or knows its answer", n, record.Call)
					}
					called[record.Call.ID] = true
				case record.Return != nil:
					if !called[record.Return.ID] || returned[record.Return.ID] {
						t.Errorf("drain %d: the return of %v came before its call, or twice", n, record.Return)
					}
					returned[record.Return.ID] = true
				}
				if at := record.at(); at > 0 && at < last {
					t.Errorf("drain %d: %v after %v", n, at, last)
				}
				last = max(last, record.at())
			}
		}
		if len(called) != 5*26 || len(returned) != 5*25 {
			t.Errorf("%d calls and %d returns, want 130 and 125", len(called), len(returned))
		}
	})
}
