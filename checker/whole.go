package checker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/chunks"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// certify orders the whole store by its revisions, and has the order checked by other code.
func (l *linear) certify(ctx context.Context, lim Limits) {
	l.whole = lim.order(ctx, l.h)
	cert := l.whole.Certificate
	if cert == nil {
		return
	}
	if err := certificate.Verify(l.h, l.rules, cert); err != nil {
		l.bugs = append(l.bugs, "the certificate does not hold: "+err.Error())
		l.whole.Certificate = nil
		return
	}
	note := fmt.Sprintf("certificate: revision 1 to %d", cert.Revision)
	if n := l.whole.Attributed + len(cert.Never); n > 0 {
		note += fmt.Sprintf("; of %s of unknown outcome, %d happened", count(n, "write"), l.whole.Attributed)
	}
	if len(cert.Foreign) > 0 {
		note += fmt.Sprintf("; %s of the store's own (ends of leases, lock keys) or of others", count(len(cert.Foreign), "revision"))
	}
	l.notes = append(l.notes, note)
}

func (l *linear) certified() bool { return l.whole.Certificate != nil }

// judgeWhole takes what the revisions show to be wrong. What it takes is a violation in values, or concerns an
// operation on several keys, whose answer is a claim about one state of the store, or a key that could not be decided by
// its values. Revisions that lie beside right values are a matter for the check of revisions.
func (l *linear) judgeWhole(ctx context.Context) {
	if l.certified() && len(l.refuted) > 0 {
		l.bugs = append(l.bugs, "the certificate holds, and yet: "+l.refuted[0].Why)
	}
	explained := map[string]bool{}
	for _, c := range l.refuted {
		explained[c.Name] = true
	}
	rest := 0
	for i := range l.whole.Findings {
		f := &l.whole.Findings[i]
		if len(l.refuted) >= examples || ctx.Err() != nil {
			rest++
			continue
		}
		if c := l.confirm(ctx, f, explained); c != nil {
			l.refuted = append(l.refuted, *c)
			explained[c.Name] = true
		}
	}
	if n := l.whole.Total; n > 0 {
		l.notes = append(l.notes, fmt.Sprintf("%s not as the revisions say, the first: %s", count(n, "answer"), l.sentence(&l.whole.Findings[0])))
	}
}

// confirm makes a counterexample of a finding, or nothing: if a key that it is about has one, or if it cannot be
// confirmed.
func (l *linear) confirm(ctx context.Context, f *certificate.Finding, explained map[string]bool) *Counterexample {
	keys := l.concerned(f)
	for _, key := range keys {
		if explained[key] {
			return nil
		}
	}
	for _, key := range keys[:min(len(keys), search.Keys)] {
		if c := l.byValues(ctx, key); c != nil {
			return c
		}
	}
	if f.Op < 0 || f.Kind != certificate.Answer && f.Kind != certificate.Early {
		return nil
	}
	for _, key := range keys {
		c := l.byRevisions(ctx, f, key)
		if c != nil && (!l.passed(key) || slices.ContainsFunc(c.Ops, func(op history.Op) bool { return wide(&op.Request) })) {
			return c
		}
	}
	if !wide(&l.h.Ops[f.Op].Request) {
		return nil
	}
	if err := certificate.Recheck(l.h, l.rules, &l.whole, f); err != nil {
		l.bugs = append(l.bugs, fmt.Sprintf("a finding does not hold: %s: %v", l.sentence(f), err))
		return nil
	}
	return l.bare(f, keys)
}

// searchChunks has Porcupine check the certified order as well, so that its verdict stands beside ours at any size.
func (l *linear) searchChunks(ctx context.Context) {
	if !l.certified() {
		return
	}
	budget := time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		budget = time.Until(deadline) / 3
	}
	report, err := chunks.Check(ctx, l.h, l.rules, l.whole.Certificate, budget)
	if err != nil {
		l.bugs = append(l.bugs, "the certificate does not hold: "+err.Error())
		return
	}
	l.notes = append(l.notes, fmt.Sprintf("Porcupine agrees on %d of %s along the certificate", report.Checked, count(report.Chunks, "chunk")))
}

