package history

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// lines of the text form, by their first word. A line that begins with none of them is an operation.
var lineForms = []struct {
	word string
	read func(*scanner, *History)
}{
	{"meta", func(s *scanner, h *History) { readOptions(s, &h.Meta, metaFields) }},
	{"watch", (*scanner).watch},
	{"response", (*scanner).response},
	{"fault", (*scanner).fault},
	{"status", (*scanner).status},
	{"evidence", (*scanner).evidence},
	{"lead", (*scanner).lead},
	{"crash", (*scanner).crash},
	{"exit", (*scanner).exit},
	{"snapshot", (*scanner).snapshot},
	{"wal", (*scanner).wal},
	{"state", (*scanner).state},
	{"entry", (*scanner).entry},
}

// ParseHistory reads a history in the text form, one record a line. Empty lines and lines that begin with "#" are
// comments. The operations are numbered from 0 in the order of their calls.
func ParseHistory(text string) (*History, error) {
	h := &History{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		s := &scanner{line: line}
		s.record(h)
		if err := s.finish(); err != nil {
			var parse *ParseError
			if errors.As(err, &parse) {
				parse.Line = i + 1
			}
			return nil, err
		}
	}
	for i := range h.Ops {
		h.Ops[i].ID = i
	}
	h.Sort()
	return h, nil
}

func (s *scanner) record(h *History) {
	for _, form := range lineForms {
		if s.keyword(form.word) {
			form.read(s, h)
			return
		}
	}
	h.Ops = append(h.Ops, s.op())
}

// String is the history in the text form that ParseHistory reads.
func (h *History) String() string {
	var b strings.Builder
	line := func(write func(*text)) {
		t := &text{}
		write(t)
		b.Write(t.b)
		b.WriteByte('\n')
	}
	meta := &text{}
	if writeOptions(meta, &h.Meta, metaFields); len(meta.b) > 0 {
		b.WriteString("meta " + string(meta.b) + "\n")
	}
	for _, op := range h.Ops {
		b.WriteString(op.String() + "\n")
	}
	for _, w := range h.Watches {
		line(func(t *text) { t.watch(w) })
		for _, r := range w.Responses {
			line(func(t *text) { t.response(w.ID, r) })
		}
	}
	for _, f := range h.Faults {
		line(func(t *text) { t.fault(f) })
	}
	for _, st := range h.Statuses {
		line(func(t *text) { t.status(st) })
	}
	for _, e := range h.Evidence {
		evidenceLines(e, line)
	}
	return b.String()
}

var metaFields = []field[Meta]{
	{"run", func(m *Meta) slot { return (*textSlot)(&m.Run) }},
	{"scenario", func(m *Meta) slot { return (*textSlot)(&m.Scenario) }},
	{"workload", func(m *Meta) slot { return (*textSlot)(&m.Workload) }},
	{"target", func(m *Meta) slot { return (*textSlot)(&m.Target) }},
	{"version", func(m *Meta) slot { return (*textSlot)(&m.Version) }},
	{"nodes", func(m *Meta) slot { return (*nodesSlot)(&m.Nodes) }},
	{"seed", func(m *Meta) slot { return (*unsignedSlot)(&m.Seed) }},
	{"epoch", func(m *Meta) slot { return (*timeSlot)(&m.Epoch) }},
	{"consistency", func(m *Meta) slot { return (*textSlot)(&m.Consistency) }},
	{"judge", func(m *Meta) slot { return (*textSlot)(&m.Judge) }},
	{"rate", func(m *Meta) slot { return (*rateSlot)(&m.Rate) }},
	{"open", func(m *Meta) slot { return (*flagSlot)(&m.Open) }},
	{"clients", func(m *Meta) slot { return (*intSlot)(&m.Clients) }},
	{"interrupted", func(m *Meta) slot { return (*flagSlot)(&m.Interrupted) }},
	{"load-start", func(m *Meta) slot { return (*durationSlot)(&m.LoadStart) }},
	{"load-end", func(m *Meta) slot { return (*durationSlot)(&m.LoadEnd) }},
	{"healed", func(m *Meta) slot { return (*durationSlot)(&m.Healed) }},
	{"converged", func(m *Meta) slot { return (*durationSlot)(&m.Converged) }},
	{"final-start", func(m *Meta) slot { return (*durationSlot)(&m.FinalStart) }},
	{"final-end", func(m *Meta) slot { return (*durationSlot)(&m.FinalEnd) }},
	{"unsent", func(m *Meta) slot { return (*countsSlot)(&m.Unsent) }},
	{"planned", func(m *Meta) slot { return (*intSlot)(&m.Planned) }},
	{"election-timeout", func(m *Meta) slot { return (*durationSlot)(&m.ElectionTimeout) }},
}

