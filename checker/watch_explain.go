package checker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// How much is shown around a fault of a watch.
const (
	responsesAround = 4 // before it, and after
	eventsShown     = 4 // of one response
	watchesShown    = 2 // of each member, beside the one
)

// focus is where to look in a stream: a change of a key, in a response or, if it is missing, before one.
type focus struct {
	key  string
	rev  int64 // 0: it is about the response
	at   int   // the response's place; that of the first that came later, if the change is missing
	lost *change
}

// focus is the response, or the event, that is judged.
func (s *stream) focus() focus {
	f := focus{at: s.at}
	if s.ev != nil {
		f.key, f.rev = s.ev.KV.Key, s.ev.KV.Mod
	}
	return f
}

// missed files a change that the stream should have delivered.
func (s *stream) missed(key string, x change) {
	c := s.fail("unreliable", fmt.Sprintf("%s did not deliver revision %d of %q, though it had told all up to revision %d; %s",
		watchName(s.w), x.rev, key, s.last, s.c.saw(x)), s.c.op(x))
	if c == nil {
		return
	}
	at := slices.IndexFunc(s.w.Responses, func(r history.WatchResponse) bool {
		return len(r.Events) > 0 && r.Events[len(r.Events)-1].KV.Mod > x.rev || r.Progress && r.Header.Revision >= x.rev
	})
	if at < 0 {
		at = len(s.w.Responses)
	}
	s.explain(c, focus{key, x.rev, at, &x})
}

// explain adds to a violation the watch and those beside it, what it delivered around the fault, who wrote what should
// have been there, and what the cluster was doing.
func (s *stream) explain(c *Counterexample, f focus) {
	if writer, ok := s.writerOf(f); ok && !slices.ContainsFunc(c.Ops, func(op history.Op) bool { return op.ID == writer.ID }) {
		c.Ops = inOrder(append(c.Ops, writer))
	}
	from, to := max(0, f.at-responsesAround), min(len(s.w.Responses), f.at+responsesAround+1)
	begin, end := s.w.Opened, s.w.Closed
	if from < to {
		begin, end = s.w.Responses[from].At, s.w.Responses[to-1].At
	}
	c.Tables = append(c.Tables, s.beside(f), s.around(f, from, to))
	for _, op := range c.Ops {
		begin, end = min(begin, op.Call), max(end, min(op.Return, end))
	}
	c.Context = meanwhile(s.h, begin, end)
}

// explainClash shows the stream of a change that others saw otherwise, where it delivered it or the pair of it.
func (w *watchCheck) explainClash(c *Counterexample, i int, key string, rev int64) {
	s := &stream{watchCheck: w, w: &w.h.Watches[i], by: watchSource(i)}
	at := slices.IndexFunc(s.w.Responses, func(r history.WatchResponse) bool {
		return slices.ContainsFunc(r.Events, func(ev history.Event) bool {
			return ev.KV.Key == key && (ev.KV.Mod == rev || ev.Prev != nil && ev.Prev.Mod == rev)
		})
	})
	s.explain(c, focus{key: key, rev: rev, at: max(0, at)})
}

// writerOf is the operation that made the change at a revision, if it was acknowledged, or asked for its value first.
func (s *stream) writerOf(f focus) (history.Op, bool) {
	if f.rev == 0 {
		return history.Op{}, false
	}
	for i := range s.h.Ops {
		op := &s.h.Ops[i]
		if op.Result.Outcome == history.OK && op.Result.Header.Revision == f.rev && certificate.Wrote(&op.Request, &op.Result) {
			return *op, true
		}
	}
	kv := f.kv(s.w)
	if kv == nil {
		return history.Op{}, false
	}
	i, ok := s.writers[pair{f.key, kv.Value}]
	if !ok {
		return history.Op{}, false
	}
	return s.h.Ops[i], true
}

// kv is the pair that the change put; nil if it deleted the key.
func (f focus) kv(w *history.Watch) *history.KV {
	if f.lost != nil {
		return f.lost.kv
	}
	for i := range w.Responses[f.at].Events {
		if ev := &w.Responses[f.at].Events[i]; ev.KV.Key == f.key && ev.KV.Mod == f.rev && !ev.Delete {
			return &ev.KV
		}
	}
	return nil
}