// passed reports whether the key was found to be linearizable by its values.
func (l *linear) passed(key string) bool {
	return slices.ContainsFunc(l.keys, func(v keyVerdict) bool { return v.key.Name == key && v.verdict == Pass })
}

// concerned are the keys that a finding is about: those whose answer differs, or, of an operation that stands too
// early, those that it covers and that had been written since.
func (l *linear) concerned(f *certificate.Finding) []string {
	if f.Kind != certificate.Early {
		return f.Keys
	}
	var keys []string
	seen := map[string]bool{}
	req := &l.h.Ops[f.Op].Request
	for i := range l.h.Ops {
		op := &l.h.Ops[i]
		if rev := op.Result.Header.Revision; op.Result.Outcome != history.OK || rev <= f.Rev || rev > l.proved(f) || !certificate.Wrote(&op.Request, &op.Result) {
			continue
		}
		actions, _ := l.reader.Actions(op)
		for _, a := range actions {
			for _, t := range a.Touches {
				if t.Write.Known && !seen[t.Key] && asks(req, t.Key) {
					seen[t.Key] = true
					keys = append(keys, t.Key)
				}
			}
		}
	}
	return keys
}

// proved is the revision that the store had certainly reached before the finding's operation was called.
func (l *linear) proved(f *certificate.Finding) int64 {
	if len(f.With) == 0 {
		return f.Rev
	}
	return max(f.Rev, l.h.Ops[f.With[0]].Result.Header.Revision)
}

// asks reports whether a request is about the key.
func asks(req *history.Request, key string) bool {
	if req.Kind != history.Txn {
		return register.Within(key, req.Key, req.End)
	}
	for i := range req.If {
		if req.If[i].Key == key {
			return true
		}
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			if asks(&side[i], key) {
				return true
			}
		}
	}
	return false
}

// byValues judges one key with all that ranges and transactions say of it.
func (l *linear) byValues(ctx context.Context, key string) *Counterexample {
	if l.reader.Wild(key) || l.reader.Exempt(key) {
		return nil
	}
	k := register.One(l.h, l.reader, key)
	v, ok := l.byZones(ctx, k)
	if !ok {
		part, cancel := share(ctx, 4)
		v = l.bySearch(part, k)
		cancel()
	}
	if v.verdict != Fail {
		return nil
	}
	before := len(l.refuted)
	l.prove(ctx, &v)
	if len(l.refuted) == before {
		return nil
	}
	c := l.refuted[before]
	l.refuted = l.refuted[:before]
	return &c
}

// sentence is a finding in words.
func (l *linear) sentence(f *certificate.Finding) string {
	if f.Op < 0 {
		return f.Why
	}
	op := &l.h.Ops[f.Op]
	s := fmt.Sprintf("op %d (%s of p%d at %s) %s", op.ID, op.Request.Kind, op.Process, op.Node, f.Why)
	for _, i := range f.With {
		with := &l.h.Ops[i]
		s += fmt.Sprintf(" (op %d, %s of p%d at %s)", with.ID, with.Request.Kind, with.Process, with.Node)
	}
	return s
}

// bare is a counterexample that names the operations of a finding without a search: the answer alone is wrong.
func (l *linear) bare(f *certificate.Finding, keys []string) *Counterexample {
	name := "store"
	if len(keys) > 0 {
		name = keys[0]
	}
	c := &Counterexample{Name: name, Why: l.sentence(f), Of: l.ops, Notes: []string{"confirmed by carrying the order out again"}}
	for _, i := range append([]int32{f.Op}, f.With...) {
		c.Ops = append(c.Ops, l.h.Ops[i])
	}
	c.Ops = inOrder(c.Ops)
	c.Context = around(l.h, c.Ops)
	return c
}
