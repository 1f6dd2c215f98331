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
	l.judgeParts(ctx)
	l.compactions()
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
	keys   []keyVerdict
	left   []string      // keys that are not judged by values alone
	parts  []partVerdict // of keys that requests join, without a certificate
	bugs   []string
	notes  []string
	// refuted are the violations that are certain, in the order in which they were found.
	refuted []Counterexample
	more    int // keys that are violated as their engine says, and that were not shrunk any more
}

// count counts the operations that are judged.
func (l *linear) count() {
	for i := range l.h.Ops {
		op := &l.h.Ops[i]
		if !l.rules.Judged(op) {
			continue
		}
		l.ops++
	}
}

// wide reports whether a request is about more than the present value of one key.
func wide(r *history.Request) bool {
	return r.Kind == history.Range || r.Kind == history.Txn || r.Revision != 0 || r.End != ""
}

// result gathers the verdicts of keys, alone and together: any Fail; else any Unknown; else Pass.
func (l *linear) result(ctx context.Context) Result {
	res := Result{Verdict: Pass, Ops: l.ops, Keys: len(l.keys)}
	undecided := l.decisions(&res)
	res.Counterexample = l.refuted[:min(len(l.refuted), examples)]
	switch {
	case len(l.bugs) > 0:
		res.Verdict, res.Bug, res.Why = Unknown, l.bugs[0], "evidence did not hold when it was checked again"
	case len(l.refuted) > 0:
		res.Verdict, res.Why = Fail, firstOf(l.refuted[0].Why, len(l.refuted))
		if l.more > 0 {
			res.Why += fmt.Sprintf(" (and %s, not shrunk)", count(l.more, "key"))
		}
	case l.certified():
		res.Why = fmt.Sprintf("%s on %s are in one order, which the revisions give and which was checked again", count(l.ops, "operation"), count(len(l.keys)+len(l.left), "key"))
	case undecided != "":
		res.Verdict, res.Why = Unknown, undecided
	case len(l.parts) > 0:
		res.Why = fmt.Sprintf("%s on %s are in order, those that requests join together", count(l.ops, "operation"), count(len(l.keys)+len(l.left), "key"))
	default:
		res.Why = fmt.Sprintf("%s on %s are in order, key by key", count(l.ops, "operation"), count(len(l.keys), "key"))
	}
	return res
}

// decisions adds to the details who decided what, and returns what leaves the whole undecided; "" = nothing does.
func (l *linear) decisions(res *Result) (undecided string) {
	together := map[string]bool{}
	engines, groups := map[string]int{}, map[string]int{} // how many keys, and components, each decided
	for i := range l.parts {
		v := &l.parts[i]
		for _, key := range v.part.Keys {
			together[key] = v.verdict == Pass
		}
		if v.verdict == Unknown {
			res.Details = append(res.Details, fmt.Sprintf("%s: undecided together: %s", keysWord(v.part.Keys), v.why))
			undecided = fmt.Sprintf("the store as a whole is undecided: %s; %s: %s", l.undecided(), keysWord(v.part.Keys), v.why)
		} else if v.verdict == Pass {
			groups[v.by]++
		}
	}
	unknown := 0
	var first *keyVerdict
	for i := range l.keys {
		v := &l.keys[i]
		switch {
		case v.verdict == Pass:
			engines[v.by]++
		case v.verdict == Unknown && !together[v.key.Name]:
			res.Details = append(res.Details, fmt.Sprintf("key %s: undecided: %s", v.key.Name, v.why))
			if unknown++; first == nil {
				first = v
			}
		}
	}
	for _, key := range l.left {
		if !together[key] && undecided == "" {
			undecided = fmt.Sprintf("the store as a whole is undecided: %s; key %s may be deleted unseen", l.undecided(), key)
		}
	}
	if first != nil {
		undecided = fmt.Sprintf("%d of %s undecided; %s: %s", unknown, count(len(l.keys), "key"), first.key.Name, first.why)
	}
	for i := min(len(l.refuted), examples); i < len(l.refuted); i++ {
		res.Details = append(res.Details, l.refuted[i].Why)
	}
	res.Details = append(res.Details, l.notes...)
	for _, by := range slices.Sorted(maps.Keys(groups)) {
		res.Details = append(res.Details, fmt.Sprintf("%s of keys that requests join decided by %s", count(groups[by], "group"), by))
	}
	for _, by := range slices.Sorted(maps.Keys(engines)) {
		res.Details = append(res.Details, fmt.Sprintf("%s decided by %s", count(engines[by], "key"), by))
	}
	return undecided
}

// firstOf is the sentence of the first of so many.
func firstOf(why string, all int) string {
	if all > 1 {
		why += fmt.Sprintf(" (and %d more)", all-1)
	}
	return why
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
