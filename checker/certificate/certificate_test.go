package certificate_test

import (
	"context"
	"math/rand/v2"
	"os"
	"reflect"
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

// Without watches, the members' logs tell of every revision just as well; and whether they are read or not, nothing that
// is decided is decided otherwise.
func TestLogsTellAsMuchAsWatches(t *testing.T) {
	by := map[string]int{}
	for seed := range uint64(rounds(300)) {
		rng := rand.New(rand.NewPCG(seed, 18))
		o := options(rng)
		o.Watches, o.Evidence = false, true
		h := generate.History(rng, o)
		with, r := certificate.Certify(context.Background(), h, rules(h)), rules(h)
		r.NoEvidence = true
		without := certificate.Certify(context.Background(), h, r)
		if with.Total > 0 || without.Total > 0 || with.Certificate == nil {
			t.Fatalf("seed %d: %+v %s, without evidence %+v\n%s", seed, with.Findings, with.Undecided, without.Findings, h)
		}
		if err := certificate.Verify(h, r, with.Certificate); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, h)
		}
		if without.Certificate == nil {
			by["logs alone"]++
		} else {
			by["both"]++
		}
	}
	t.Log(by)
}

// Members that lag behind, and one whose log is another's, change nothing, whoever comes first: one whole log is enough.
func TestOneWholeLogIsEnough(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 20))
		h := generate.History(rng, generate.Options{Ops: 100, Clients: 4, Keys: 2, Nodes: 4, Unknown: 0.2, Evidence: true, Mix: generate.Everything()})
		want := certificate.Certify(context.Background(), h, rules(h))
		if want.Certificate == nil {
			t.Fatalf("seed %d: %s %+v\n%s", seed, want.Undecided, want.Findings, h)
		}
		behind, another := h.Evidence[0].WAL, h.Evidence[1].WAL
		behind.Commit = uint64(rng.IntN(len(behind.Entries)))
		for i := range another.Entries {
			another.Entries[i].Digest++
		}
		another.Entries[len(another.Entries)/2].Request = &history.Request{Kind: history.Put, Key: "k0", Value: "never asked for"}
		rng.Shuffle(len(h.Evidence), func(i, j int) { h.Evidence[i], h.Evidence[j] = h.Evidence[j], h.Evidence[i] })
		if got := certificate.Certify(context.Background(), h, rules(h)); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %s %+v\n%s", seed, got.Undecided, got.Findings, h)
		}
	}
}

// A log that does not explain what was acknowledged is not believed.
func TestLogsAreNotTrusted(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 19))
		h := generate.History(rng, generate.Options{Ops: 100, Clients: 4, Keys: 2, Nodes: 1, Unknown: 0.1, Evidence: true})
		wal := h.Evidence[0].WAL
		i := rng.IntN(len(wal.Entries) / 2)
		wal.Entries[i].Request = &history.Request{Kind: history.Put, Key: "k0", Value: "never asked for"}
		if out := certificate.Certify(context.Background(), h, rules(h)); out.Total > 0 {
			t.Fatalf("seed %d: %+v\n%s", seed, out.Findings, h)
		}
	}
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
