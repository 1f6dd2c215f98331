package checker

import (
	"context"
	"fmt"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// Source gives a history's records to each, one after another, as often as it is asked. torn says that its end is missing.
type Source func(each func(history.Record) error) (torn bool, err error)

// Streamed is what judging a history as a stream came to.
type Streamed struct {
	Results []Result
	// History is what was kept: everything but operations, watches and the members' files.
	History *history.History
	Ops     int // in the history
}

// JudgeStream judges "linearizable" by the store's revisions, in one pass over the history, in memory that does not grow
// with it. Where an answer is wrong, a second pass collects the operations that show it, two searches confirm what values
// show, and "revisions" has a verdict as well. An error is the source's.
//
// The pass takes time in proportion to the history, and is not bounded; the limit of time is the search's.
func JudgeStream(ctx context.Context, source Source, lim Limits) (*Streamed, error) {
	if lim.Timeout <= 0 {
		lim.Timeout = DefaultTimeout
	}
	if lim.MemoryBytes == 0 {
		lim.MemoryBytes = DefaultMemoryBytes
	}
	ctx, stop := watchMemory(ctx, lim.MemoryBytes)
	defer stop()
	began := time.Now()
	p := &pass{ctx: ctx, kept: &history.History{}}
	torn, err := source(p.add)
	out := &Streamed{History: p.kept, Ops: p.ops}
	if why := stopped(ctx); why != "" {
		out.Results = []Result{{Checker: "linearizable", Why: why, Ops: p.ops, Took: time.Since(began)}}
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	p.kept.Meta.Interrupted = p.kept.Meta.Interrupted || torn
	if p.feed == nil {
		out.Results = []Result{{Checker: "linearizable", Verdict: Skipped, Why: "there is no operation"}}
		return out, nil
	}
	report := p.feed.Finish()
	result := Result{Checker: "linearizable", Ops: report.Ops, Details: p.details(report)}
	switch {
	case report.Findings > 0:
		out.Results, err = refuted(ctx, source, p, report, result, lim)
		if err != nil {
			return nil, err
		}
	case report.Undecided != "":
		result.Why = "undecided: " + report.Undecided
	case report.Ops == 0:
		result.Verdict, result.Why = Skipped, "no operation read or wrote a key"
	default:
		result.Verdict = Pass
		result.Why = fmt.Sprintf("%s are in one order, which the revisions give, from 1 to %d", count(report.Ops, "operation"), report.Revision)
		if report.NotPast > 0 {
			result.Why += fmt.Sprintf("; %s too far back were not compared", count(report.NotPast, "read"))
		}
	}
	if out.Results == nil {
		out.Results = []Result{result}
	}
	p.compacted.judge(&out.Results[0], p.kept)
	out.Results[0].Took = time.Since(began)
	return out, nil
}

// pass is one reading of a history.
type pass struct {
	ctx       context.Context
	feed      *certificate.Feed // made when it is known how reads are judged
	kept      *history.History
	ops       int
	n         int
	peak      uint64 // heap
	compacted compacted
	// around, if set, keeps what members said at such a time.
	around func(time.Duration) bool
	placed placed
}

// add takes the next record.
func (p *pass) add(r history.Record) error {
	if p.n++; p.n%8192 == 1 {
		p.peak = max(p.peak, heapBytes())
		if p.ctx.Err() != nil {
			return context.Cause(p.ctx)
		}
	}
	switch {
	case r.Meta != nil:
		p.kept.Meta = *r.Meta
		return nil
	case r.Fault != nil:
		p.fault(*r.Fault)
		return nil
	case r.Status != nil:
		if p.around != nil && p.around(r.Status.At) {
			p.kept.Statuses = append(p.kept.Statuses, *r.Status)
		}
		return nil
	case r.Evidence != nil:
		p.compacted.evidence = append(p.compacted.evidence, history.Evidence{Hash: r.Evidence.Hash})
		return nil
	case r.Call != nil && r.Call.Request.Kind == history.Compact:
		p.compacted.add(r.Call)
	case r.Return != nil:
		p.ops++
		p.compacted.add(r.Return)
	}
	if p.feed == nil {
		p.feed = certificate.NewFeed(p.kept.Meta.Judge == "linearizable")
		p.feed.Placed(p.placed)
	}
	p.feed.Add(r)
	return nil
}

// fault files a fault, or what became of one.
func (p *pass) fault(f history.Fault) {
	for i := range p.kept.Faults {
		if p.kept.Faults[i].ID == f.ID {
			p.kept.Faults[i] = f
			return
		}
	}
	p.kept.Faults = append(p.kept.Faults, f)
}

// details says how the pass went.
func (p *pass) details(r certificate.StreamReport) []string {
	lines := []string{fmt.Sprintf("as a stream: revision 1 to %d; at most %s waited for a revision, and the heap had %d MiB",
		r.Revision, count(r.MostWaiting, "operation"), max(p.peak, heapBytes())>>20)}
	if r.Attributed > 0 {
		lines = append(lines, fmt.Sprintf("%s of unknown outcome are seen to have happened", count(r.Attributed, "operation")))
	}
	if r.Foreign > 0 {
		lines = append(lines, fmt.Sprintf("%s of the store's own (ends of leases, lock keys) or of others", count(r.Foreign, "revision")))
	}
	if n := r.Past + r.NotPast; n > 0 {
		lines = append(lines, fmt.Sprintf("%s of past revisions compared; %d further back than the stream remembers were not", count(r.Past, "read"), r.NotPast))
	}
	return append(lines, "the members' files were not looked at")
}
