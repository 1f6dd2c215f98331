package history

import (
	"strings"
	"time"
)

// form is how a kind of request is written: its verb, then these fields by position, then options.
type form struct {
	verb   string
	fields []string
}

var forms = [kinds]form{
	Get:        {"get", []string{"key"}},
	Put:        {"put", []string{"key", "value"}},
	Delete:     {"delete", []string{"key"}},
	CAS:        {"cas", []string{"key", "expect", "value"}},
	Range:      {"range", []string{"key", "end"}},
	Txn:        {"txn", nil},
	Compact:    {"compact", []string{"rev"}},
	Grant:      {"grant", []string{"ttl"}},
	Revoke:     {"revoke", []string{"lease"}},
	KeepAlive:  {"keepalive", []string{"lease"}},
	TimeToLive: {"timetolive", []string{"lease"}},
	Lock:       {"lock", []string{"key"}},
	Unlock:     {"unlock", []string{"key"}},
	Campaign:   {"campaign", []string{"key", "value"}},
	Proclaim:   {"proclaim", []string{"leader", "value"}},
	Resign:     {"resign", []string{"leader"}},
	Leader:     {"leader", []string{"key"}},
	Append:     {"append", []string{"key", "value"}},
	Pause:      {"pause", []string{"wait"}},
}

// String is the kind's verb in the text form.
func (k Kind) String() string {
	if k < kinds {
		return forms[k].verb
	}
	return "unknown kind"
}

var requestFields = []field[Request]{
	{"key", func(r *Request) slot { return (*textSlot)(&r.Key) }},
	{"end", func(r *Request) slot { return (*textSlot)(&r.End) }},
	{"expect", func(r *Request) slot { return (*textSlot)(&r.Expect) }},
	{"value", func(r *Request) slot { return (*textSlot)(&r.Value) }},
	{"rev", func(r *Request) slot { return (*numberSlot)(&r.Revision) }},
	{"limit", func(r *Request) slot { return (*numberSlot)(&r.Limit) }},
	{"lease", func(r *Request) slot { return (*numberSlot)(&r.Lease) }},
	{"ttl", func(r *Request) slot { return (*numberSlot)(&r.TTL) }},
	{"leader", func(r *Request) slot { return &leaderSlot{&r.Leader} }},
	{"wait", func(r *Request) slot { return &waitSlot{&r.Wait} }},
	{"serializable", func(r *Request) slot { return (*flagSlot)(&r.Serializable) }},
	{"keys-only", func(r *Request) slot { return (*flagSlot)(&r.KeysOnly) }},
	{"count-only", func(r *Request) slot { return (*flagSlot)(&r.CountOnly) }},
}

// String is the request as text, as in Op.String.
func (r Request) String() string {
	t := &text{}
	t.request(r)
	return string(t.b)
}

// ParseRequest reads a request in the form that Request.String writes: "put x 1 lease=7".
func ParseRequest(line string) (Request, error) {
	s := &scanner{line: line}
	r := s.request()
	return r, s.finish()
}

func (t *text) request(r Request) {
	if r.Kind >= kinds {
		t.bare("invalid")
		return
	}
	form := forms[r.Kind]
	t.bare(form.verb)
	for _, name := range form.fields {
		for _, f := range requestFields {
			if f.name == name {
				f.in(&r).write(t)
			}
		}
	}
	writeOptions(t, &r, requestFields, form.fields...)
	if len(r.If) > 0 {
		t.bare("if")
		t.block(len(r.If), func(i int) { t.compare(r.If[i]) })
	}
	for _, side := range []struct {
		name string
		ops  []Request
	}{{"then", r.Then}, {"else", r.Else}} {
		if len(side.ops) > 0 {
			t.bare(side.name)
			t.block(len(side.ops), func(i int) { t.request(side.ops[i]) })
		}
	}
}

