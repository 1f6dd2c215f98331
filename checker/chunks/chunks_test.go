package chunks_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/chunks"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

func certified(t *testing.T, seed uint64, o generate.Options) (*history.History, certificate.Rules, *certificate.Certificate) {
	t.Helper()
	h := generate.History(rand.New(rand.NewPCG(seed, 12)), o)
	r := register.NewReader(h)
	rules := certificate.Rules{Told: r.ReportsPrev, Exempt: r.Exempt}
	out := certificate.Certify(context.Background(), h, rules)
	if out.Certificate == nil {
		t.Fatal(out.Undecided, out.Findings)
	}
	return h, rules, out.Certificate
}

// Porcupine agrees with the certificate of every valid history, chunk after chunk, leases and unknown outcomes included.
func TestAgreement(t *testing.T) {
	for seed := range uint64(40) {
		h, rules, cert := certified(t, seed, generate.Options{Ops: 400, Clients: 1 + int(seed), Keys: 3, Unknown: 0.1, Leases: 1, Mix: generate.Everything(), Past: 0.3, Watches: true})
		report, err := chunks.Check(context.Background(), h, rules, cert, time.Hour)
		if err != nil || report.Checked != report.Chunks || report.Ops != len(cert.Steps) {
			t.Fatalf("seed %d: %+v, %v", seed, report, err)
		}
	}
}

// Porcupine does not only nod: an answer that is wrong, and an order that is, have it object.
func TestObjection(t *testing.T) {
	h, rules, cert := certified(t, 1, generate.Options{Ops: 400, Clients: 8, Keys: 3})
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Request.Kind == history.Get && len(op.Result.KVs) == 1 {
			was := op.Result.KVs[0].Value
			op.Result.KVs[0].Value = "another"
			if _, err := chunks.Check(context.Background(), h, rules, cert, time.Hour); err == nil {
				t.Errorf("%v: no objection", op)
			}
			op.Result.KVs[0].Value = was
			break
		}
	}
	cert.Steps[0], cert.Steps[len(cert.Steps)-1] = cert.Steps[len(cert.Steps)-1], cert.Steps[0]
	if _, err := chunks.Check(context.Background(), h, rules, cert, time.Hour); err == nil {
		t.Error("no objection to chunks in the wrong order")
	}
}

func TestBudget(t *testing.T) {
	h, rules, cert := certified(t, 1, generate.Options{Ops: 40_000, Clients: 8, Keys: 3})
	report, err := chunks.Check(context.Background(), h, rules, cert, 0)
	if err != nil || report.Checked == 0 || report.Checked == report.Chunks {
		t.Errorf("without time: %+v, %v", report, err)
	}
}

// What was cut short says nothing: not that chunks were checked, nor that they are wrong.
func TestCancelled(t *testing.T) {
	h, rules, cert := certified(t, 1, generate.Options{Ops: 400, Clients: 8, Keys: 3})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	report, err := chunks.Check(ctx, h, rules, cert, time.Hour)
	if err != nil || report.Checked != 0 || report.Chunks == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Revisions that do not follow one another are no order.
func TestRevisionsThatJump(t *testing.T) {
	h, rules, cert := certified(t, 1, generate.Options{Ops: 400, Clients: 8, Keys: 3})
	for _, to := range []int64{-1, 0, 1 << 40} {
		was := cert.Steps[70].Revision
		cert.Steps[70].Revision = to
		if _, err := chunks.Check(context.Background(), h, rules, cert, time.Hour); err == nil {
			t.Errorf("revision %d instead of %d: no objection", to, was)
		}
		cert.Steps[70].Revision = was
	}
}
