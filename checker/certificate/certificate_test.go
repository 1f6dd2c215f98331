package certificate_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

func rounds(n int) int {
	if os.Getenv("WHITEWATER_SOAK") != "" {
		return n * 30
	}
	return n
}

func rules(h *history.History) certificate.Rules {
	r := register.NewReader(h)
	return certificate.Rules{Serializable: r.Serializable, Told: r.ReportsPrev, Exempt: r.Exempt}
}

// options are those of a valid history, small or not, of one kind or another.
func options(rng *rand.Rand) generate.Options {
	o := generate.Options{Ops: 20 + rng.IntN(300), Clients: 1 + rng.IntN(12), Keys: 1 + rng.IntN(6), Nodes: 1 + rng.IntN(3),
		Unknown: []float64{0, 0.02, 0.1, 0.3}[rng.IntN(4)], Fail: []float64{0, 0.05}[rng.IntN(2)], Watches: rng.IntN(3) > 0, Final: rng.IntN(2) == 0}
	if rng.IntN(2) == 0 {
		o.Mix = generate.Everything()
		o.Past, o.Leases = rng.Float64()/2, rng.IntN(3)
	}
	if o.Leases == 0 && rng.IntN(3) == 0 {
		o.Stale = 0.3
	}
	return o
}

// A valid history has no findings. Where watches tell of every revision, it has a certificate, and that holds.
func TestValidHistoriesAreCertified(t *testing.T) {
	decided, open := 0, 0
	for seed := range uint64(rounds(600)) {
		rng := rand.New(rand.NewPCG(seed, 5))
		o := options(rng)
		h := generate.History(rng, o)
		out := certificate.Certify(context.Background(), h, rules(h))
		for _, f := range out.Findings {
			t.Fatalf("seed %d: a finding in a valid history: %+v\n%s", seed, f, h)
		}
		if out.Certificate == nil {
			if o.Watches {
				t.Fatalf("seed %d: undecided although watched: %s\n%s", seed, out.Undecided, h)
			}
			open++
			continue
		}
		decided++
		if err := certificate.Verify(h, rules(h), out.Certificate); err != nil {
			t.Fatalf("seed %d: the certificate does not hold: %v\n%s", seed, err, h)
		}
	}
	t.Logf("%d certified, %d left open", decided, open)
}
