package checker

import (
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// course shows what became of a lease in the order of time: its grants and keep-alives with what they promised, the puts
// of keys under it, its end, and what was seen at the moment that a sentence is about.
func (t *tenancy) course(id int64, key string, at time.Duration, seen ...string) Table {
	var rows []moment
	mark := func(when time.Duration, bad bool, cells ...string) {
		rows = append(rows, moment{when, Row{append([]string{t.h.When(when)}, cells...), bad}})
	}
	for i := range t.h.Ops {
		op := &t.h.Ops[i]
		by := fmt.Sprintf("op %d at %s", op.ID, op.Node)
		switch kind := op.Request.Kind; {
		case kind == history.Grant && op.Result.Lease == id, kind == history.KeepAlive && op.Request.Lease == id:
			until := "unknown outcome"
			switch {
			case op.Result.Outcome == history.Fail:
				until = "refused: " + op.Result.Error
			case op.Result.Outcome == history.OK && op.Result.TTL <= 0:
				until = "the lease is gone"
			case op.Result.Outcome == history.OK:
				until = "lasts until " + t.h.When(op.Call+time.Duration(op.Result.TTL)*time.Second)
			}
			mark(op.Call, false, kind.String(), by, until)
		case kind == history.Revoke && op.Request.Lease == id:
			mark(op.Call, false, kind.String(), by, "answered at "+t.h.When(op.Return)+", "+outcomeWord(op))
		case op.Result.Outcome == history.OK && op.Return < at && putsUnder(&op.Request, key, id):
			mark(op.Call, false, "put "+text(key), by, fmt.Sprintf("revision %d", op.Result.Header.Revision))
		}
	}
	mark(at, true, seen...)
	return inTime(Table{Title: fmt.Sprintf("lease %x and key %s", uint64(id), text(key)), Columns: []string{"time", "what", "by", "with what"}}, rows)
}

// endsOf shows which keys a lease had, and at which revisions they were put and ended.
func (t *tenancy) endsOf(id int64) Table {
	out := Table{Title: fmt.Sprintf("the keys of lease %x", uint64(id)), Columns: []string{"key", "put at revision", "ended at revision"}}
	for _, key := range t.keys {
		changes := t.c.changes[key]
		for n, x := range changes {
			if x.kv == nil || x.kv.Lease != id {
				continue
			}
			end := "not seen"
			if n+1 < len(changes) && changes[n+1].kv == nil {
				end = fmt.Sprint(changes[n+1].rev)
			}
			out.add(false, text(key), fmt.Sprint(x.rev), end)
		}
	}
	return out.near()
}

func outcomeWord(op *history.Op) string {
	switch op.Result.Outcome {
	case history.OK:
		return "done"
	case history.Fail:
		return "refused: " + op.Result.Error
	}
	return "unknown: " + op.Result.Error
}

// putsUnder reports whether the request puts the key under the lease.
func putsUnder(r *history.Request, key string, id int64) bool {
	if r.Kind == history.Put {
		return r.Key == key && r.Lease == id
	}
	for _, side := range [][]history.Request{r.Then, r.Else} {
		for i := range side {
			if putsUnder(&side[i], key, id) {
				return true
			}
		}
	}
	return false
}

// words say who saw a key gone.
func (s sight) words() []string {
	if s.op < 0 {
		return []string{"gone", s.by, fmt.Sprintf("deleted at revision %d", s.rev)}
	}
	return []string{"gone", s.by, fmt.Sprintf("not shown at revision %d", s.rev)}
}