// block writes a list in braces, separated by semicolons.
func (t *text) block(n int, each func(i int)) {
	t.open("{")
	for i := range n {
		if i > 0 {
			t.close(";")
		}
		each(i)
	}
	t.close("}")
}

// block reads a list in braces, separated by semicolons.
func (s *scanner) block(each func()) {
	s.enter()
	s.expect("{")
	for s.err == nil {
		each()
		if !s.accept(";") {
			break
		}
	}
	s.expect("}")
	s.leave()
}

func (s *scanner) request() Request {
	var r Request
	r.Kind = s.kind()
	for _, name := range forms[r.Kind].fields {
		for _, f := range requestFields {
			if f.name == name && s.err == nil {
				f.in(&r).read(s)
			}
		}
	}
	readOptions(s, &r, requestFields)
	if s.keyword("if") {
		s.block(func() { r.If = append(r.If, s.compare()) })
	}
	if s.keyword("then") {
		s.block(func() { r.Then = append(r.Then, s.request()) })
	}
	if s.keyword("else") {
		s.block(func() { r.Else = append(r.Else, s.request()) })
	}
	return r
}

func (s *scanner) kind() Kind {
	verb := s.peek()
	for k, form := range forms {
		if form.verb == verb {
			s.at += len(verb)
			return Kind(k)
		}
	}
	verbs := make([]string, kinds)
	for k, form := range forms {
		verbs[k] = form.verb
	}
	s.fail("expected a request, found %s; allowed: %s", s.rest(), strings.Join(verbs, ", "))
	return Get
}

// operators in the order of trying: the longer first.
var operators = []string{"!=", "=", "<", ">"}

var targets = []string{"value", "version", "mod", "create", "lease"}

func (t *text) compare(c Compare) {
	t.bare(c.Target)
	t.word(c.Key)
	t.bare(c.Op)
	if c.Target == "value" {
		t.word(c.Value)
		return
	}
	n := numberSlot(c.Number)
	n.write(t)
}

func (s *scanner) compare() Compare {
	var c Compare
	for _, target := range targets {
		if s.keyword(target) {
			c.Target = target
			break
		}
	}
	if c.Target == "" {
		s.fail("expected what to compare, found %s; allowed: %s", s.rest(), strings.Join(targets, ", "))
	}
	c.Key = s.word("a key")
	for _, op := range operators {
		if s.accept(op) {
			c.Op = op
			break
		}
	}
	if c.Op == "" {
		s.fail("expected a comparison, found %s; allowed: %s", s.rest(), strings.Join(operators, " "))
	}
	if c.Target == "value" {
		c.Value = s.word("a value")
	} else {
		c.Number = s.number("a number")
	}
	return c
}

// leaderSlot is a won election: (name key rev lease).
type leaderSlot struct{ key **LeaderKey }

func (x *leaderSlot) empty() bool { return *x.key == nil }

func (x *leaderSlot) write(t *text) {
	t.open("(")
	if k := *x.key; k != nil {
		t.word(k.Name)
		t.word(k.Key)
		rev, lease := numberSlot(k.Rev), numberSlot(k.Lease)
		rev.write(t)
		lease.write(t)
	}
	t.close(")")
}

func (x *leaderSlot) read(s *scanner) {
	s.expect("(")
	if s.accept(")") {
		*x.key = nil
		return
	}
	*x.key = &LeaderKey{Name: s.word("the election's name"), Key: s.word("the leader's key"), Rev: s.number("a revision"), Lease: s.number("a lease")}
	s.expect(")")
}

// waitSlot is a duration that the vocabulary keeps as nanoseconds.
type waitSlot struct{ nanos *int64 }

func (x *waitSlot) empty() bool     { return *x.nanos == 0 }
func (x *waitSlot) write(t *text)   { t.bare(time.Duration(*x.nanos).String()) }
func (x *waitSlot) read(s *scanner) { *x.nanos = int64(s.duration("a time to wait")) }
