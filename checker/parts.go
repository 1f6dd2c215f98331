package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/whitewater-kv/whitewater/checker/component"
	"github.com/whitewater-kv/whitewater/checker/search"
	"github.com/whitewater-kv/whitewater/history"
)

// partVerdict is what was concluded of keys that requests join.
type partVerdict struct {
	part    *component.Part
	verdict Verdict
	by, why string
}

// judgeParts decides, without a certificate, what ranges, transactions, range deletes and leases say of several keys at
// once: by search on the whole store's model, component by component, the smaller first.
func (l *linear) judgeParts(ctx context.Context) {
	if l.certified() {
		return
	}
	alone := map[string]bool{}
	for i := range l.keys {
		alone[l.keys[i].key.Name] = true
	}
	parts := component.Split(l.h, l.rules, func(key string) bool { return alone[key] })
	for i, p := range parts {
		part, cancel := share(ctx, len(parts)-i)
		l.parts = append(l.parts, l.judgePart(part, p))
		cancel()
	}
}

// judgePart decides one component. One of whose keys is violated by itself needs no second proof.
func (l *linear) judgePart(ctx context.Context, p *component.Part) partVerdict {
	v := partVerdict{part: p}
	if len(l.refuted) >= examples || slices.ContainsFunc(l.refuted, func(c Counterexample) bool { return slices.Contains(p.Keys, c.Name) }) {
		v.verdict = Skipped
		return v
	}
	got, err := component.Decide(ctx, p)
	v.by, v.why = got.By, got.Why
	switch {
	case err != nil:
		l.bugs = append(l.bugs, fmt.Sprintf("keys %s: %s", some(p.Keys), err))
	case got.Verdict == search.Illegal:
		v.verdict, v.why = l.provePart(ctx, p)
	case got.Verdict == search.Legal && p.Vague > 0:
		v.why = fmt.Sprintf("in order but for %s that no search without revisions can compare", count(p.Vague, "observation"))
	case got.Verdict == search.Legal:
		v.verdict = Pass
	case stopped(ctx) != "":
		v.why += ": " + stopped(ctx)
	}
	return v
}

// provePart makes a counterexample of a component that no order explains.
func (l *linear) provePart(ctx context.Context, p *component.Part) (Verdict, string) {
	few, err := component.Confirm(ctx, p)
	if err != nil {
		if !errors.Is(err, component.ErrUnconfirmed) {
			l.bugs = append(l.bugs, fmt.Sprintf("keys %s: %s", some(p.Keys), err))
		}
		return Unknown, err.Error()
	}
	l.refuted = append(l.refuted, *partExample(ctx, l.h, few, len(p.Ops)))
	return Fail, ""
}

// partExample makes a counterexample of a few operations on keys that requests join.
func partExample(ctx context.Context, h *history.History, p *component.Part, of int) *Counterexample {
	c := &Counterexample{Name: p.Keys[0], Of: of}
	unknown, leases := 0, 0
	for i := range p.Ops {
		o := &p.Ops[i]
		if o.ID == component.None {
			leases++
			continue
		}
		c.Ops = append(c.Ops, h.Ops[o.ID])
		if o.Maybe {
			unknown++
		}
	}
	c.Ops = inOrder(c.Ops)
	c.Why = fmt.Sprintf("%s: no order of these %s explains what they saw", keysWord(p.Keys), count(len(c.Ops), "operation"))
	if id, differs := p.Stuck(); id != component.None && differs != "" {
		op := &h.Ops[id]
		c.Why = fmt.Sprintf("%s: no order explains op %d (%s of p%d at %s): as far as one gets, %s", keysWord(p.Keys), op.ID, op.Request.Kind, op.Process, op.Node, differs)
	}
	c.Notes = []string{"confirmed by Porcupine"}
	if len(p.Ops) <= component.BruteLimit {
		c.Notes = []string{"confirmed by Porcupine and by trying every order"}
	}
	if unknown > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%d taken to be of unknown outcome: they may have taken effect at any time after their call, or never", unknown))
	}
	if leases > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%s may have run out at any time after the grant was called", count(leases, "lease")))
	}
	c.Context = around(h, c.Ops)
	ctx, cancel := context.WithTimeout(ctx, oracleTime)
	defer cancel()
	if page := component.Picture(ctx, p, func(id int) string { return h.Ops[id].String() }); page != nil {
		c.Files = map[string][]byte{"porcupine.html": page}
	}
	return c
}

func keysWord(keys []string) string {
	if len(keys) == 1 {
		return "key " + keys[0]
	}
	return "keys " + some(keys)
}

// some names the first of a list.
func some(keys []string) string {
	if len(keys) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:3], ", "), len(keys)-3)
	}
	return strings.Join(keys, ", ")
}