var faultFields = []field[Fault]{
	{"nodes", func(f *Fault) slot { return (*nodesSlot)(&f.Nodes) }},
	{"shape", func(f *Fault) slot { return (*textSlot)(&f.Shape) }},
	{"took-effect", func(f *Fault) slot { return (*flagSlot)(&f.TookEffect) }},
	{"evidence", func(f *Fault) slot { return (*wordsSlot)(&f.Evidence) }},
	{"error", func(f *Fault) slot { return (*textSlot)(&f.Error) }},
	{"leader-before", func(f *Fault) slot { return (*textSlot)(&f.LeaderBefore) }},
	{"term-before", func(f *Fault) slot { return (*unsignedSlot)(&f.TermBefore) }},
	{"step", func(f *Fault) slot { return (*textSlot)(&f.Step) }},
}

// fault writes: fault 0 [8s 8.1s 10s 10.3s] kill leader nodes=(n2) took-effect evidence=("pid 41 is gone").
func (t *text) fault(f Fault) {
	t.bare(fmt.Sprintf("fault %d", f.ID))
	t.times(f.Start, f.Active, f.Heal, f.End)
	t.word(f.Name)
	t.word(f.Target)
	writeOptions(t, &f, faultFields)
}

func (s *scanner) fault(h *History) {
	f := Fault{ID: int(s.number("the fault's number"))}
	s.expect("[")
	for _, at := range []struct {
		what string
		to   *time.Duration
	}{{"the start", &f.Start}, {"when it was active", &f.Active}, {"when healing began", &f.Heal}, {"the end", &f.End}} {
		*at.to = s.duration(at.what)
	}
	s.expect("]")
	f.Name = s.word("the fault's name")
	f.Target = s.word("the fault's target")
	readOptions(s, &f, faultFields)
	h.Faults = append(h.Faults, f)
}

var statusFields = []field[Status]{
	{"member", func(st *Status) slot { return (*unsignedSlot)(&st.Member) }},
	{"leader", func(st *Status) slot { return (*textSlot)(&st.Leader) }},
	{"term", func(st *Status) slot { return (*unsignedSlot)(&st.Term) }},
	{"index", func(st *Status) slot { return (*unsignedSlot)(&st.Index) }},
	{"applied", func(st *Status) slot { return (*unsignedSlot)(&st.Applied) }},
	{"rev", func(st *Status) slot { return (*numberSlot)(&st.Revision) }},
	{"db", func(st *Status) slot { return (*numberSlot)(&st.DBBytes) }},
	{"errors", func(st *Status) slot { return (*wordsSlot)(&st.Errors) }},
}

// status writes: status n1 [3s] up running leader=n2 term=3 rev=8.
func (t *text) status(st Status) {
	t.bare("status")
	t.word(string(st.Node))
	t.times(st.At)
	if st.Up {
		t.bare("up")
	} else {
		t.bare("down")
	}
	t.word(st.State)
	writeOptions(t, &st, statusFields)
}

func (s *scanner) status(h *History) {
	st := Status{Node: NodeID(s.word("a node"))}
	st.At = s.moment()
	st.Up = s.keyword("up")
	if !st.Up && !s.keyword("down") {
		s.fail("expected up or down, found %s", s.rest())
	}
	st.State = s.word("the process's state")
	readOptions(s, &st, statusFields)
	h.Statuses = append(h.Statuses, st)
}

// moment reads one time in brackets.
func (s *scanner) moment() time.Duration {
	s.expect("[")
	at := s.duration("a time")
	s.expect("]")
	return at
}