// beside is the stream among those that watched the same keys, with what each of them delivered of the change.
func (s *stream) beside(f focus) Table {
	t := Table{Title: "the watch, and others of the same keys", Columns: []string{"watch", "for", "keys", "from revision", "asked for", "open"}}
	if f.rev > 0 {
		t.Columns = append(t.Columns, fmt.Sprintf("revision %d of %s", f.rev, text(f.key)))
	}
	shown := map[history.NodeID]int{}
	for i := range s.h.Watches {
		w := &s.h.Watches[i]
		if w != s.w && (shown[w.Node] == watchesShown || !s.alike(w, f)) {
			continue
		}
		if w != s.w {
			shown[w.Node]++
		}
		cells := []string{watchName(w), w.Purpose, keysOf(w), startOf(w), optionsOf(w), s.h.When(w.Opened) + " – " + s.h.When(w.Closed)}
		if f.rev > 0 {
			cells = append(cells, s.told(w, f))
		}
		t.add(w == s.w, cells...)
	}
	return t
}

// alike reports whether another stream can tell of the change: it asked for it, and was open for it.
func (s *stream) alike(w *history.Watch, f focus) bool {
	if f.rev == 0 {
		return w.Key == s.w.Key && w.End == s.w.End
	}
	first, last := delivered(w)
	return inRange(f.key, w.Key, w.End) && first <= f.rev && f.rev <= last
}

// told is when and how often a watch delivered the change.
func (s *stream) told(w *history.Watch, f focus) string {
	var at []string
	for i := range w.Responses {
		for j := range w.Responses[i].Events {
			if ev := &w.Responses[i].Events[j]; ev.KV.Mod == f.rev && ev.KV.Key == f.key {
				what := "deleted"
				if !ev.Delete {
					what = "put " + clipText(ev.KV.Value, 24)
				}
				at = append(at, what+" at "+s.h.When(w.Responses[i].At))
			}
		}
	}
	if len(at) == 0 {
		return "not delivered"
	}
	return strings.Join(at[:min(len(at), 3)], ", ")
}

func keysOf(w *history.Watch) string {
	switch {
	case w.End == "":
		return text(w.Key)
	case allKeys(w):
		return "all"
	case w.End == "\x00":
		return text(w.Key) + " and after"
	}
	return text(fmt.Sprintf("%s up to %s", w.Key, w.End))
}

func startOf(w *history.Watch) string {
	if w.Start == 0 {
		return "now"
	}
	return fmt.Sprint(w.Start)
}

// optionsOf are what the watch asked for beside its keys.
func optionsOf(w *history.Watch) string {
	var all []string
	for _, option := range []struct {
		on   bool
		name string
	}{{w.NoPut, "no puts"}, {w.NoDelete, "no deletes"}, {w.PrevKV, "pairs before"}, {w.Progress, "bookmarks"}, {w.Fragment, "fragments"}} {
		if option.on {
			all = append(all, option.name)
		}
	}
	if w.Resumes >= 0 && w.Resumes != w.ID {
		all = append(all, fmt.Sprintf("resumes watch %d", w.Resumes))
	}
	return strings.Join(all, ", ")
}

// around is what the stream delivered around the fault, with the faults and compactions that fell between.
func (s *stream) around(f focus, from, to int) Table {
	var rows []moment
	begin, end := s.w.Opened, s.w.Closed
	if from < to {
		begin, end = s.w.Responses[from].At, s.w.Responses[to-1].At
	}
	for i := from; i < to; i++ {
		r := &s.w.Responses[i]
		if f.lost != nil && i == f.at {
			rows = append(rows, moment{r.At, s.absent(f)})
		}
		cells := []string{s.h.When(r.At), messageOf(r), revisionText(r.Header.Revision), eventsOf(r, f)}
		rows = append(rows, moment{r.At, Row{cells, i == f.at && f.lost == nil}})
	}
	switch {
	case f.at < to:
	case f.lost != nil:
		rows = append(rows, moment{s.w.Closed, s.absent(f)})
	default:
		rows = append(rows, moment{s.w.Closed, Row{[]string{s.h.When(s.w.Closed), "end", "", s.ended()}, true}})
	}
	rows = append(rows, s.meanwhile(begin, end)...)
	return inTime(Table{Title: "what " + watchName(s.w) + " delivered", Columns: []string{"time", "message", "revision", "events"}}, rows)
}

