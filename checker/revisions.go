package checker

import (
	"context"
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// checkRevisions judges the store's own numbering, whatever the values say: revisions are a total order of the writes
// that agrees with real time.
func checkRevisions(ctx context.Context, h *history.History, lim Limits) Result {
	f := &revisions{findings: newFindings(h), writer: map[int64]int{}}
	for i := range h.Ops {
		f.operation(i)
	}
	if why := stopped(ctx); why != "" {
		return Result{Why: why}
	}
	f.realTime()
	f.keyOrder()
	f.sameRevision(lim)
	if f.failures == 0 {
		f.replay(ctx, lim)
	}
	return f.done(f.judged, fmt.Sprintf("%d answers carry revisions that agree with each other and with real time", f.judged),
		"no answer carries a revision")
}

type revisions struct {
	*findings
	judged int
	writer map[int64]int // by revision: the acknowledged operation that wrote it
}

// operation judges an answer by itself, and files the revision that it wrote.
func (f *revisions) operation(i int) {
	op := &f.h.Ops[i]
	rev := op.Result.Header.Revision
	if op.Result.Outcome != history.OK || rev == 0 {
		return
	}
	f.judged++
	eachRead(&op.Result, func(kv *history.KV) {
		switch {
		case kv.Mod > rev && exactRevision(&op.Request):
			f.fail("from the future", fmt.Sprintf("op %d was answered at revision %d and saw %s changed at revision %d", op.ID, rev, kv.Key, kv.Mod),
				[]history.Op{*op})
		case kv.Create > kv.Mod && kv.Mod > 0:
			f.fail("created late", fmt.Sprintf("op %d saw %s created at revision %d and last changed at revision %d", op.ID, kv.Key, kv.Create, kv.Mod),
				[]history.Op{*op})
		}
	})
	if !certificate.Wrote(&op.Request, &op.Result) {
		return
	}
	if other, taken := f.writer[rev]; taken {
		f.fail("used twice", fmt.Sprintf("op %d and op %d were both acknowledged as revision %d", f.h.Ops[other].ID, op.ID, rev),
			[]history.Op{f.h.Ops[other], *op})
		return
	}
	f.writer[rev] = i
}

// exactRevision reports whether a request's answer carries the revision at which it happened. Other answers carry
// whatever the member had reached when it wrote them.
func exactRevision(r *history.Request) bool {
	switch r.Kind {
	case history.Get, history.Put, history.Append, history.Delete, history.CAS, history.Range, history.Txn:
		return true
	}
	return false
}

// realTime: whatever is asked after an answer was there is answered at its revision or later; a write, later.
func (f *revisions) realTime() {
	n := len(f.h.Ops)
	for i := range f.h.Watches {
		n += len(f.h.Watches[i].Responses)
	}
	moments := make([]certificate.Moment, 0, n)
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		rev := op.Result.Header.Revision
		if op.Result.Outcome != history.OK || rev == 0 {
			continue
		}
		stale := op.Request.Serializable && f.h.Meta.Judge != "linearizable"
		moments = append(moments, certificate.Moment{Call: op.Call, Ret: op.Return, Height: rev, ID: int32(i), Proves: true,
			Bound: exactRevision(&op.Request) && !stale, Strict: certificate.Wrote(&op.Request, &op.Result)})
	}
	for i := range f.h.Watches {
		for _, r := range f.h.Watches[i].Responses {
			if n := len(r.Events); n > 0 {
				moments = append(moments, certificate.Moment{Ret: r.At, Height: r.Events[n-1].KV.Mod, ID: int32(-1 - i), Proves: true})
			}
		}
	}
	for _, v := range certificate.Inversions(moments) {
		f.inversion(v)
	}
}

func (f *revisions) inversion(v certificate.Inversion) {
	op := f.h.Ops[v.After.ID]
	ops, by := []history.Op{op}, ""
	if v.Before.ID < 0 {
		by = fmt.Sprintf("%s had delivered revision %d", watchName(&f.h.Watches[-1-v.Before.ID]), v.Before.Height)
	} else {
		first := f.h.Ops[v.Before.ID]
		ops = append(ops, first)
		by = fmt.Sprintf("op %d (%s of p%d at %s) had returned at revision %d", first.ID, first.Request.Kind, first.Process, first.Node, v.Before.Height)
	}
	f.fail("went back", fmt.Sprintf("op %d (%s of p%d at %s) was answered at revision %d, but %s %s before it was called",
		op.ID, op.Request.Kind, op.Process, op.Node, v.After.Height, by, certificate.Ago(v.After.Call-v.Before.Ret)), ops)
}

