package checker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

// generous are limits that no measurement reaches.
var generous = Limits{Timeout: time.Hour, MemoryBytes: 1 << 40}

// mixed has everything in it: watches and replays, stale reads, leases, final reads, and the members' logs.
func mixed(n int) *history.History {
	return generate.History(rand.New(rand.NewPCG(1, 2)), generate.Options{Ops: n, Clients: 20, Keys: 100, Nodes: 3, Unknown: 0.01,
		Watches: true, Evidence: true, Stale: 0.2, Past: 0.1, Leases: 3, Final: true,
		Mix: map[history.Kind]int{history.Get: 4, history.Put: 4, history.CAS: 2, history.Delete: 1, history.Txn: 3}})
}

// elements are written once each and read one by one: a set of many keys.
func elements(n int) *history.History {
	return generate.History(rand.New(rand.NewPCG(1, 3)), generate.Options{Ops: n, Clients: 20, Keys: max(n/10, 1), Nodes: 3, Unknown: 0.01,
		Prefix: "set/e/", Mix: map[history.Kind]int{history.Get: 2, history.Put: 1, history.Range: 1}})
}

// BenchmarkOthers measures every checker beyond linearizability by itself.
func BenchmarkOthers(b *testing.B) {
	for _, n := range sizes() {
		h := mixed(n)
		for _, name := range []string{"durable", "revisions", "serializable", "watch", "raft", "lease"} {
			alone(b, name, h, n)
		}
		alone(b, "set", elements(n), n)
		if n <= 10_000 {
			b.Run(fmt.Sprintf("porcupine-plain/%d", n), func(b *testing.B) {
				measure(b, n, func() { b.ReportMetric(plain(h, register.NewReader(h)), "keys-decided") })
			})
		}
	}
}

func alone(b *testing.B, name string, h *history.History, n int) {
	c, _ := Find(name)
	b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
		measure(b, n, func() {
			if r := judge(context.Background(), c, h, generous); r.Verdict != Pass {
				b.Fatal(r.Verdict, r.Why, r.Bug)
			}
		})
	})
}

// BenchmarkJudge measures all checkers together on one history that has something for most of them.
func BenchmarkJudge(b *testing.B) {
	for _, n := range sizes() {
		h := mixed(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			measure(b, n, func() {
				for _, r := range Judge(context.Background(), h, nil, generous) {
					if r.Verdict == Fail || r.Bug != "" {
						b.Fatal(r.Checker, r.Verdict, r.Why, r.Bug)
					}
				}
			})
		})
	}
}
