package checker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/chunks"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// sizes are the lengths of the histories measured: up to 10^5, or to WHITEWATER_BENCH_OPS.
func sizes() []int {
	most := 100_000
	if n, err := strconv.Atoi(os.Getenv("WHITEWATER_BENCH_OPS")); err == nil {
		most = n
	}
	var list []int
	for n := 1000; n <= most; n *= 10 {
		list = append(list, n)
	}
	return list
}

// loads are the kinds of history measured.
var loads = []struct {
	name string
	make func(n int) generate.Options
}{
	{"one-key-50-clients-5%-unknown", func(n int) generate.Options {
		return generate.Options{Ops: n, Clients: 50, Keys: 1, Nodes: 3, Unknown: 0.05, Watches: true}
	}},
	{"10-keys-20-clients-1%-unknown", func(n int) generate.Options {
		return generate.Options{Ops: n, Clients: 20, Keys: 10, Nodes: 3, Unknown: 0.01, Watches: true}
	}},
	{"whole-store-1000-keys", func(n int) generate.Options {
		return generate.Options{Ops: n, Clients: 20, Keys: 1000, Nodes: 3, Unknown: 0.01, Watches: true,
			Mix: map[history.Kind]int{history.Get: 5, history.Put: 3, history.CAS: 1, history.Txn: 1}}
	}},
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap samples the live and dead heap while do runs, at the pace that Judge sets, and returns its peak above what there was.
func heap(do func()) uint64 {
	runtime.GC()
	before, peak := heapBytes(), uint64(0)
	defer pace(before)()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			peak = max(peak, heapBytes())
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	do()
	close(done)
	<-stopped
	return peak - min(peak, before)
}

// measure reports what a judgement of n operations costs: CPU and peak heap are what matters; a wall clock on a shared
// machine is not.
func measure(b *testing.B, n int, do func()) {
	b.ReportAllocs()
	var peak uint64
	began := cpu()
	for b.Loop() {
		peak = max(peak, heap(do))
	}
	spent := cpu() - began
	b.ReportMetric(float64(spent)/float64(b.N)/1e6, "cpu-ms/op")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(n)*float64(b.N)/max(1e-9, spent.Seconds()), "ops/cpu-s")
}

// BenchmarkCheckers measures every engine on the same histories.
func BenchmarkCheckers(b *testing.B) {
	for _, load := range loads {
		for _, n := range sizes() {
			h := generate.History(rand.New(rand.NewPCG(1, 9)), load.make(n))
			r := register.NewReader(h)
			rules := certificate.Rules{Told: r.ReportsPrev, Exempt: r.Exempt}
			var cert *certificate.Certificate
			ctx := context.Background()
			engine := func(name string, do func(*testing.B)) {
				b.Run(fmt.Sprintf("%s/%d/%s", load.name, n, name), func(b *testing.B) { measure(b, n, func() { do(b) }) })
			}
			engine("zones", func(b *testing.B) {
				keys, _ := register.Split(h, r)
				for _, k := range keys {
					if !k.Unique {
						continue
					}
					if c, err := k.Check(ctx, false); c != nil || err != nil {
						b.Fatal(c, err)
					}
				}
			})
			engine("revisions", func(b *testing.B) {
				out := certificate.Certify(ctx, h, rules)
				if cert = out.Certificate; cert == nil {
					b.Fatal(out.Undecided, out.Findings)
				}
			})
			engine("verify", func(b *testing.B) {
				if err := certificate.Verify(h, rules, cert); err != nil {
					b.Fatal(err)
				}
			})
			engine("porcupine-chunks", func(b *testing.B) {
				if _, err := chunks.Check(ctx, h, rules, cert, time.Hour); err != nil {
					b.Fatal(err)
				}
			})
			if n <= 10_000 {
				engine("porcupine-plain", func(b *testing.B) { b.ReportMetric(plain(h, r), "keys-decided") })
			}
			engine("whole-check", func(b *testing.B) {
				if res := Judge(ctx, h, []string{"linearizable"}, generous)[0]; res.Verdict != Pass {
					b.Fatal(res.Verdict, res.Why, res.Bug)
				}
			})
		}
	}
}

// plain has Porcupine decide every key by itself, ten seconds for all, and returns the share that it decided.
func plain(h *history.History, r *register.Reader) float64 {
	keys, _ := register.Split(h, r)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	decided := 0
	for i, k := range keys {
		part, stop := share(ctx, len(keys)-i)
		if search.Porcupine(part, searchOps(k.Ops)) != search.Unknown {
			decided++
		}
		stop()
	}
	return float64(decided) / float64(max(1, len(keys)))
}

// BenchmarkJepsen decides Porcupine's 103 recorded histories with our search and with Porcupine.
func BenchmarkJepsen(b *testing.B) {
	dir := jepsenDir(b)
	var all [][]search.Op
	for i := range 103 {
		h := readJepsen(b, fmt.Sprintf("%s/etcd_%03d.log", dir, i))
		keys, _ := register.Split(h, register.NewReader(h))
		for _, k := range keys {
			all = append(all, searchOps(k.Ops))
		}
	}
	for name, decide := range map[string]func([]search.Op) search.Verdict{
		"search": func(ops []search.Op) search.Verdict {
			v, _ := search.Order(context.Background(), search.Tighten(ops))
			return v
		},
		"porcupine": func(ops []search.Op) search.Verdict { return search.Porcupine(context.Background(), ops) },
		"porcupine-narrowed": func(ops []search.Op) search.Verdict {
			return search.Porcupine(context.Background(), search.Tighten(ops))
		},
	} {
		b.Run(name, func(b *testing.B) {
			began := cpu()
			for b.Loop() {
				counts := map[search.Verdict]int{}
				for _, ops := range all {
					counts[decide(ops)]++
				}
				if counts[search.Illegal] != 79 || counts[search.Legal] != 23 {
					b.Fatal(counts)
				}
			}
			b.ReportMetric(float64(cpu()-began)/float64(b.N)/1e6, "cpu-ms/op")
		})
	}
}
