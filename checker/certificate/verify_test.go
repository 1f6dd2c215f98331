package certificate_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

func certified(t *testing.T, o generate.Options) (*history.History, *certificate.Certificate) {
	t.Helper()
	for seed := range uint64(100) {
		h := generate.History(rand.New(rand.NewPCG(seed, 11)), o)
		out := certificate.Certify(context.Background(), h, rules(h))
		if out.Certificate == nil {
			t.Fatal(out.Undecided, out.Findings)
		}
		if o.Leases == 0 || len(out.Certificate.Foreign) > 0 {
			return h, out.Certificate
		}
	}
	t.Fatal("no lease ended")
	return nil, nil
}

// A certificate that was tampered with does not hold, whatever was done to it.
func TestTamperedCertificates(t *testing.T) {
	h, cert := certified(t, generate.Options{Ops: 200, Clients: 4, Keys: 3, Unknown: 0.1, Leases: 2, Mix: generate.Everything(), Watches: true})
	tamper := func(name, want string, change func(c *certificate.Certificate)) {
		c := *cert
		c.Steps = append([]certificate.Step(nil), cert.Steps...)
		c.Foreign = append([]certificate.Foreign(nil), cert.Foreign...)
		change(&c)
		err := certificate.Verify(h, rules(h), &c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	last := len(cert.Steps) - 1
	tamper("twice", "stands twice", func(c *certificate.Certificate) { c.Steps[last] = c.Steps[last-1] })
	tamper("missing", "has no place", func(c *certificate.Certificate) { c.Steps = c.Steps[:last] })
	tamper("early", "had returned when it was called", func(c *certificate.Certificate) {
		c.Steps[0], c.Steps[last] = c.Steps[last], c.Steps[0]
	})
	tamper("a revision left out", "revision", func(c *certificate.Certificate) {
		for i := range c.Steps {
			c.Steps[i].Revision++
		}
	})
	tamper("nobody's", "is nobody's", func(c *certificate.Certificate) {
		c.Foreign[0].Changes = append(c.Foreign[0].Changes, c.Foreign[0].Changes[0])
		c.Foreign[0].Changes[0].Deleted = false
	})
}

// Every answer is looked at: to change any, whatever it says, is noticed.
func TestEveryAnswerIsChecked(t *testing.T) {
	h, cert := certified(t, generate.Options{Ops: 200, Clients: 4, Keys: 3, Mix: generate.Everything(), Past: 0.5})
	checked := 0
	for i := range h.Ops {
		op := &h.Ops[i]
		if len(op.Result.KVs) == 0 || op.Request.KeysOnly {
			continue
		}
		was := op.Result.KVs
		op.Result.KVs = append([]history.KV(nil), was...)
		op.Result.KVs[len(was)-1].Value = "another"
		if certificate.Verify(h, rules(h), cert) == nil {
			t.Errorf("%v: not noticed", op)
		}
		op.Result.KVs = was
		checked++
	}
	if checked < 20 {
		t.Errorf("%d answers", checked)
	}
}