// keyOrder: a key's last change, as read and as written, never goes back in real time either.
func (f *revisions) keyOrder() {
	byKey := map[string][]certificate.Moment{}
	var order []string
	for i := range f.h.Ops {
		op := &f.h.Ops[i]
		stale := op.Request.Serializable && f.h.Meta.Judge != "linearizable"
		if op.Result.Outcome != history.OK || stale {
			continue
		}
		add := func(key string, mod int64, strict bool) {
			if byKey[key] == nil {
				order = append(order, key)
			}
			byKey[key] = append(byKey[key], certificate.Moment{Call: op.Call, Ret: op.Return, Height: mod, ID: int32(i), Proves: true, Bound: true, Strict: strict})
		}
		switch rev := op.Result.Header.Revision; {
		case op.Request.Revision != 0:
		case op.Request.Kind == history.Put && rev > 0, op.Request.Kind == history.Append && rev > 0, op.Request.Kind == history.CAS && op.Result.Succeeded && rev > 0:
			add(op.Request.Key, rev, true)
		case op.Request.Kind == history.Get, op.Request.Kind == history.Range, op.Request.Kind == history.CAS:
			for _, kv := range op.Result.KVs {
				if kv.Mod > 0 {
					add(kv.Key, kv.Mod, false)
				}
			}
		}
	}
	for _, key := range order {
		for _, v := range certificate.Inversions(byKey[key]) {
			a, b := f.h.Ops[v.Before.ID], f.h.Ops[v.After.ID]
			f.fail("key went back", fmt.Sprintf("op %d (%s of p%d at %s) found %s as of revision %d, but op %d had found it as of revision %d %s before it was called",
				b.ID, b.Request.Kind, b.Process, b.Node, key, v.After.Height, a.ID, v.Before.Height, certificate.Ago(v.After.Call-v.Before.Ret)), []history.Op{a, b})
		}
	}
}

// sameRevision: whoever saw a key as of one revision saw the same there, and a revision that an acknowledged put has
// to itself changes no other key.
func (f *revisions) sameRevision(lim Limits) {
	c := lim.chronicle(f.h, nil)
	for _, x := range c.clashes {
		f.fail("two values", fmt.Sprintf("key %s: %s, but %s", x.key, c.saw(x.a), c.saw(x.b)), append(append([]history.Op(nil), c.op(x.a)...), c.op(x.b)...))
	}
	for _, key := range c.keys {
		for _, change := range c.changes[key] {
			i, ok := f.writer[change.rev]
			if !ok {
				continue
			}
			op := &f.h.Ops[i]
			if single := op.Request.Kind == history.Put || op.Request.Kind == history.Append || op.Request.Kind == history.CAS; single && op.Request.Key != key {
				f.fail("two keys", fmt.Sprintf("%s at key %s, but revision %d was op %d's, which wrote %s", c.saw(change), key, change.rev, op.ID, op.Request.Key),
					append([]history.Op{*op}, c.op(change)...))
			}
		}
	}
}

// replay carries the writes out in the order of their revisions: what was answered at a revision is what the store held
// then. It says what none of the simpler rules does.
func (f *revisions) replay(ctx context.Context, lim Limits) {
	out := lim.order(ctx, f.h)
	for i := range out.Findings {
		finding := &out.Findings[i]
		var ops []history.Op
		who := ""
		for _, id := range append([]int32{finding.Op}, finding.With...) {
			if id >= 0 {
				ops = append(ops, f.h.Ops[id])
			}
		}
		if finding.Op >= 0 {
			who = fmt.Sprintf("op %d (%s of p%d at %s) ", ops[0].ID, ops[0].Request.Kind, ops[0].Process, ops[0].Node)
		}
		if finding.Op < 0 && len(ops) == 0 && len(finding.Keys) > 0 {
			f.unasked(finding.Why, finding.Keys[0], finding.Rev)
			continue
		}
		f.fail("not as numbered", who+finding.Why, ops)
	}
	switch {
	case out.Certificate != nil:
		f.note("every answer is what the store held at its revision, from 1 to %d", out.Certificate.Revision)
	case out.Undecided != "" && f.judged > 0:
		f.note("answers were not compared with a replay: %s", out.Undecided)
	}
}
