package workloads_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/workloads"
)

// recorded is a worker's requests and what it was told, one worker of one workload by itself.
func recorded(t *testing.T, w workloads.Workload, p workloads.Params, n int) (asked []history.Request, told []history.Op) {
	t.Helper()
	r := inTurn(t, w, p, n)
	for _, op := range r.ops {
		asked = append(asked, op.Request)
	}
	return asked, r.ops
}

// A worker told the same asks the same: nothing but its numbers and its answers decides what it does, neither the clock
// nor the order of a map.
func TestPure(t *testing.T) {
	for _, w := range workloads.All {
		want, told := recorded(t, w, workloads.Params{}, 200)
		for range 5 {
			p := w.Defaults(workloads.Params{})
			var shared any
			if w.Share != nil {
				shared = w.Share(p)
			}
			next := w.New(p, 0, shared, rand.New(rand.NewPCG(7, 0)))
			last := history.Op{}
			for i := range want {
				got, more := next(last)
				for more && got.Kind == history.Pause {
					got, more = next(last)
				}
				if !more || !reflect.DeepEqual(got, want[i]) {
					t.Fatalf("%s: request %d is %v, want %v", w.Name, i, got, want[i])
				}
				last = told[i]
			}
		}
	}
}

// What each word of a mix stands for: a load of nothing else, as the shapes of its requests.
func TestMixAlone(t *testing.T) {
	var b strings.Builder
	for _, w := range workloads.All {
		for _, name := range sortedNames(w.Params.Mix) {
			if w.Name == "mixed" {
				continue // its words are workloads
			}
			workers := 4
			if w.Name == "lease" || w.Name == "discovery" {
				workers = 3 // they wait one after the other here: with more, leases end meanwhile
			}
			asked, _ := recorded(t, w, workloads.Params{Workers: workers, Mix: map[string]int{name: 1}}, 400)
			seen := map[string]bool{}
			for _, req := range asked {
				seen[shape(req)] = true
			}
			fmt.Fprintf(&b, "%s %s: %s\n", w.Name, name, strings.Join(sortedNames(seen), ", "))
		}
	}
	golden(t, "testdata/mix.txt", b.String())
}

func sortedNames[T any](of map[string]T) (names []string) {
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// shape is a request without its keys, values and numbers.
func shape(req history.Request) string {
	text, _, _ := strings.Cut(history.Request{Kind: req.Kind}.String(), " ")
	for word, on := range map[string]bool{"range": req.Kind == history.Delete && req.End != "", "limit": req.Limit > 0,
		"past": req.Kind != history.Compact && req.Revision > 0, "leased": req.Kind == history.Put && req.Lease != 0,
		"guarded": len(req.If) > 0} {
		if on {
			text += " " + word
		}
	}
	for word, on := range map[string]bool{"serializable": req.Serializable, "keys": req.KeysOnly, "count": req.CountOnly} {
		if on {
			text += " " + word
		}
	}
	return text
}

// Workloads that run side by side do not meet: no prefix begins another's. The benchmarks share one, and run alone.
func TestPrefixesApart(t *testing.T) {
	for _, a := range workloads.All {
		for _, b := range workloads.All {
			if a.Name != b.Name && a.Prefix != "" && a.Prefix != "b/" && strings.HasPrefix(b.Prefix, a.Prefix) {
				t.Errorf("the keys of %s, %s…, begin like those of %s, %s…", b.Name, b.Prefix, a.Name, a.Prefix)
			}
		}
	}
}

// However small the keys are asked to be, a benchmark's range has as many keys as its limit, or as there are behind it.
func TestBenchmarkRanges(t *testing.T) {
	for _, p := range []workloads.Params{
		{KeySize: 1, KeySpace: 1}, {KeySize: 3, KeySpace: 12}, {KeySize: 4, KeySpace: 95, RangeLimit: 8}, {KeySize: 64, KeySpace: 30},
	} {
		for _, w := range []workloads.Workload{workloads.Ranges, workloads.TxnMixed} {
			full := w.Defaults(p)
			for _, op := range inTurn(t, w, p, 100).ops {
				results := append(op.Result.Responses, op.Result)
				for i, req := range append(op.Request.Then, op.Request) {
					if req.Kind != history.Range {
						continue
					}
					first := 0
					if _, err := fmt.Sscanf(strings.TrimLeft(req.Key, "b/"), "%d", &first); err != nil {
						t.Fatal(err)
					}
					if want := min(int(full.RangeLimit), full.KeySpace-first); len(results[i].KVs) != want {
						t.Errorf("%s, %+v: %v has %d keys, want %d", w.Name, p, req, len(results[i].KVs), want)
					}
				}
			}
		}
	}
}

// Sequential keys are taken in turn by all workers together, each key as often as any other.
func TestSequential(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 4, 7} {
		count := map[string]int{}
		for _, op := range inTurn(t, workloads.Puts, workloads.Params{Workers: workers, KeySpace: 6, Sequential: true}, 6*workers*5).ops {
			count[op.Request.Key]++
		}
		for key, n := range count {
			if len(count) != 6 || n != workers*5 {
				t.Errorf("%d workers: %s was put %d times of %d keys", workers, key, n, len(count))
			}
		}
	}
}

