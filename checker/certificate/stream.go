package certificate

import (
	"container/heap"
	"fmt"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Stream certifies a history while it is recorded, in memory that does not grow with it: what is in flight, what waits
// for its revision to be certain, the store's present content, and writes of unknown outcome that nobody has seen.
//
// Whatever is called from now on stands, in real time, behind what had returned before anything now in flight was called.
// Revisions up to there are complete, can be replayed and forgotten.
type Stream struct {
	rules Rules
	store *model.Store
	eval  model.Evaluator

	waiting waiting
	facts   map[int64]*fact
	puts    map[cell][]*candidate // of unknown outcome, not seen so far
	deletes []*candidate
	appends []*candidate
	marks   []mark // by return: the highest revision answered so far
	proved  int64  // the highest revision answered before anything in flight was called

	report StreamReport
	stuck  bool
}

// StreamReport is what a stream has found so far.
type StreamReport struct {
	Ops, Replayed int // added; certified
	Findings      int
	First         []string // the first findings, as sentences
	Undecided     string   // why the stream had to give up; "" while it has not
	Revision      int64
	MostWaiting   int
}

// streamLimit is the most operations that wait for a revision of which nothing is known.
const streamLimit = 1 << 20

// streamFindings bounds the findings that are told.
const streamFindings = 20

// candidate is an operation of unknown outcome, with the revision that the store had reached before it was called.
type candidate struct {
	op    *history.Op
	floor int64
}

type mark struct {
	ret time.Duration
	rev int64
}

// NewStream returns a stream that has seen nothing.
func NewStream(rules Rules) *Stream {
	return &Stream{rules: rules, store: model.NewStore(), facts: map[int64]*fact{}, puts: map[cell][]*candidate{}}
}

// Add takes the next operation, in order of returns. open is the earliest call of what has not returned yet: every
// operation called before it has been added.
func (s *Stream) Add(op *history.Op, open time.Duration) {
	s.report.Ops++
	if s.rules.Judged(op) {
		own := *op
		if op.Result.Outcome == history.Unknown {
			s.maybe(&own)
		} else {
			s.answered(&own)
		}
	}
	for len(s.marks) > 0 && s.marks[0].ret < open {
		s.proved = s.marks[0].rev
		if len(s.marks) > 1 && s.marks[1].ret >= open {
			break // the last one before open is still asked for
		}
		s.marks = s.marks[1:]
	}
	s.replay()
}

// Finish certifies what is left, and returns the report.
func (s *Stream) Finish() StreamReport {
	if len(s.marks) > 0 {
		s.proved = s.marks[len(s.marks)-1].rev
	}
	s.replay()
	if s.report.Undecided == "" && len(s.waiting) > 0 {
		s.report.Undecided = fmt.Sprintf("nothing is known of revision %d", s.store.Revision+1)
	}
	s.report.Revision = s.store.Revision
	return s.report
}

func (s *Stream) maybe(op *history.Op) {
	c := &candidate{op, s.floor(op.Call)}
	eachNamed(&op.Request, func(req *history.Request) {
		switch req.Kind {
		case history.Put, history.CAS:
			at := cell{req.Key, req.Value}
			s.puts[at] = append(s.puts[at], c)
		case history.Append:
			s.appends = append(s.appends, c)
		case history.Delete:
			if n := len(s.deletes); n == 0 || s.deletes[n-1] != c {
				s.deletes = append(s.deletes, c)
			}
		}
	})
}

func (s *Stream) answered(op *history.Op) {
	rev := op.Result.Header.Revision
	if rev == 0 {
		s.giveUp(fmt.Sprintf("the answer to operation %d carries no revision", op.ID))
		return
	}
	write := Wrote(&op.Request, &op.Result)
	floor := s.floor(op.Call)
	if rev < floor || write && rev == floor {
		s.find("operation %d stands at revision %d, but the store had reached revision %d before it was called", op.ID, rev, floor)
	}
	highest := rev
	if n := len(s.marks); n > 0 {
		highest = max(highest, s.marks[n-1].rev)
	}
	s.marks = append(s.marks, mark{op.Return, max(highest, s.proved)})
	s.sights(&op.Request, &op.Result)
	if op.Request.Revision != 0 || rev < s.store.Revision {
		return // of the past: nothing is kept of it
	}
	heap.Push(&s.waiting, waiter{rev, !write, op})
	s.report.MostWaiting = max(s.report.MostWaiting, len(s.waiting))
	if len(s.waiting) > streamLimit {
		s.giveUp(fmt.Sprintf("nothing is known of revision %d, and %d operations wait for it", s.store.Revision+1, len(s.waiting)))
	}
}

// floor is the highest revision that was answered before a moment.
func (s *Stream) floor(at time.Duration) int64 {
	if n := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].ret >= at }); n > 0 {
		return max(s.proved, s.marks[n-1].rev)
	}
	return s.proved
}