// meanwhile are the faults that began or were healed between two moments, and the compactions that were asked for.
func (s *stream) meanwhile(from, to time.Duration) (rows []moment) {
	mark := func(at time.Duration, what, words string) {
		if at >= from && at <= to {
			rows = append(rows, moment{at, Row{Cells: []string{s.h.When(at), what, "", words}}})
		}
	}
	for i := range s.h.Faults {
		fault := &s.h.Faults[i]
		what := fault.Name + " on " + nodeList(fault.Nodes)
		mark(fault.Start, "(fault)", what+" begins")
		if fault.End > 0 {
			mark(fault.End, "(fault)", what+" is healed")
		}
	}
	for _, i := range s.compacts {
		op := &s.h.Ops[i]
		mark(op.Call, "(compaction)", fmt.Sprintf("op %d asks for one up to revision %d", op.ID, op.Request.Revision))
	}
	return rows
}

// absent is the row of a change that was not delivered.
func (s *stream) absent(f focus) Row {
	words := fmt.Sprintf("%d delete %s", f.rev, f.key)
	if kv := f.lost.kv; kv != nil {
		words = pairText(kv)
	}
	return Row{[]string{"", "missing", fmt.Sprint(f.rev), text(words)}, true}
}

func (s *stream) ended() string {
	if s.w.Compacted > 0 {
		return fmt.Sprintf("ended by the store: compacted up to %d", s.w.Compacted)
	}
	return strings.TrimSpace("closed " + s.w.Error)
}

func messageOf(r *history.WatchResponse) string {
	switch n := len(r.Events); {
	case r.Created:
		return "created"
	case n == 1 && r.Fragment:
		return "1 event, goes on"
	case n == 1:
		return "1 event"
	case n > 0 && r.Fragment:
		return fmt.Sprintf("%d events, goes on", n)
	case n > 0:
		return fmt.Sprintf("%d events", n)
	case r.Progress:
		return "bookmark"
	}
	return "empty"
}

func revisionText(rev int64) string {
	if rev == 0 {
		return ""
	}
	return fmt.Sprint(rev)
}

// eventsOf are a response's events, those around the focus if there are many.
func eventsOf(r *history.WatchResponse, f focus) string {
	from := 0
	for i := range r.Events {
		if f.rev > 0 && r.Events[i].KV.Mod <= f.rev {
			from = i
		}
	}
	from = max(0, min(from-eventsShown/2, len(r.Events)-eventsShown))
	to := min(len(r.Events), from+eventsShown)
	var all []string
	if from > 0 {
		all = append(all, fmt.Sprintf("… %d before", from))
	}
	for i := from; i < to; i++ {
		all = append(all, text(eventText(&r.Events[i])))
	}
	if left := len(r.Events) - to; left > 0 {
		all = append(all, fmt.Sprintf("… %d more", left))
	}
	return strings.Join(all, "; ")
}

// eventText is an event as "24 put x = 3 (create 18, version 2), before it 2 of revision 18".
func eventText(ev *history.Event) string {
	words := fmt.Sprintf("%d delete %s", ev.KV.Mod, ev.KV.Key)
	if !ev.Delete {
		words = pairText(&ev.KV)
	}
	if ev.Prev != nil {
		words += fmt.Sprintf(", before it %s of revision %d", ev.Prev.Value, ev.Prev.Mod)
	}
	return words
}

func pairText(kv *history.KV) string {
	words := fmt.Sprintf("%d put %s = %s", kv.Mod, kv.Key, kv.Value)
	if kv.Version > 0 {
		words += fmt.Sprintf(" (create %d, version %d)", kv.Create, kv.Version)
	}
	return words
}
