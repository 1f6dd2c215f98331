package history

import "strconv"

// evidenceLines writes what was read from one member, a line for each finding:
//
//	evidence n1 member=7 restarts=1 rev=9 hash=123 notes=("no snapshot")
//	lead n1 [3s] term=2
//	crash n1 [4s] panic "panic: boom" no=12
//	exit n1 [4s] "exit status 2" tail=("panic: boom")
//	snapshot n1 index=100 term=2
//	wal n1 first=1 commit=9 term=2
//	state n1 term=2 vote=7 commit=9
//	entry n1 index=5 term=2 digest=77 put x 1
func evidenceLines(e Evidence, line func(func(*text))) {
	of := func(word string, rest func(*text)) {
		line(func(t *text) {
			t.bare(word)
			t.word(string(e.Node))
			rest(t)
		})
	}
	of("evidence", func(t *text) { writeOptions(t, &e, evidenceFields) })
	for _, l := range e.Leads {
		of("lead", func(t *text) { t.times(l.At); writeOptions(t, &l, leadFields) })
	}
	for _, c := range e.Crashes {
		of("crash", func(t *text) { t.times(c.At); t.word(c.Class); t.word(c.Line); writeOptions(t, &c, crashFields) })
	}
	for _, x := range e.Exits {
		of("exit", func(t *text) { t.times(x.At); t.word(x.Status); writeOptions(t, &x, exitFields) })
	}
	for _, s := range e.Snaps {
		of("snapshot", func(t *text) { writeOptions(t, &s, snapshotFields) })
	}
	if e.WAL == nil {
		return
	}
	of("wal", func(t *text) { writeOptions(t, e.WAL, walFields) })
	for _, s := range e.WAL.States {
		of("state", func(t *text) { writeOptions(t, &s, stateFields) })
	}
	for _, entry := range e.WAL.Entries {
		of("entry", func(t *text) {
			writeOptions(t, &entry, entryFields)
			if entry.Request != nil {
				t.request(*entry.Request)
			}
		})
	}
}

var evidenceFields = []field[Evidence]{
	{"member", func(e *Evidence) slot { return (*unsignedSlot)(&e.Member) }},
	{"restarts", func(e *Evidence) slot { return (*intSlot)(&e.Restarts) }},
	{"hash", func(e *Evidence) slot { return &hashSlot{&e.Hash} }},
	{"notes", func(e *Evidence) slot { return (*wordsSlot)(&e.Notes) }},
}

var leadFields = []field[Lead]{
	{"term", func(l *Lead) slot { return (*unsignedSlot)(&l.Term) }},
}

var crashFields = []field[LogLine]{
	{"no", func(l *LogLine) slot { return (*intSlot)(&l.No) }},
}

var exitFields = []field[Exit]{
	{"tail", func(x *Exit) slot { return (*wordsSlot)(&x.Tail) }},
}

var snapshotFields = []field[Snapshot]{
	{"index", func(x *Snapshot) slot { return (*unsignedSlot)(&x.Index) }},
	{"term", func(x *Snapshot) slot { return (*unsignedSlot)(&x.Term) }},
}

var walFields = []field[WAL]{
	{"first", func(w *WAL) slot { return (*unsignedSlot)(&w.First) }},
	{"commit", func(w *WAL) slot { return (*unsignedSlot)(&w.Commit) }},
	{"term", func(w *WAL) slot { return (*unsignedSlot)(&w.Term) }},
}

var stateFields = []field[HardState]{
	{"term", func(x *HardState) slot { return (*unsignedSlot)(&x.Term) }},
	{"vote", func(x *HardState) slot { return (*unsignedSlot)(&x.Vote) }},
	{"commit", func(x *HardState) slot { return (*unsignedSlot)(&x.Commit) }},
}

var entryFields = []field[Entry]{
	{"index", func(x *Entry) slot { return (*unsignedSlot)(&x.Index) }},
	{"term", func(x *Entry) slot { return (*unsignedSlot)(&x.Term) }},
	{"digest", func(x *Entry) slot { return (*unsignedSlot)(&x.Digest) }},
}

// hashSlot is the hash of a member's store: (revision compacted hash).
type hashSlot struct{ hash **HashKV }

func (x *hashSlot) empty() bool { return *x.hash == nil }

func (x *hashSlot) write(t *text) {
	h := *x.hash
	t.open("(")
	t.bare(strconv.FormatInt(h.Revision, 10))
	t.bare(strconv.FormatInt(h.Compact, 10))
	t.bare(strconv.FormatUint(uint64(h.Hash), 10))
	t.close(")")
}

func (x *hashSlot) read(s *scanner) {
	s.expect("(")
	h := HashKV{Revision: s.number("a revision"), Compact: s.number("the compacted revision")}
	sum := s.unsigned("a hash")
	if sum > 1<<32-1 {
		s.fail("a hash has 32 bits, found %d", sum)
	}
	h.Hash = uint32(sum)
	s.expect(")")
	*x.hash = &h
}

func (s *scanner) evidence(h *History) {
	e := Evidence{Node: NodeID(s.word("a node"))}
	readOptions(s, &e, evidenceFields)
	h.Evidence = append(h.Evidence, e)
}

// member is the evidence that the line adds to: the last of its node.
func (s *scanner) member(h *History) *Evidence {
	node := NodeID(s.word("a node"))
	for i := len(h.Evidence) - 1; i >= 0; i-- {
		if h.Evidence[i].Node == node {
			return &h.Evidence[i]
		}
	}
	s.fail("no evidence line above for %q", node)
	return &Evidence{}
}

func (s *scanner) lead(h *History) {
	e := s.member(h)
	l := Lead{At: s.moment()}
	readOptions(s, &l, leadFields)
	e.Leads = append(e.Leads, l)
}

func (s *scanner) crash(h *History) {
	e := s.member(h)
	c := LogLine{At: s.moment(), Class: s.word("the crash's class"), Line: s.word("the log's line")}
	readOptions(s, &c, crashFields)
	e.Crashes = append(e.Crashes, c)
}

func (s *scanner) exit(h *History) {
	e := s.member(h)
	x := Exit{At: s.moment(), Status: s.word("the exit status")}
	readOptions(s, &x, exitFields)
	e.Exits = append(e.Exits, x)
}

func (s *scanner) snapshot(h *History) {
	e := s.member(h)
	var x Snapshot
	readOptions(s, &x, snapshotFields)
	e.Snaps = append(e.Snaps, x)
}

func (s *scanner) wal(h *History) {
	e := s.member(h)
	e.WAL = &WAL{}
	readOptions(s, e.WAL, walFields)
}

// log is the write-ahead log that the line adds to.
func (s *scanner) log(h *History) *WAL {
	e := s.member(h)
	if e.WAL == nil {
		s.fail("no wal line above for %q", e.Node)
		return &WAL{}
	}
	return e.WAL
}

func (s *scanner) state(h *History) {
	w := s.log(h)
	var x HardState
	readOptions(s, &x, stateFields)
	w.States = append(w.States, x)
}

func (s *scanner) entry(h *History) {
	w := s.log(h)
	var x Entry
	readOptions(s, &x, entryFields)
	if !s.done() {
		r := s.request()
		x.Request = &r
	}
	w.Entries = append(w.Entries, x)
}
