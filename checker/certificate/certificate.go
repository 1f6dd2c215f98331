// Package certificate orders a whole history by the store's own revisions, and checks such an order.
//
// A store that numbers its writes tells, with every answer, where the operation stood in its history. That order needs
// no search: it is replayed once, in O(n log n), and either explains every answer and agrees with real time, which makes
// it a certificate of strict serializability that Verify checks again with other code; or one answer differs, which is
// found with the operations that show it. Operations of unknown outcome are placed by what was seen of them.
package certificate

import (
	"context"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Rules are what the judge knows of the history beside its records.
type Rules struct {
	Serializable bool                  // judge reads of a member's own state like all others
	NoEvidence   bool                  // leave the members' write-ahead logs aside
	Told         model.Told            // which answers tell what they replaced
	Exempt       func(key string) bool // keys that the store writes itself, for locks and elections
}

// Certificate is an order of the operations that explains every answer.
type Certificate struct {
	Steps    []Step
	Foreign  []Foreign
	Never    []int32 // operations of unknown outcome that are held never to have happened
	Revision int64   // the last
	Reads    int     // reads of a past revision, checked beside the order
}

// Step is one operation at its place, or, with Op < 0, the change Foreign[-1-Op] that no client made.
type Step struct {
	Op       int32
	Revision int64 // the store's, after it
}

// Foreign is a revision that the store made by itself: the end of a lease, a lock's key, or a key that no operation of
// this history ever names.
type Foreign struct {
	Revision int64
	Changes  []model.Change
}

// Kind is the way in which an answer is wrong.
type Kind string

// The kinds of finding.
const (
	Reused   Kind = "reused"   // two writes of one revision
	Early    Kind = "early"    // an operation stands before what had returned when it was called
	Answer   Kind = "answer"   // an answer is not what the store held at its revision
	Effect   Kind = "effect"   // an operation of unknown outcome did what it could not have
	Nobody   Kind = "nobody"   // a change that no operation asked for
	Foretold Kind = "foretold" // an answer about a revision that had not come
)

// Finding is one wrong answer, with the operations that show it.
type Finding struct {
	Kind Kind
	Why  string  // what is wrong, without the subject's name
	Op   int32   // the subject's index; -1 for a change that nobody made
	With []int32 // indices of those that prove it
	Keys []string
	Rev  int64
	past *snapshot // the read of a past revision that is wrong
}

// Outcome is what Certify concluded: a certificate, or findings, or neither, with the reason.
type Outcome struct {
	Certificate *Certificate
	Steps       []Step    // the order, certified or not
	Foreign     []Foreign // and its changes of the store's own
	Findings    []Finding
	Total       int // of findings; Findings holds the first of them
	Undecided   string
	Gaps        int64 // revisions of which nothing is known
	Attributed  int   // operations of unknown outcome that are seen to have happened
}

// maxFindings bounds what is kept of a store that is wrong all along.
const maxFindings = 200

// certify orders the history with some choices.
func certify(ctx context.Context, h *history.History, rules Rules, ch *choices) Outcome {
	c := &certifier{h: h, rules: rules, store: model.NewStore(), cert: &Certificate{}, choices: ch}
	if why := c.place(); why != "" {
		return Outcome{Undecided: why}
	}
	c.fill()
	c.replay(ctx)
	if ctx.Err() != nil {
		return Outcome{Undecided: context.Cause(ctx).Error()}
	}
	c.realTime()
	out := Outcome{Steps: c.cert.Steps, Foreign: c.cert.Foreign, Findings: c.findings, Total: c.total, Gaps: c.unresolved, Attributed: c.attributed}
	switch {
	case c.total > 0:
	case c.doubt != "":
		out.Undecided = c.doubt
	case c.unresolved > 0:
		out.Undecided = fmt.Sprintf("nothing is known of revision %d", c.firstGap)
		if c.unresolved > 1 {
			out.Undecided += fmt.Sprintf(" and %d more", c.unresolved-1)
		}
	default:
		out.Certificate = c.cert
	}
	return out
}

// certifier is one certification under way.
type certifier struct {
	h     *history.History
	rules Rules
	store *model.Store
	eval  model.Evaluator
	cert  *Certificate

	choices    *choices
	items      []item
	unknown    []int32 // operations of unknown outcome that may write
	snapshots  []snapshot
	last       int64 // revision
	facts      map[int64]*fact
	puts       map[cell][]int32   // unknown operations by what they may put
	appends    map[string][]int32 // and by the key that they may append to
	deletes    map[string][]int32 // unknown operations by the key that they may delete
	sweeps     []int32            // unknown operations that may delete a range
	asked      map[string]bool    // keys that an operation names
	ranges     [][2]string        // ranges that an operation may delete
	claims     []claim
	holder     map[int32]int   // by unknown operation: the claim that it is placed at
	used       map[int32]bool  // unknown operations that are placed
	capped     bool            // some claim had more options than are considered
	answeredBy []time.Duration // by item: when it or any later one was first answered

	findings   []Finding
	total      int
	unresolved int64
	firstGap   int64
	attributed int
	doubt      string
}

// item is an operation at its revision.
type item struct {
	rev  int64
	op   int32
	read bool
}

// snapshot is a read of a past revision.
type snapshot struct {
	rev int64
	op  int32
	req *history.Request
	res *history.Result
}

type cell struct{ key, value string }

func (c *certifier) find(f Finding) {
	c.total++
	if len(c.findings) < maxFindings {
		c.findings = append(c.findings, f)
	}
}

// Judged reports whether the order has a place for the operation: it answered, or may have written, on keys.
func (r *Rules) Judged(op *history.Op) bool {
	if op.Result.Outcome == history.Fail || op.Request.Serializable && op.Request.ReadOnly() && !r.Serializable {
		return false
	}
	switch op.Request.Kind {
	case history.Get, history.Put, history.Append, history.Delete, history.CAS, history.Range, history.Txn:
		return op.Result.Outcome == history.OK || !op.Request.ReadOnly()
	}
	return false
}

// unanswered is what was told of a request whose answer was not recorded.
var unanswered history.Result

// Wrote reports whether an acknowledged request changed a key, by its own answer.
func Wrote(req *history.Request, res *history.Result) bool {
	switch req.Kind {
	case history.Put, history.Append:
		return true
	case history.Delete:
		return res.Deleted > 0
	case history.CAS:
		return res.Succeeded
	case history.Txn:
		side := model.Side(req, res.Succeeded)
		for i := range side {
			sub := &unanswered
			if i < len(res.Responses) {
				sub = &res.Responses[i]
			}
			if Wrote(&side[i], sub) {
				return true
			}
		}
	}
	return false
}
