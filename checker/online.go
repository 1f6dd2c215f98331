package checker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// Online certifies a run while it goes on, behind what is in flight, in memory that does not grow with the run. It decides
// nothing: the checks of the whole history do. It is for one goroutine.
type Online struct{ feed *certificate.Feed }

// Certified is how far a run is certified by its store's revisions, and what was found until there.
type Certified struct {
	Revision int64         `json:"revision"`
	Through  time.Duration `json:"through_ns"` // whatever had returned by then is certified
	Ops      int           `json:"ops"`
	Findings int           `json:"findings"`
	First    []string      `json:"first,omitempty"`   // the first of them, as sentences
	Stopped  string        `json:"stopped,omitempty"` // why it went no further; "" = it did not stop
}

// NewOnline returns the certification of a run that is about to begin; nil if it is not judged by the order of its
// operations.
func NewOnline(meta history.Meta, checks []string) *Online {
	if len(checks) > 0 && !slices.Contains(checks, "linearizable") {
		return nil
	}
	return &Online{certificate.NewFeed(meta.Judge == "linearizable")}
}

// Add takes what was recorded since the last time, until a moment.
func (o *Online) Add(records []history.Record, until time.Duration) Certified {
	for _, r := range records {
		o.feed.Add(r)
	}
	o.feed.Now(until)
	return certified(o.feed.Report(), o.feed.Through())
}

// Finish certifies what is left when everything was added.
func (o *Online) Finish() Certified {
	report := o.feed.Finish()
	return certified(report, o.feed.Through())
}

func certified(r certificate.StreamReport, through time.Duration) Certified {
	c := Certified{Revision: r.Revision, Through: through, Ops: r.Replayed + r.Past, Findings: r.Findings, Stopped: r.Undecided}
	for _, f := range r.First {
		c.First = append(c.First, f.String())
	}
	return c
}

// Agree holds what was found while a run went on against the judgement of its whole history: one that finds nothing of
// it is a bug of ours, which is put into its result. A judgement that did not come to its end says nothing against it.
func (c *Certified) Agree(ctx context.Context, h *history.History, results []Result, lim Limits) {
	if c.Findings == 0 {
		return
	}
	of := map[string]Verdict{}
	for _, r := range results {
		of[r.Checker] = r.Verdict
	}
	if _, judged := of["revisions"]; !judged { // a wrong number beside right values is theirs to find
		of["revisions"] = Judge(ctx, h, []string{"revisions"}, lim)[0].Verdict
	}
	if of["linearizable"] == Fail || of["revisions"] != Pass {
		return
	}
	for i := range results {
		if r := &results[i]; r.Checker == "linearizable" && r.Verdict == Pass {
			r.Verdict, r.Why = Unknown, "what was found while the run went on was not found afterwards"
			r.Bug = fmt.Sprintf("%s, and yet it passed: %s", count(c.Findings, "finding"), c.First[0])
		}
	}
}
