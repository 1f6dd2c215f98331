package checker

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// compactedWord is the error table's word for a revision that is refused because it was compacted.
const compactedWord = "compacted"

// compacting judges what compaction refuses. A revision is refused as compacted only if somebody had asked for a
// compaction beyond it; and once a compaction was answered, a read of a revision below it is refused by every member:
// etcd brings a member up to the commit index before it answers a read that is not serializable, whatever revision it
// asks for, and the compaction is before that index. A serializable read may be answered by a member that has not come
// so far.
//
// It sees the operations in the order of their calls or of their returns.
type compacting struct {
	asked             []*history.Op // compactions that may have happened
	ended             []ended       // that were answered, by return
	suspect           []*history.Op // refused, and by none of those seen so far
	members           int64         // the furthest compaction that a member's files tell of
	refused, answered int
	found             []Counterexample
}

// ended is a moment by which a compaction had been answered that reached further than all before.
type ended struct {
	at time.Duration
	by *history.Op
}

// see takes the next operation.
func (c *compacting) see(op *history.Op) {
	switch {
	case op.Request.Kind == history.Compact && op.Result.Outcome != history.Fail:
		kept := *op
		c.asked = append(c.asked, &kept)
		if op.Result.Outcome == history.OK {
			c.reached(&kept)
		}
	case op.Result.Outcome == history.Fail && op.Result.Error == compactedWord:
		c.refused++
		if kept := *op; c.early(&kept) != "" {
			c.suspect = append(c.suspect, &kept)
		}
	case op.Result.Outcome == history.OK:
		if oldest := oldestRead(&op.Request, &op.Result); oldest > 0 {
			c.answered++
			c.late(op, oldest)
		}
	}
}

// reached files an answered compaction, if it went further than those that were answered before.
func (c *compacting) reached(op *history.Op) {
	at := sort.Search(len(c.ended), func(i int) bool { return c.ended[i].at > op.Return })
	if at > 0 && c.ended[at-1].by.Request.Revision >= op.Request.Revision {
		return
	}
	c.ended = slices.Insert(c.ended, at, ended{op.Return, op})
	c.ended = slices.DeleteFunc(c.ended, func(e ended) bool { return e.at > op.Return && e.by.Request.Revision <= op.Request.Revision })
}

// furthest is the highest revision of the compactions that were called by some moment.
func (c *compacting) furthest(by time.Duration) (rev int64) {
	for _, op := range c.asked {
		if op.Call <= by {
			rev = max(rev, op.Request.Revision)
		}
	}
	return rev
}

// early says what is wrong with a refusal if nobody had asked for a compaction so far; "" = somebody had.
func (c *compacting) early(op *history.Op) string {
	need, what := oldestAsked(&op.Request)+1, ""
	switch {
	case op.Request.Kind == history.Compact:
		need = op.Request.Revision
		what = fmt.Sprintf("compacts up to revision %d, was refused as compacted already", need)
	case need == 1:
		return "" // it asked for no past revision
	default:
		what = fmt.Sprintf("reads revision %d, was refused as compacted", need-1)
	}
	reached := c.furthest(op.Return)
	why := "and nobody had asked for a compaction"
	switch {
	case reached >= need:
		return ""
	case reached > 0:
		why = fmt.Sprintf("and nobody had asked for a compaction beyond revision %d", reached)
	}
	return fmt.Sprintf("op %d (%s of p%d at %s), which %s, %s", op.ID, op.Request.Kind, op.Process, op.Node, what, why)
}

// late: a compaction beyond the revision had been answered before the read was called.
func (c *compacting) late(op *history.Op, oldest int64) {
	at := sort.Search(len(c.ended), func(i int) bool { return c.ended[i].at >= op.Call })
	if at == 0 || c.ended[at-1].by.Request.Revision <= oldest {
		return
	}
	by := c.ended[at-1].by
	c.find(fmt.Sprintf("op %d (%s of p%d at %s) was answered from revision %d, but op %d (compact of p%d at %s) had compacted up to revision %d, %s before it was called",
		op.ID, op.Request.Kind, op.Process, op.Node, oldest, by.ID, by.Process, by.Node, by.Request.Revision, certificate.Ago(op.Call-by.Return)), by, op)
}

func (c *compacting) find(why string, ops ...*history.Op) {
	found := Counterexample{Name: compactionName, Why: why}
	for _, op := range ops {
		found.Ops = append(found.Ops, *op)
	}
	c.found = append(c.found, found)
}

// compactionName names the folder of such a counterexample.
const compactionName = "compaction"

// end concludes, when all operations have been seen: h tells what else may have compacted, and how it is judged.
func (c *compacting) end(h *history.History, ops int) []Counterexample {
	if h.Meta.Judge == "serializable" {
		c.found = nil
	}
	others := c.members > c.furthest(forever) // somebody else compacted, as far as it liked
	for i := range h.Faults {
		others = others || strings.Contains(h.Faults[i].Name, "compact")
	}
	for _, op := range c.suspect {
		if why := c.early(op); why != "" && !others {
			c.find(why, op)
		}
	}
	for i := range c.found {
		c.found[i].Of, c.found[i].Context = ops, around(h, c.found[i].Ops)
	}
	return c.found
}

// member takes a member's files.
func (c *compacting) member(e *history.Evidence) {
	if e.Hash != nil {
		c.members = max(c.members, e.Hash.Compact)
	}
}

// note says how much was judged; "" if nothing was refused.
func (c *compacting) note() string {
	if c.refused == 0 || len(c.found) > 0 {
		return ""
	}
	return fmt.Sprintf("%s refused as compacted, and %s of the past answered, each as the compactions allow", count(c.refused, "request"), count(c.answered, "read"))
}

// compactions judges what compaction refused in a whole history.
func (l *linear) compactions() {
	var c compacting
	for i := range l.h.Ops {
		c.see(&l.h.Ops[i])
	}
	for i := range l.h.Evidence {
		c.member(&l.h.Evidence[i])
	}
	l.refuted = append(l.refuted, c.end(l.h, len(l.h.Ops))...)
	if note := c.note(); note != "" {
		l.notes = append(l.notes, note)
	}
}

// oldestAsked is the lowest past revision that a request may read; 0 if none.
func oldestAsked(req *history.Request) (rev int64) {
	lower := func(r int64) {
		if r > 0 && (rev == 0 || r < rev) {
			rev = r
		}
	}
	if req.Kind == history.Get || req.Kind == history.Range {
		lower(req.Revision)
	}
	for _, side := range [][]history.Request{req.Then, req.Else} {
		for i := range side {
			lower(oldestAsked(&side[i]))
		}
	}
	return rev
}

// oldestRead is the lowest past revision that an answered request has read, and not serializably; 0 if none.
func oldestRead(req *history.Request, res *history.Result) (rev int64) {
	switch {
	case req.Serializable:
		return 0
	case req.Kind == history.Get || req.Kind == history.Range:
		return req.Revision
	case req.Kind != history.Txn:
		return 0
	}
	for i, sub := range model.Side(req, res.Succeeded) {
		if i >= len(res.Responses) {
			break
		}
		if sub.Serializable {
			return 0
		}
		if r := oldestRead(&sub, &res.Responses[i]); r > 0 && (rev == 0 || r < rev) {
			rev = r
		}
	}
	return rev
}
