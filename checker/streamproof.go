package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

// refuted makes the results of a stream that found something. What values show is a violation of linearizability, with a
// counterexample; everything is one of the store's numbering.
func refuted(ctx context.Context, source Source, first *pass, report certificate.StreamReport, result Result, lim Limits) ([]Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lim.Timeout, fmt.Errorf("the limit of %v was reached", lim.Timeout))
	defer cancel()
	proofs, second, err := collect(ctx, source, report)
	if err != nil {
		return nil, err
	}
	first.kept.Statuses = second.kept.Statuses
	revisions := Result{Checker: "revisions", Verdict: Fail, Ops: report.Ops, Why: firstOf(report.First[0].String(), report.Findings)}
	for _, f := range report.First[1:] {
		revisions.Details = append(revisions.Details, f.String())
	}
	explained := map[string]bool{}
	for _, p := range proofs {
		if err := p.recheck(); err != nil {
			revisions.Verdict, revisions.Bug = Unknown, "a finding does not hold: "+err.Error()
		}
		revisions.Counterexample = append(revisions.Counterexample, p.bare())
		if c := p.byValues(ctx, first.kept, report.Ops); c != nil && !explained[c.Name] && len(result.Counterexample) < examples {
			explained[c.Name] = true
			result.Counterexample = append(result.Counterexample, *c)
		}
	}
	revisions.Counterexample = revisions.Counterexample[:min(len(revisions.Counterexample), examples)]
	result.Why = fmt.Sprintf("undecided: %s not as the revisions say, and values do not show it", count(report.Findings, "answer"))
	if why := stopped(ctx); why != "" {
		result.Why = "undecided: " + why
	}
	if len(result.Counterexample) > 0 {
		result.Verdict, result.Why = Fail, firstOf(result.Counterexample[0].Why, report.Findings)
	}
	return []Result{result, revisions}, nil
}

// placed is told of a revision that an operation made.
type placed = func(rev int64, op *history.Op, changes []model.Change)

// proof is a finding with the operations that show it.
type proof struct {
	certificate.StreamFinding
	until int64 // the revision that the store had certainly reached
	keys  map[string]*touched
	maker *history.Op // of the finding's own revision, if that is another operation
}

// touched is who wrote a key as the subject of a finding saw it, and who wrote it last before it answered.
type touched struct{ seen, newest step }

type step struct {
	op  *history.Op
	rev int64
}

// keyLimit is how many keys of one finding are looked at.
const keyLimit = 16

// errCollected ends a pass that has all that it was to collect.
var errCollected = errors.New("collected")

// collect reads the history once more, to where the findings are proved, and keeps the operations that show them.
func collect(ctx context.Context, source Source, report certificate.StreamReport) ([]*proof, *pass, error) {
	var proofs []*proof
	last := int64(0)
	for _, f := range report.First {
		p := &proof{StreamFinding: f, until: f.Rev, keys: map[string]*touched{}}
		if f.With != nil {
			p.until = max(f.Rev, f.With.Result.Header.Revision)
		}
		for _, key := range append(slices.Clone(f.Keys), namedKeys(f.Op)...) {
			if len(p.keys) < keyLimit {
				p.keys[key] = &touched{}
			}
		}
		last = max(last, p.until)
		proofs = append(proofs, p)
	}
	near := func(at time.Duration) bool {
		return slices.ContainsFunc(proofs, func(p *proof) bool {
			return p.Op != nil && at > p.Op.Call-5*time.Second && at < p.Op.Return+time.Second
		})
	}
	again := &pass{ctx: ctx, kept: &history.History{}, around: near}
	done := false
	again.placed = func(rev int64, op *history.Op, changes []model.Change) {
		done = rev > last
		for _, p := range proofs {
			p.see(rev, op, changes)
		}
	}
	_, err := source(func(r history.Record) error {
		if done {
			return errCollected
		}
		return again.add(r)
	})
	if errors.Is(err, errCollected) || ctx.Err() != nil {
		err = nil
	} else if err == nil && again.feed != nil {
		again.feed.Finish()
	}
	return proofs, again, err
}

// namedKeys are the single keys that an operation asked for, or was shown.
func namedKeys(op *history.Op) (keys []string) {
	if op == nil {
		return nil
	}
	add := func(req *history.Request) {
		if req.End == "" && req.Kind != history.Txn {
			keys = append(keys, req.Key)
		}
	}
	add(&op.Request)
	for _, side := range [][]history.Request{op.Request.Then, op.Request.Else} {
		for i := range side {
			add(&side[i])
		}
	}
	eachRead(&op.Result, func(kv *history.KV) { keys = append(keys, kv.Key) })
	return keys
}