// A benchmark's lease that has ended is replaced, and a software transaction that failed begins again with a look.
func TestBenchmarkRecovers(t *testing.T) {
	script := func(w workloads.Workload, answers ...history.Result) (asked []string) {
		p := w.Defaults(workloads.Params{KeySpace: 1})
		next := w.New(p, 0, nil, rand.New(rand.NewPCG(1, 1)))
		last := history.Op{}
		for _, answer := range answers {
			req, _ := next(last)
			asked = append(asked, shape(req))
			last = history.Op{Request: req, Result: answer}
		}
		return asked
	}
	alive, gone := history.Result{Outcome: history.OK, Lease: 7, TTL: 100}, history.Result{Outcome: history.OK, Lease: 7}
	got := script(workloads.LeaseKeepalive, history.Result{}, alive, alive, history.Result{}, gone, alive, alive)
	if want := "grant, grant, keepalive, keepalive, keepalive, grant, keepalive"; strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
	read := history.Result{Outcome: history.OK, Succeeded: true, Responses: []history.Result{{KVs: []history.KV{{Key: "b/000000", Mod: 3}}}}}
	lost := history.Result{Outcome: history.OK, Responses: read.Responses}
	got = script(workloads.STM, read, lost, history.Result{}, read, history.Result{Outcome: history.OK, Succeeded: true}, read)
	if want := "txn, txn guarded, txn guarded, txn, txn guarded, txn"; strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// What fails keeps no worker from going on: every workload, told nothing but that it failed, or that nobody knows, goes
// on asking, and asks nothing that names what it never had.
func TestNothingWorks(t *testing.T) {
	for _, w := range workloads.All {
		for _, outcome := range []history.Outcome{history.Fail, history.Unknown} {
			p := w.Defaults(workloads.Params{Workers: 24})
			var shared any
			if w.Share != nil {
				shared = w.Share(p)
			}
			for worker := range p.Workers {
				next := w.New(p, worker, shared, rand.New(rand.NewPCG(3, uint64(worker))))
				last := history.Op{}
				for range 100 {
					req, more := next(last)
					if !more {
						t.Fatalf("%s: worker %d has nothing left to do", w.Name, worker)
					}
					every(req, func(req history.Request) {
						named := req.Kind == history.Revoke || req.Kind == history.KeepAlive || req.Kind == history.TimeToLive ||
							req.Kind == history.Lock || req.Kind == history.Campaign
						if named && req.Lease == 0 || req.Kind == history.Put && req.Lease != 0 || req.Kind == history.Unlock || req.Kind == history.Resign {
							t.Fatalf("%s: worker %d asks for what it never had: %v", w.Name, worker, req)
						}
					})
					if req.Kind != history.Pause {
						last = history.Op{Request: req, Result: history.Result{Outcome: outcome, Error: "refused"}}
					}
				}
			}
		}
	}
}
