package checker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// BenchmarkBeyond measures the checkers beyond linearizability on histories with everything in them: watches, stale
// reads, leases, and the members' logs.
func BenchmarkBeyond(b *testing.B) {
	for _, n := range sizes() {
		h := generate.History(rand.New(rand.NewPCG(1, 2)), generate.Options{Ops: n, Clients: 20, Keys: 100, Nodes: 3, Unknown: 0.01,
			Watches: true, Evidence: true, Stale: 0.2, Past: 0.1, Leases: 3, Final: true,
			Mix: map[history.Kind]int{history.Get: 4, history.Put: 4, history.CAS: 2, history.Delete: 1, history.Txn: 3}})
		for _, name := range []string{"serializable", "watch", "raft"} {
			c, _ := Find(name)
			b.Run(fmt.Sprintf("%s/ops=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				began := cpu()
				for b.Loop() {
					if r := c.Check(context.Background(), h, Limits{}); r.Verdict != Pass {
						b.Fatal(r.Verdict, r.Why)
					}
				}
				b.ReportMetric((cpu()-began).Seconds()/float64(b.N), "cpu-s/op")
			})
		}
	}
}
