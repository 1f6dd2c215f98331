package certificate

import (
	"container/heap"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Stream certifies a history while it is recorded, in memory that does not grow with it: what is in flight, what waits
// for its revision to be certain, the store's present content with the way back to its latest revisions, the keys that
// were named, and writes of unknown outcome that nobody has seen. A Feed makes its input of a journal.
//
// Whatever is called from now on stands, in real time, behind what had returned before anything now in flight was called.
// Revisions up to there are complete, can be replayed and forgotten.
type Stream struct {
	rules   Rules
	learned learned
	store   *model.Store
	eval    model.Evaluator
	past    past

	waiting  waiting
	facts    map[int64]*fact
	watchers int // watches of all keys that are open: they tell what is not known yet
	maybes   maybes
	marks    []mark // by return: the highest revision answered so far
	proved   mark   // the highest revision answered before anything in flight was called
	ending   bool

	report StreamReport
	stuck  bool
	// placed, if set, is told of every operation that made a revision, in their order.
	placed func(rev int64, op *history.Op, changes []model.Change)
}

// StreamReport is what a stream has found so far.
type StreamReport struct {
	Ops, Replayed int // judged; certified
	Findings      int
	First         []StreamFinding // the first of them
	Undecided     string          // why the stream had to give up; "" while it has not
	Revision      int64
	MostWaiting   int
	Past, NotPast int // reads of past revisions: compared; too far back to be
	Attributed    int // operations of unknown outcome that are seen to have happened
	Foreign       int // revisions of the store's own, or of others
}

// StreamFinding is one wrong answer.
type StreamFinding struct {
	Kind Kind
	Why  string      // what is wrong, without the subject's name
	Op   *history.Op // the subject; nil for a change that nobody made
	With *history.Op // that proves it; nil = the replay does
	Rev  int64
	Keys []string
}

// String is the finding as a sentence.
func (f StreamFinding) String() string {
	if f.Op == nil {
		return f.Why
	}
	return Name(f.Op) + " " + f.Why
}

// Name says which operation it is.
func Name(op *history.Op) string {
	return fmt.Sprintf("op %d (%s of p%d at %s)", op.ID, op.Request.Kind, op.Process, op.Node)
}

// Limits of what a stream keeps. Reaching one is told.
const (
	streamLimit    = 1 << 20 // operations that wait for a revision of which nothing is known
	factLimit      = 1 << 20 // revisions of which something is known before their turn
	streamFindings = 20      // that are told
)

type mark struct {
	ret time.Duration
	rev int64
	op  *history.Op
}

// NewStream returns a stream that has seen nothing. It learns by itself what Rules tell of a whole history; serializable
// means that reads of a member's own state are judged like all others.
func NewStream(serializable bool) *Stream {
	s := &Stream{store: model.NewStore(), facts: map[int64]*fact{}, maybes: newMaybes(), learned: newLearned()}
	s.rules = Rules{Serializable: serializable, NoEvidence: true, Told: s.learned.told, Exempt: s.learned.exempt}
	return s
}

// Add takes the next operation, in order of returns, and keeps it: it must not change any more. open is the earliest call of
// what has not returned yet: every operation called before it has been added, and named before.
func (s *Stream) Add(op *history.Op, open time.Duration) {
	if s.rules.Judged(op) {
		s.report.Ops++
		if op.Result.Outcome == history.Unknown {
			s.maybes.add(op, s.floor(op.Call))
		} else {
			s.answered(op)
		}
	}
	for len(s.marks) > 0 && s.marks[0].ret < open {
		s.proved = s.marks[0]
		if len(s.marks) > 1 && s.marks[1].ret >= open {
			break // the last one before open is still asked for
		}
		s.marks = s.marks[1:]
	}
	s.replay()
}

// Finish certifies what is left, and returns the report.
func (s *Stream) Finish() StreamReport {
	s.ending = true
	if len(s.marks) > 0 {
		s.proved = s.marks[len(s.marks)-1]
	}
	s.replay()
	for !s.stuck && len(s.waiting) == 0 && s.facts[s.store.Revision+1] != nil { // seen, and never answered
		s.unclaimed(s.store.Revision + 1)
	}
	if s.report.Undecided == "" && (len(s.waiting) > 0 || len(s.facts) > 0) {
		s.giveUp(s.unknownRevision())
	}
	return s.Report()
}

// Report is what was found so far.
func (s *Stream) Report() StreamReport {
	r := s.report
	r.Revision, r.First = s.store.Revision, slices.Clone(r.First)
	return r
}

// Through is the moment up to which everything that has returned is certified, if the stream has been given all that had
// returned before horizon.
func (s *Stream) Through(horizon time.Duration) time.Duration {
	for i := range s.waiting {
		horizon = min(horizon, s.waiting[i].op.Return)
	}
	return horizon
}

func (s *Stream) unknownRevision() string {
	why := fmt.Sprintf("nothing is known of revision %d", s.store.Revision+1)
	if n := s.learned.dropped; n > 0 {
		why += fmt.Sprintf(" (%d changes that were told long before their turn were not kept)", n)
	}
	return why
}

func (s *Stream) answered(op *history.Op) {
	rev := op.Result.Header.Revision
	if rev == 0 {
		s.giveUp(fmt.Sprintf("the answer to operation %d carries no revision", op.ID))
		return
	}
	write := Wrote(&op.Request, &op.Result)
	floor := s.floor(op.Call)
	if rev < floor.rev || write && rev == floor.rev {
		s.find(StreamFinding{Kind: Early, Op: op, With: floor.op, Rev: rev, Why: tooEarly("was answered at", rev, floor, op.Call)})
	}
	s.mark(op, rev)
	s.learn(&op.Request, &op.Result)
	s.sights(&op.Request, &op.Result)
	s.pastReads(op, &op.Request, &op.Result)
	if op.Request.Revision != 0 || rev < s.store.Revision || s.stuck {
		return // of the past, which was looked at, or too early, which was found
	}
	s.wait(waiter{rev: rev, read: !write, op: op})
}

func tooEarly(stands string, rev int64, floor mark, call time.Duration) string {
	return fmt.Sprintf("%s revision %d, but %s had returned at revision %d, %s before it was called", stands, rev,
		Name(floor.op), floor.rev, Ago(call-floor.ret))
}

func (s *Stream) mark(op *history.Op, rev int64) {
	m := mark{op.Return, rev, op}
	highest := s.proved
	if n := len(s.marks); n > 0 {
		highest = s.marks[n-1]
	}
	if highest.rev >= rev {
		m.rev, m.op = highest.rev, highest.op
	}
	s.marks = append(s.marks, m)
}

// floor is the highest revision that was answered before a moment.
func (s *Stream) floor(at time.Duration) mark {
	floor := s.proved
	if n := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].ret >= at }); n > 0 && s.marks[n-1].rev > floor.rev {
		floor = s.marks[n-1]
	}
	if floor.op != nil {
		floor.ret = floor.op.Return // of who proves it, not of the last before that moment
	}
	return floor
}

