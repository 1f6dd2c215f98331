package checker

import (
	"fmt"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// compactedWord is the error table's word for a revision that is refused because it was compacted.
const compactedWord = "compacted"

// compactions judges what compaction refuses. A revision is refused as compacted only if somebody had asked for a
// compaction beyond it; and once a compaction was answered, a read of a revision below it is refused by every member:
// etcd brings a member up to the commit index before it answers a read that is not serializable, whatever revision it
// asks for, and the compaction is before that index. A serializable read may be answered by a member that has not come
// so far.
func (l *linear) compactions() {
	var asked []*history.Op
	others := false // somebody else compacted, as far as it liked
	for i := range l.h.Ops {
		if op := &l.h.Ops[i]; op.Request.Kind == history.Compact && op.Result.Outcome != history.Fail {
			asked = append(asked, op)
		}
	}
	for i := range l.h.Faults {
		others = others || strings.Contains(l.h.Faults[i].Name, "compact")
	}
	for i := range l.h.Evidence {
		if h := l.h.Evidence[i].Hash; h != nil {
			others = others || h.Compact > furthest(asked, forever)
		}
	}
	refused, answered := 0, 0
	for i := range l.h.Ops {
		op := &l.h.Ops[i]
		switch {
		case op.Result.Outcome == history.Fail && op.Result.Error == compactedWord:
			refused++
			if !others {
				l.refusedEarly(op, asked)
			}
		case op.Result.Outcome == history.OK && l.h.Meta.Judge != "serializable":
			if oldest := oldestRead(&op.Request, &op.Result); oldest > 0 {
				answered++
				l.answeredLate(op, oldest, asked)
			}
		}
	}
	if refused > 0 && len(l.refuted) == 0 {
		l.notes = append(l.notes, fmt.Sprintf("%s refused as compacted, and %s of the past answered, each as the compactions allow", count(refused, "request"), count(answered, "read")))
	}
}

// furthest is the highest revision of the compactions that were called by some moment.
func furthest(asked []*history.Op, by time.Duration) (rev int64) {
	for _, op := range asked {
		if op.Call <= by {
			rev = max(rev, op.Request.Revision)
		}
	}
	return rev
}

// refusedEarly: nobody had asked for a compaction so far.
func (l *linear) refusedEarly(op *history.Op, asked []*history.Op) {
	need := oldestAsked(&op.Request) + 1
	if op.Request.Kind == history.Compact {
		need = op.Request.Revision
	} else if need == 1 {
		return // it asked for no past revision
	}
	reached := furthest(asked, op.Return)
	if reached >= need {
		return
	}
	why := "and nobody had asked for a compaction"
	if reached > 0 {
		why = fmt.Sprintf("and nobody had asked for a compaction beyond revision %d", reached)
	}
	what := fmt.Sprintf("reads revision %d, was refused as compacted", need-1)
	if op.Request.Kind == history.Compact {
		what = fmt.Sprintf("compacts up to revision %d, was refused as compacted already", need)
	}
	l.compaction(fmt.Sprintf("op %d (%s of p%d at %s), which %s, %s", op.ID, op.Request.Kind, op.Process, op.Node, what, why), op)
}

// answeredLate: a compaction beyond the revision had been answered before the read was called.
func (l *linear) answeredLate(op *history.Op, oldest int64, asked []*history.Op) {
	for _, by := range asked {
		if by.Result.Outcome == history.OK && by.Request.Revision > oldest && by.Return < op.Call {
			l.compaction(fmt.Sprintf("op %d (%s of p%d at %s) was answered from revision %d, but op %d (compact of p%d at %s) had compacted up to revision %d, %s before it was called",
				op.ID, op.Request.Kind, op.Process, op.Node, oldest, by.ID, by.Process, by.Node, by.Request.Revision, ago(op.Call-by.Return)), by, op)
			return
		}
	}
}

func (l *linear) compaction(why string, ops ...*history.Op) {
	c := Counterexample{Name: "compaction", Why: why, Of: len(l.h.Ops)}
	for _, op := range ops {
		c.Ops = append(c.Ops, *op)
	}
	c.Context = around(l.h, c.Ops)
	l.refuted = append(l.refuted, c)
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