// sights takes what an answer shows of revisions to come.
func (s *Stream) sights(req *history.Request, res *history.Result) {
	for _, list := range [][]history.KV{res.KVs, res.Prev} {
		for i := range list {
			if kv := &list[i]; kv.Version > 0 && !req.KeysOnly && kv.Mod > s.store.Revision {
				s.Change(kv.Mod, model.Change{KV: *kv}, false)
			}
		}
	}
	side := model.Side(req, res.Succeeded)
	for i := range res.Responses {
		if i < len(side) {
			s.sights(&side[i], &res.Responses[i])
		}
	}
}

// Change takes one change of a revision, from a watch. complete says that the revision has no others.
func (s *Stream) Change(rev int64, ch model.Change, complete bool) {
	if rev <= s.store.Revision {
		return
	}
	f := s.facts[rev]
	if f == nil {
		f = &fact{}
		s.facts[rev] = f
	}
	f.add(ch)
	f.complete = f.complete || complete
}

func (s *Stream) find(format string, args ...any) {
	s.report.Findings++
	if len(s.report.First) < streamFindings {
		s.report.First = append(s.report.First, fmt.Sprintf(format, args...))
	}
}

// giveUp leaves the history undecided: nothing is kept or compared from now on.
func (s *Stream) giveUp(why string) {
	if s.report.Undecided == "" {
		s.report.Undecided = why
	}
	s.stuck, s.waiting, s.facts, s.puts, s.appends = true, nil, map[int64]*fact{}, map[cell][]*candidate{}, nil
}

// replay carries out all that is certain.
func (s *Stream) replay() {
	for !s.stuck && len(s.waiting) > 0 && s.waiting[0].rev <= s.proved {
		next := s.waiting[0]
		gapTo := next.rev
		if !next.read {
			gapTo--
		}
		if s.store.Revision < gapTo {
			if !s.unclaimed(s.store.Revision + 1) {
				return
			}
			continue
		}
		heap.Pop(&s.waiting)
		s.compare(next)
	}
}

func (s *Stream) compare(w waiter) {
	delete(s.facts, w.rev)
	s.report.Replayed++
	if !w.read && s.store.Revision >= w.rev {
		s.find("operation %d has revision %d, which another write has", w.op.ID, w.rev)
		return
	}
	if w.read && s.store.Revision > w.rev {
		return // it stands too early, which was found when it came
	}
	want, changes := s.eval.Eval(s.store, s.store.Revision, &w.op.Request)
	if d := model.Differs(&w.op.Request, &w.op.Result, &want, s.rules.Told); d != "" {
		s.find("operation %d was answered at revision %d, but then %s", w.op.ID, w.rev, d)
	} else if (len(changes) == 0) != w.read {
		s.find("operation %d should have made %d changes at revision %d", w.op.ID, len(changes), w.rev)
	}
	if !w.read {
		s.store.Apply(w.rev, changes)
	}
}

// unclaimed makes the revision that nobody answered for, if it is known what it was.
func (s *Stream) unclaimed(rev int64) bool {
	f := s.facts[rev]
	if f == nil {
		return false // somebody may still show it
	}
	delete(s.facts, rev)
	suspects := s.deletes
	if !f.changes[0].Deleted {
		puts := s.puts[cell{f.changes[0].KV.Key, f.changes[0].KV.Value}]
		suspects = append(puts[:len(puts):len(puts)], s.appends...)
	}
	for _, c := range suspects {
		if c.floor >= rev && len(suspects) > 1 {
			continue // called too late for this one
		}
		if _, changes := model.Eval(s.store, rev-1, &c.op.Request); explains(changes, f) {
			if c.floor >= rev {
				s.find("operation %d made revision %d, but the store had reached it before it was called", c.op.ID, rev)
			}
			s.seen(c)
			s.store.Apply(rev, changes)
			return true
		}
	}
	if !Own(s.store, f.changes, s.rules.Exempt, func(string) bool { return false }) {
		s.giveUp(fmt.Sprintf("revision %d: no operation explains what was seen of it", rev))
		return false
	}
	s.store.Apply(rev, f.changes)
	return true
}

// seen takes an operation of unknown outcome from those that may still happen.
func (s *Stream) seen(c *candidate) {
	eachNamed(&c.op.Request, func(req *history.Request) {
		at := cell{req.Key, req.Value}
		s.puts[at] = without(s.puts[at], c)
		if len(s.puts[at]) == 0 {
			delete(s.puts, at)
		}
	})
	s.deletes, s.appends = without(s.deletes, c), without(s.appends, c)
}

func without(list []*candidate, c *candidate) []*candidate {
	for i := range list {
		if list[i] == c {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// waiter is an operation that waits for its revision.
type waiter struct {
	rev  int64
	read bool
	op   *history.Op
}

// waiting is a heap by revision: the write that makes it, then those that read it.
type waiting []waiter

func (w waiting) Len() int { return len(w) }
func (w waiting) Less(i, j int) bool {
	return w[i].rev < w[j].rev || w[i].rev == w[j].rev && !w[i].read && w[j].read
}
func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

// Push is for the heap.
func (w *waiting) Push(x any) { *w = append(*w, x.(waiter)) }

// Pop is for the heap.
func (w *waiting) Pop() any {
	last := (*w)[len(*w)-1]
	(*w)[len(*w)-1] = waiter{}
	*w = (*w)[:len(*w)-1]
	return last
}