// sights takes what an answer shows of revisions to come.
func (s *Stream) sights(req *history.Request, res *history.Result) {
	for _, list := range [][]history.KV{res.KVs, res.Prev} {
		for i := range list {
			if kv := &list[i]; kv.Version > 0 && !req.KeysOnly && kv.Mod > s.store.Revision {
				s.change(kv.Mod, model.Change{KV: *kv}, false)
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

// Watched takes a response of a watch. all says that the watch is one of all keys and all changes.
func (s *Stream) Watched(r *history.WatchResponse, all bool) {
	for i := range r.Events {
		e := &r.Events[i]
		ch := model.Change{KV: e.KV, Deleted: e.Delete}
		if e.Delete {
			ch.KV = history.KV{Key: e.KV.Key, Mod: e.KV.Mod}
		}
		s.change(e.KV.Mod, ch, all && !r.Fragment)
	}
}

// change takes one change of a revision to come. complete says that there are no others but those told so far.
func (s *Stream) change(rev int64, ch model.Change, complete bool) {
	if rev <= s.store.Revision || s.stuck {
		return
	}
	f := s.facts[rev]
	if f == nil {
		if len(s.facts) >= factLimit {
			s.learned.dropped++
			return
		}
		f = &fact{}
		s.facts[rev] = f
	}
	f.add(ch)
	f.complete = f.complete || complete
}

func (s *Stream) find(f StreamFinding) {
	s.report.Findings++
	if len(s.report.First) < streamFindings {
		s.report.First = append(s.report.First, f)
	}
}

// giveUp leaves the history undecided: nothing is replayed from now on. Answers are still compared with real time.
func (s *Stream) giveUp(why string) {
	if s.report.Undecided == "" {
		s.report.Undecided = why
	}
	s.stuck, s.waiting, s.facts, s.maybes, s.past = true, nil, map[int64]*fact{}, newMaybes(), past{}
}

func (s *Stream) wait(w waiter) {
	heap.Push(&s.waiting, w)
	s.report.MostWaiting = max(s.report.MostWaiting, len(s.waiting))
	if len(s.waiting) > streamLimit {
		s.giveUp(fmt.Sprintf("%s, and %d operations wait for it", s.unknownRevision(), len(s.waiting)))
	}
}

// replay carries out all that is certain.
func (s *Stream) replay() {
	for !s.stuck && len(s.waiting) > 0 && s.waiting[0].rev <= s.proved.rev {
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
		if next.past != nil {
			s.comparePast(next.op, next.past, next.told)
		} else {
			s.compare(next)
		}
	}
}

func (s *Stream) compare(w waiter) {
	delete(s.facts, w.rev)
	s.report.Replayed++
	req, res := &w.op.Request, &w.op.Result
	if !w.read && s.store.Revision >= w.rev {
		s.find(StreamFinding{Kind: Reused, Op: w.op, Rev: w.rev, Why: fmt.Sprintf("has revision %d, which another write has", w.rev)})
		return
	}
	if w.read && s.store.Revision > w.rev {
		return // it stands too early, which was found when it came
	}
	want, changes := s.eval.Eval(s.store, s.store.Revision, req)
	if d := s.differs(w.op, &want); d != "" {
		s.find(StreamFinding{Kind: Answer, Op: w.op, Rev: w.rev, Keys: differing(req, res, &want),
			Why: fmt.Sprintf("was answered at revision %d, but then %s", w.rev, d)})
	} else if (len(changes) == 0) != w.read {
		s.find(StreamFinding{Kind: Answer, Op: w.op, Rev: w.rev, Keys: differing(req, res, &want),
			Why: fmt.Sprintf("was answered at revision %d, but then it should have made %d changes", w.rev, len(changes))})
	}
	if !w.read {
		s.apply(w.rev, changes, w.op)
	}
}

// apply makes a revision, whose maker is op if a client made it.
func (s *Stream) apply(rev int64, changes []model.Change, op *history.Op) {
	s.past.remember(s.store, rev, changes)
	s.store.Apply(rev, changes)
	if s.placed != nil && op != nil {
		s.placed(rev, op, changes)
	}
}

// waiter is an operation that waits for its revision, or a read of a past revision that waits for that.
type waiter struct {
	rev  int64
	read bool
	op   *history.Op
	past *history.Request
	told *history.Result // the answer to past
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
