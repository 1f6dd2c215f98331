package checker

import (
	"context"
	"fmt"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// checkSerializable judges reads of a past state: serializable reads, which a member answers from what it has, and reads
// at a given revision. Each shows the store as it was at one revision, the answer's own or the one asked for; and for
// one client on one member that revision never goes back.
//
// Where serializable reads are judged as linearizable, a negative control, they are left to that checker. A key that was
// not shown is held against the store only if nobody can have deleted it unseen.
func checkSerializable(ctx context.Context, h *history.History, lim Limits) Result {
	f := newFindings(h)
	p := &pastReads{findings: f, lim: lim, last: map[seat]int{}, restarts: restarts(h)}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Result.Outcome != history.OK {
			continue
		}
		if p.past(&op.Request) {
			p.count++
			p.reads(i, &op.Request, &op.Result, op.Result.Header.Revision)
			p.neverBack(i)
		}
		if i%4096 == 0 && ctx.Err() != nil {
			f.doubt("%s", stopped(ctx))
			break
		}
	}
	return f.done(p.count, fmt.Sprintf("%d reads of a past state each show the store at one revision, and no client's goes back", p.count),
		"no serializable read and none at a past revision")
}

// seat is one client on one member.
type seat struct {
	process history.Process
	node    history.NodeID
}

type pastReads struct {
	*findings
	lim      Limits
	c        *chronicle // made when the first such read is met
	count    int
	last     map[seat]int
	restarts map[history.NodeID]bool
}

// past reports whether the request reads a past state and is ours to judge.
func (p *pastReads) past(r *history.Request) bool {
	switch r.Kind {
	case history.Get, history.Range:
		return r.Revision > 0 || r.Serializable && p.h.Meta.Judge != "linearizable"
	case history.Txn:
		if !r.ReadOnly() || !r.Serializable && !allSerializable(r) {
			return false
		}
		return p.h.Meta.Judge != "linearizable"
	}
	return false
}

func allSerializable(r *history.Request) bool {
	n := 0
	for _, side := range [][]history.Request{r.Then, r.Else} {
		for i := range side {
			if !side[i].Serializable {
				return false
			}
			n++
		}
	}
	return n > 0
}

func (p *pastReads) reads(i int, req *history.Request, res *history.Result, header int64) {
	if p.c == nil {
		p.c = p.lim.chronicle(p.h, nil)
	}
	switch req.Kind {
	case history.Get, history.Range:
		rev := header
		if req.Revision > 0 {
			rev = req.Revision
		}
		if rev > 0 {
			p.read(i, req, res, rev)
		}
	case history.Txn:
		side := model.Side(req, res.Succeeded)
		for j := range res.Responses {
			if j < len(side) {
				p.reads(i, &side[j], &res.Responses[j], header)
			}
		}
	}
}

// read judges one answer against what is known of the store at a revision.
func (p *pastReads) read(i int, req *history.Request, res *history.Result, rev int64) {
	shown := make(map[string]bool, len(res.KVs))
	for j := range res.KVs {
		kv := &res.KVs[j]
		shown[kv.Key] = true
		p.shown(i, kv, req.KeysOnly, rev)
	}
	if req.CountOnly {
		return
	}
	// Pairs come in the order of their keys: an answer that was cut off is complete up to its last one.
	last, cut := "", res.More || req.Limit > 0 && int64(len(res.KVs)) >= req.Limit
	if len(res.KVs) > 0 {
		last = res.KVs[len(res.KVs)-1].Key
	}
	for _, key := range p.c.within(req.Key, req.End) {
		if cut && key > last {
			break
		}
		if shown[key] {
			continue
		}
		n := p.c.upTo(key, rev)
		if n == 0 {
			continue
		}
		if was := p.c.changes[key][n-1]; was.kv != nil && p.c.nothingUnseen(key, was.rev, rev) {
			p.fail("missing-key", fmt.Sprintf("op %d read revision %d and was not shown %q, yet %s", p.h.Ops[i].ID, rev, key, p.c.saw(was)),
				append(p.c.op(was), p.h.Ops[i]))
		}
	}
}

func (p *pastReads) shown(i int, kv *history.KV, keysOnly bool, rev int64) {
	if kv.Mod == 0 {
		return
	}
	op := p.h.Ops[i]
	if kv.Mod > rev {
		p.fail("from-the-future", fmt.Sprintf("op %d read revision %d and was shown %q as changed at revision %d", op.ID, rev, kv.Key, kv.Mod), []history.Op{op})
		return
	}
	n := p.c.upTo(kv.Key, rev)
	was := p.c.changes[kv.Key][n-1] // there is one: the read itself saw it
	switch saw := (change{rev: kv.Mod, kv: kv, full: kv.Version > 0, hidden: keysOnly, by: source(i)}); {
	case was.rev > kv.Mod:
		p.fail("stale-for-its-revision", fmt.Sprintf("op %d read revision %d and was shown %q as of revision %d, yet %s", op.ID, rev, kv.Key, kv.Mod, p.c.saw(was)),
			append(p.c.op(was), op))
	case was.rev == kv.Mod && !was.agrees(saw):
		p.fail("wrong-value", fmt.Sprintf("op %d was shown %q as %s, yet %s", op.ID, kv.Key, saw, p.c.saw(was)), append(p.c.op(was), op))
	}
}

// neverBack compares the revision with that of the client's last such read on the member. A member that was restarted in
// between may have been behind, and the client may have reconnected unnoticed.
func (p *pastReads) neverBack(i int) {
	op := &p.h.Ops[i]
	at := seat{op.Process, op.Node}
	before, ok := p.last[at]
	p.last[at] = i
	if !ok || op.Result.Header.Revision == 0 || op.Result.Header.Revision >= p.h.Ops[before].Result.Header.Revision {
		return
	}
	last := &p.h.Ops[before]
	why := fmt.Sprintf("op %d (client %d at %s) read revision %d, and op %d, its last on that member, had read revision %d", op.ID, op.Process, op.Node,
		op.Result.Header.Revision, last.ID, last.Result.Header.Revision)
	if p.restarts[op.Node] && faultOn(p.h, op.Node, last.Call, op.Return) {
		p.note("went-back: %s, around a fault on the member", why)
		return
	}
	p.fail("went-back", why, []history.Op{*last, *op})
}

// restarts are the members that may have been restarted: all, unless their evidence says that they were not.
func restarts(h *history.History) map[history.NodeID]bool {
	may := map[history.NodeID]bool{}
	for i := range h.Ops {
		may[h.Ops[i].Node] = true
	}
	for _, e := range h.Evidence {
		may[e.Node] = e.Restarts > 0 || len(e.Exits) > 0
	}
	return may
}
