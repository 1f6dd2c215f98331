package checker

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/register"
	"github.com/whitewater-kv/whitewater/checker/search"
)

// keyVerdict is what was concluded of one key.
type keyVerdict struct {
	key     *register.Key
	verdict Verdict
	by      string        // the engine
	why     string        // of Unknown
	suspect [][]search.Op // each of them wrong by itself; the shortest proof is wanted
}

// judgeKeys decides every key, those that need no search first: then the time left is for the others, the smaller first.
func (l *linear) judgeKeys(ctx context.Context, keys []*register.Key) {
	var hard []*register.Key
	for _, k := range keys {
		if v, ok := l.byZones(ctx, k); ok {
			l.keys = append(l.keys, v)
		} else {
			hard = append(hard, k)
		}
	}
	sort.SliceStable(hard, func(i, j int) bool { return len(hard[i].Ops) < len(hard[j].Ops) })
	for i, k := range hard {
		if l.certified() {
			l.keys = append(l.keys, keyVerdict{key: k, verdict: Pass, by: "revisions"})
			continue
		}
		part, cancel := share(ctx, len(hard)-i+1) // some is left for what several keys say together
		l.keys = append(l.keys, l.bySearch(part, k))
		cancel()
	}
	l.proveKeys(ctx)
}

// provenKeys is how many violated keys are shrunk and confirmed: a store that is wrong everywhere is not more wrong for
// a thousand proofs. The others are counted.
const provenKeys = 20

// proveKeys proves the violated keys, those with the shortest suspects first, until there are enough of them or the time
// that is theirs is over.
func (l *linear) proveKeys(ctx context.Context) {
	ctx, cancel := share(ctx, 3)
	defer cancel()
	var wrong []*keyVerdict
	for i := range l.keys {
		if v := &l.keys[i]; v.verdict == Fail {
			wrong = append(wrong, v)
		}
	}
	sort.SliceStable(wrong, func(i, j int) bool { return shortest(wrong[i].suspect) < shortest(wrong[j].suspect) })
	for i, v := range wrong {
		switch {
		case len(l.refuted) >= provenKeys || len(l.refuted) > 0 && ctx.Err() != nil:
			l.more = len(wrong) - i
			return
		case ctx.Err() != nil:
			v.verdict, v.why = Unknown, "suspect, and not confirmed in time: "+stopped(ctx)
		default:
			l.prove(ctx, v)
		}
	}
}

func shortest(suspects [][]search.Op) int {
	n := len(suspects[0])
	for _, s := range suspects {
		n = min(n, len(s))
	}
	return n
}

// chainLimit is the longest conflict along a chain of writes that is shrunk where a conflict without chains is known.
const chainLimit = 64

// byZones decides a key of unique values, and checks the order that it finds again; or it finds a conflict in a key that
// it cannot decide.
func (l *linear) byZones(ctx context.Context, k *register.Key) (keyVerdict, bool) {
	if !k.Unique {
		return keyVerdict{}, false
	}
	v := keyVerdict{key: k, by: "zones"}
	order, conflict, err := k.Linearize(ctx)
	switch {
	case err != nil:
		v.why = stopped(ctx)
		return v, true
	case conflict != nil:
		v.verdict = Fail
		blind, err := k.Check(ctx, true)
		if err == nil && blind != nil {
			v.suspect = append(v.suspect, searchOps(k.Proof(blind)))
		}
		if len(v.suspect) == 0 || len(conflict.Ops) <= chainLimit {
			v.suspect = append(v.suspect, searchOps(k.Proof(conflict)))
		}
		return v, true
	case k.Vague > 0 || order == nil:
		return v, false
	}
	if err := k.Verify(order); err != nil {
		l.bugs = append(l.bugs, "an order does not hold: "+err.Error())
		return v, true
	}
	v.verdict = Pass
	return v, true
}

// searchLimit is the most operations on one key that are searched.
const searchLimit = 50_000

// bySearch decides a key by search: our own, and Porcupine where that was cut short.
func (l *linear) bySearch(ctx context.Context, k *register.Key) keyVerdict {
	v := keyVerdict{key: k, by: "search"}
	ops := search.Tighten(searchOps(k.Ops))
	if len(ops) > searchLimit {
		v.why = fmt.Sprintf("%d operations are more than the %d that are searched", len(ops), searchLimit)
		return v
	}
	own, cancel := share(ctx, 3)
	defer cancel()
	verdict, _ := search.Order(own, ops)
	if verdict == search.Unknown {
		v.by = "Porcupine"
		verdict = search.Porcupine(ctx, ops)
	}
	switch verdict {
	case search.Legal:
		v.verdict = Pass
	case search.Illegal:
		v.verdict, v.suspect = Fail, [][]search.Op{ops}
	default:
		v.why = "neither our search nor Porcupine had decided when " + stopped(ctx)
		if stopped(ctx) == "" {
			v.why = "neither our search nor Porcupine decides it within its memory"
		}
	}
	return v
}

// share is a context for one of n tasks that are left: it may take its part of the time twice.
func share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	part := 2 * time.Until(deadline) / time.Duration(n+1)
	return context.WithTimeoutCause(ctx, part, fmt.Errorf("its share of the time, %v, was over", part.Round(time.Millisecond)))
}

// searchOps are operations on a key as the search takes them.
func searchOps(ops []register.Op) []search.Op {
	out := make([]search.Op, len(ops))
	for i := range ops {
		o, s := &ops[i], &out[i]
		*s = search.Op{Call: o.Call, Return: o.Return, ID: int(o.ID), Read: search.Nothing, Write: search.Nothing, Maybe: o.Maybe}
		s.Read[0], s.Write[0], s.Not[0] = o.Read, o.Write, o.Not
	}
	return out
}