// see takes a revision's changes, in the order of revisions.
func (p *proof) see(rev int64, op *history.Op, changes []model.Change) {
	if rev > p.until || p.Op == nil || op.ID == p.Op.ID {
		return
	}
	if rev == p.Rev {
		p.maker = op
	}
	for i := range changes {
		ch := &changes[i]
		t := p.keys[ch.KV.Key]
		if t == nil {
			continue
		}
		t.newest = step{op, rev}
		shown, any := false, false
		eachRead(&p.Op.Result, func(kv *history.KV) {
			if kv.Key == ch.KV.Key {
				any, shown = true, shown || !ch.Deleted && kv.Value == ch.KV.Value
			}
		})
		if shown || !any && ch.Deleted {
			t.seen = t.newest
		}
	}
}

// history is a history of the operations that show what is wrong at a key, in the order of calls, with its steps.
func (p *proof) history(t *touched, kept *history.History) (h *history.History, steps []certificate.Step) {
	h = &history.History{Meta: kept.Meta, Faults: kept.Faults, Statuses: kept.Statuses}
	writes := []step{t.seen, t.newest}
	for _, op := range []*history.Op{t.seen.op, t.newest.op, p.With, p.Op} {
		if op != nil && !slices.ContainsFunc(h.Ops, func(o history.Op) bool { return o.ID == op.ID }) {
			h.Ops = append(h.Ops, *op)
		}
	}
	inOrder(h.Ops)
	for i, w := range writes {
		if w.op != nil && (i == 0 || w != writes[0]) {
			at := slices.IndexFunc(h.Ops, func(o history.Op) bool { return o.ID == w.op.ID })
			steps = append(steps, certificate.Step{Op: int32(at), Revision: w.rev})
		}
	}
	return h, steps
}

// byValues makes a counterexample of what values show, which two searches have confirmed; nil if they show nothing.
func (p *proof) byValues(ctx context.Context, kept *history.History, of int) *Counterexample {
	if p.Op == nil || p.Kind != certificate.Answer && p.Kind != certificate.Early || ctx.Err() != nil {
		return nil
	}
	for _, key := range append(slices.Clone(p.Keys), namedKeys(p.Op)...) {
		t := p.keys[key]
		if t == nil || t.newest.op == nil {
			continue
		}
		h, steps := p.history(t, kept)
		l := &linear{h: h, reader: register.NewReader(h), ops: of}
		l.rules = Limits{}.rules(l.reader)
		l.whole.Steps = steps
		at := func(op *history.Op) int32 {
			return int32(slices.IndexFunc(h.Ops, func(o history.Op) bool { return o.ID == op.ID }))
		}
		f := &certificate.Finding{Kind: p.Kind, Why: p.Why, Op: at(p.Op), Rev: p.Rev, Keys: p.Keys}
		if p.With != nil { // whom the sentence names behind it
			f.With, f.Why = []int32{at(p.With)}, fmt.Sprintf("was answered at revision %d, but the store had reached revision %d, %s before it was called",
				p.Rev, p.until, certificate.Ago(p.Op.Call-p.With.Return))
		}
		if c := l.byRevisions(ctx, f, key); c != nil {
			return c
		}
	}
	return nil
}

// bare is the finding with its operations, as they are.
func (p *proof) bare() Counterexample {
	c := Counterexample{Name: "store", Why: p.String()}
	if len(p.Keys) > 0 {
		c.Name = p.Keys[0]
	}
	var all []*history.Op
	if p.Kind == certificate.Reused {
		all = append(all, p.maker)
	}
	all = append(all, p.With, p.Op)
	for _, key := range p.Keys {
		if t := p.keys[key]; t != nil {
			all = append(all, t.newest.op)
		}
	}
	for _, op := range all {
		if op != nil && !slices.ContainsFunc(c.Ops, func(o history.Op) bool { return o.ID == op.ID }) {
			c.Ops = append(c.Ops, *op)
		}
	}
	inOrder(c.Ops)
	c.Of = len(c.Ops)
	return c
}

// recheck looks at the finding's operations alone, without the stream that found them. What an answer should have been
// is the replay's word.
func (p *proof) recheck() error {
	switch p.Kind {
	case certificate.Early:
		rev, write := p.Rev, p.Op.Result.Outcome == history.Unknown || certificate.Wrote(&p.Op.Request, &p.Op.Result)
		reached := p.With.Result.Header.Revision
		if p.With.Return < p.Op.Call && p.With.Result.Outcome == history.OK && (reached > rev || write && reached == rev) {
			return nil
		}
	case certificate.Reused:
		// Without a maker the revision was seen, and is nobody's whose answer could be looked at.
		if p.maker == nil || p.maker.Result.Outcome == history.Unknown || p.maker.Result.Header.Revision == p.Op.Result.Header.Revision {
			return nil
		}
	default:
		return nil
	}
	return fmt.Errorf("op %d: %s", p.Op.ID, p.Why)
}
