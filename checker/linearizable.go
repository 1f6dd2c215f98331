package checker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/history"
)

// checkLinearizable judges the store as one object, and its keys one by one.
//
// The store's revisions give an order without a search; one that explains every answer is a certificate, which is
// checked again by code that shares nothing with its maker. Every key is judged by its values alone as well, whatever
// the revisions say. A search is left for what neither decides. A violation is shrunk to a few operations, and stands
// only if two searches confirm it; evidence that does not hold when it is checked again is a bug of ours, not a verdict.
func checkLinearizable(ctx context.Context, h *history.History, lim Limits) Result {
	l := &linear{h: h, reader: lim.reader(h)}
	keys, left := register.Split(h, l.reader)
	l.left = left
	l.rules = lim.rules(l.reader)
	l.count()
	if l.ops == 0 {
		return Result{Verdict: Skipped, Why: "no operation read or wrote a key"}
	}
	l.contradictions()
	l.certify(ctx, lim)
	l.judgeKeys(ctx, keys)
	l.judgeWhole(ctx)
	if len(l.refuted) > 0 {
		if c := takeCensus(h, keys); c.stale > 0 {
			l.notes = append(l.notes, fmt.Sprintf("%s, op %d", c.String(), h.Ops[c.worstOp].ID))
		}
	}
	l.searchChunks(ctx)
	return l.result(ctx)
}

// linear is one judgement under way.
type linear struct {
	h      *history.History
	reader *register.Reader
	rules  certificate.Rules
	whole  certificate.Outcome
	ops    int // that are judged
	wide   int // of them, on several keys
	keys   []keyVerdict
	left   []string // keys that are not judged by values alone
	bugs   []string
	notes  []string
	// refuted are the violations that are certain, in the order in which they were found.
	refuted []Counterexample
}

// count counts the operations that are judged.
func (l *linear) count() {
	for i := range l.h.Ops {
		op := &l.h.Ops[i]
		if !l.rules.Judged(op) {
			continue
		}
		l.ops++
		// At the end nobody writes any more: a range then is as good as reads of its keys, which are judged one by one.
		if wide(&op.Request) && op.Stage != history.Final {
			l.wide++
		}
	}
}

// wide reports whether a request is about more than the present value of one key.
func wide(r *history.Request) bool {
	return r.Kind == history.Range || r.Kind == history.Txn || r.Revision != 0 || r.End != ""
}

// result gathers the keys' verdicts: any Fail; else any Unknown; else Pass.
func (l *linear) result(ctx context.Context) Result {
	res := Result{Verdict: Pass, Ops: l.ops, Keys: len(l.keys)}
	engines := map[string]int{}
	var unknown []*keyVerdict
	for i := range l.keys {
		switch v := &l.keys[i]; v.verdict {
		case Pass:
			engines[v.by]++
		case Unknown:
			unknown = append(unknown, v)
			res.Details = append(res.Details, fmt.Sprintf("key %s: undecided: %s", v.key.Name, v.why))
		}
	}
	res.Counterexample = l.refuted[:min(len(l.refuted), examples)]
	for _, c := range l.refuted[len(res.Counterexample):] {
		res.Details = append(res.Details, c.Why)
	}
	res.Details = append(res.Details, l.notes...)
	for _, by := range slices.Sorted(maps.Keys(engines)) {
		res.Details = append(res.Details, fmt.Sprintf("%s decided by %s", count(engines[by], "key"), by))
	}
	switch {
	case len(l.bugs) > 0:
		res.Verdict, res.Bug, res.Why = Unknown, l.bugs[0], "evidence did not hold when it was checked again"
	case len(l.refuted) > 0:
		res.Verdict, res.Why = Fail, l.refuted[0].Why
		if n := len(l.refuted) - 1; n > 0 {
			res.Why += fmt.Sprintf(" (and %d more)", n)
		}
	case l.certified():
		res.Why = fmt.Sprintf("%s on %s are in one order, which the revisions give and which was checked again", count(l.ops, "operation"), count(len(l.keys)+len(l.left), "key"))
	case len(unknown) > 0:
		res.Verdict, res.Why = Unknown, fmt.Sprintf("%d of %s undecided; %s: %s", len(unknown), count(len(l.keys), "key"), unknown[0].key.Name, unknown[0].why)
	case l.wide > 0 || len(l.left) > 0:
		res.Verdict, res.Why = Unknown, fmt.Sprintf("the store as a whole is undecided: %s; each of %s is in order by itself", l.undecided(), count(len(l.keys), "key"))
	default:
		res.Why = fmt.Sprintf("%s on %s are in order, key by key", count(l.ops, "operation"), count(len(l.keys), "key"))
	}
	return res
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// undecided is why there is no certificate.
func (l *linear) undecided() string {
	if n := l.whole.Total; n > 0 {
		return count(n, "answer") + " not as the revisions say"
	}
	return l.whole.Undecided
}
