package history

import (
	"slices"
	"time"
)

// Contract says which parts of the workload contract do not hold, a sentence for each. Checkers stay sound without
// them; but they see less, or take longer:
//
//   - values written to a key are unique, so that a read names the write it saw;
//   - answers carry the store's revision;
//   - a transaction that was lost has read what it compared;
//   - an observer watches every key on every member for the whole load, and a replay from the first revision follows;
//   - every member is read at the end.
func Contract(h *History) []string {
	var c complaints
	contractValues(&c, h.Ops)
	contractAnswers(&c, h.Ops)
	contractWatches(&c, h)
	contractFinal(&c, h)
	return c.list()
}

// contractValues looks for values written twice to the same key by operations that may have happened.
func contractValues(c *complaints, ops []Op) {
	type pair struct{ key, value string }
	first := make(map[pair]int, len(ops))
	again, example, of := 0, 0, 0
	for i := range ops {
		op := &ops[i]
		if op.Result.Outcome == Fail {
			continue
		}
		mayWrite(&op.Request, op.Result, func(key, value string) {
			if before, written := first[pair{key, value}]; written && before != op.ID {
				if again++; again == 1 {
					example, of = op.ID, before
				}
				return
			}
			first[pair{key, value}] = op.ID
		})
	}
	if again > 0 {
		c.add("values are not unique: %d writes repeat a value of their key, first operation %d (as operation %d)", again, example, of)
	}
}

// mayWrite calls each for every value that the operation may have written.
func mayWrite(req *Request, res Result, each func(key, value string)) {
	switch req.Kind {
	case Put, Append:
		each(req.Key, req.Value)
	case CAS:
		if res.Outcome != OK || res.Succeeded {
			each(req.Key, req.Value)
		}
	case Txn:
		if res.Outcome != OK || res.Succeeded {
			for i := range req.Then {
				mayWrite(&req.Then[i], Result{}, each)
			}
		}
		if res.Outcome != OK || !res.Succeeded {
			for i := range req.Else {
				mayWrite(&req.Else[i], Result{}, each)
			}
		}
	}
}

func contractAnswers(c *complaints, ops []Op) {
	bare, blind, firstBare, firstBlind := 0, 0, 0, 0
	for i := range ops {
		op := &ops[i]
		if op.Result.Outcome != OK {
			continue
		}
		if op.Result.Header.Revision == 0 {
			if bare++; bare == 1 {
				firstBare = op.ID
			}
		}
		if op.Request.Kind == Txn && !op.Result.Succeeded && !observed(op.Request) {
			if blind++; blind == 1 {
				firstBlind = op.ID
			}
		}
	}
	if bare > 0 {
		c.add("headers are missing: %d answers carry no revision, first operation %d", bare, firstBare)
	}
	if blind > 0 {
		c.add("lost transactions observe nothing: %d did not read what they compared, first operation %d", blind, firstBlind)
	}
}

// observed reports whether the transaction, when lost, reads every key that it compared.
func observed(txn Request) bool {
	for _, cond := range txn.If {
		if !slices.ContainsFunc(txn.Else, func(r Request) bool {
			return r.Kind == Get && r.Key == cond.Key || r.Kind == Range && r.Key <= cond.Key && (r.End == "\x00" || cond.Key < r.End)
		}) {
			return false
		}
	}
	return true
}

func contractWatches(c *complaints, h *History) {
	var from, to time.Duration = -1, 0
	for _, op := range h.Ops {
		if !op.Request.ReadOnly() {
			if from < 0 {
				from = op.Call
			}
			to = max(to, op.Call)
		}
	}
	for _, node := range h.Meta.Nodes {
		observer, replay := false, false
		for _, w := range h.Watches {
			if w.Node != node {
				continue
			}
			switch w.Purpose {
			case "observer":
				// One that starts at a revision has no gap before its opening; a resumed one none after its break.
				gapless := w.Start > 0 || w.Resumes >= 0 || w.Opened <= from
				observer = observer || gapless && w.Compacted == 0 && w.Error == "" && w.Closed >= to
			case "replay":
				replay = replay || w.Start == 1 && w.Compacted == 0 && w.Error == ""
			}
		}
		if !observer {
			c.add("no observer watched all of %s's changes", node)
		}
		if !replay {
			c.add("no replay of %s's changes from the first revision", node)
		}
	}
}

func contractFinal(c *complaints, h *History) {
	for _, node := range h.Meta.Nodes {
		if !slices.ContainsFunc(h.Ops, func(op Op) bool { return op.Stage == Final && op.Node == node && op.Result.Outcome == OK }) {
			c.add("no final read through %s", node)
		}
	}
}
