package history

import (
	"strings"
	"time"
)

// record reads one line of JSON.
func (s *jsonScanner) record() Record {
	kind := s.kind()
	var r Record
	switch kind {
	case "watch":
		r.Watch = s.watch()
	case "response":
		r.Response, r.WatchID = s.response()
	case "status":
		s.only("status", func() { r.Status = unmarshal[Status](s) })
	case "evidence":
		s.only("evidence", func() { r.Evidence = unmarshal[Evidence](s) })
	case "meta":
		s.only("meta", func() { r.Meta = unmarshal[Meta](s) })
	case "nemesis":
		s.only("fault", func() { r.Fault = unmarshal[Fault](s) })
	case "invoke", "ok", "fail", "info":
		op := s.op(kind)
		if r.Return = op; kind == "invoke" {
			r = Record{Call: op}
		}
	default:
		s.fail("unknown type %q; allowed: invoke, ok, fail, info, watch, response, status, evidence, meta", kind)
	}
	if s.err == nil && s.next() != 0 {
		s.fail("expected the end of the line, found %s", s.found())
	}
	return r
}

// kind is the line's type, wherever it stands; "nemesis" for a fault.
func (s *jsonScanner) kind() string {
	kind, start := "", s.at
	s.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind = s.name()
			// Lines have their type early, and only an info can be something else.
			s.stop = kind != "info"
		case "fault":
			kind = "nemesis"
			s.stop = true
		default:
			s.skip()
		}
	})
	s.stop = false
	if s.err == nil {
		s.at = start
	}
	return kind
}

// only reads an object of which one member counts.
func (s *jsonScanner) only(member string, read func()) {
	found := false
	s.object(func(name []byte) {
		if string(name) != member {
			s.skip()
			return
		}
		found = true
		read()
	})
	if !found {
		s.fail("no member %q", member)
	}
}

func (s *jsonScanner) op(kind string) *Op {
	op := &Op{}
	var at time.Duration
	var read KV // what a get read
	null, due, f := false, false, false
	s.object(func(name []byte) {
		switch string(name) {
		case "index":
			op.ID = int(s.number())
		case "type":
			s.skip()
		case "process":
			op.Process = Process(s.number())
		case "time":
			at = time.Duration(s.number())
		case "call":
			op.Call = time.Duration(s.number())
		case "due":
			op.Due, due = time.Duration(s.number()), true
		case "stage":
			op.Stage = s.stage()
		case "node":
			op.Node = NodeID(s.name())
		case "create":
			read.Create = s.number()
		case "mod":
			read.Mod = s.number()
		case "version":
			read.Version = s.number()
		case "value":
			if null = s.null(); !null {
				s.value(&op.Request)
			}
		default:
			f = f || string(name) == "f"
			if !s.requestMember(name, &op.Request) && !s.resultMember(name, &op.Result) {
				s.fail("unknown member %q", name)
			}
		}
	})
	if !f {
		s.fail("no member %q", "f")
	}
	if op.Return = at; kind == "invoke" {
		op.Call, op.Return = at, 0
	}
	if !due {
		op.Due = op.Call
	}
	op.Result.Outcome = outcomeOf(kind)
	if op.Request.Kind == Get {
		if op.Result.Outcome == OK && !null && op.Result.KVs == nil {
			read.Key, read.Value = op.Request.Key, op.Request.Value
			op.Result.KVs = []KV{read}
		}
		op.Request.Value = ""
	}
	return op
}

func outcomeOf(kind string) Outcome {
	switch kind {
	case "ok":
		return OK
	case "fail":
		return Fail
	}
	return Unknown
}

func (s *jsonScanner) stage() Stage {
	word := s.name()
	for i, name := range stages {
		if name == word {
			return Stage(i)
		}
	}
	s.fail("unknown stage %q; allowed: %s", word, strings.Join(stages, ", "))
	return Load
}

// value reads what is written; of a CAS, the pair of what is expected and what is written.
func (s *jsonScanner) value(r *Request) {
	if s.next() != '[' {
		r.Value = s.text()
		return
	}
	n := 0
	s.array(func() {
		switch n++; n {
		case 1:
			r.Expect = s.text()
		case 2:
			r.Value = s.text()
		default:
			s.fail("a value with more than two parts")
		}
	})
}

// requestMember reads the value of a request's member, if the name is one's.
func (s *jsonScanner) requestMember(name []byte, r *Request) bool {
	switch string(name) {
	case "f":
		r.Kind = s.function()
	case "key":
		r.Key = s.name()
	case "end":
		r.End = s.name()
	case "value":
		s.value(r)
	case "at":
		r.Revision = s.number()
	case "limit":
		r.Limit = s.number()
	case "lease":
		r.Lease = s.number()
	case "ttl":
		r.TTL = s.number()
	case "wait":
		r.Wait = s.number()
	case "serializable":
		r.Serializable = s.flag()
	case "keys_only":
		r.KeysOnly = s.flag()
	case "count_only":
		r.CountOnly = s.flag()
	case "leader":
		r.Leader = s.leader()
	case "if":
		s.array(func() { r.If = append(r.If, s.compare()) })
	case "then":
		s.array(func() { r.Then = append(r.Then, s.request()) })
	case "else":
		s.array(func() { r.Else = append(r.Else, s.request()) })
	default:
		return false
	}
	return true
}

func (s *jsonScanner) request() Request {
	var r Request
	f := false
	s.object(func(name []byte) {
		f = f || string(name) == "f"
		if !s.requestMember(name, &r) {
			s.fail("unknown member %q of a request", name)
		}
	})
	if !f {
		s.fail("a request without %q", "f")
	}
	return r
}

func (s *jsonScanner) function() Kind {
	word := s.name()
	for k := range kinds {
		if functionName(k) == word {
			return k
		}
	}
	var allowed []string
	for k := range kinds {
		allowed = append(allowed, functionName(k))
	}
	s.fail("unknown f %q; allowed: %s", word, strings.Join(allowed, ", "))
	return Get
}

func (s *jsonScanner) compare() Compare {
	var c Compare
	s.object(func(name []byte) {
		switch string(name) {
		case "key":
			c.Key = s.name()
		case "target":
			c.Target = s.name()
		case "op":
			c.Op = s.name()
		case "value":
			c.Value = s.text()
		case "number":
			c.Number = s.number()
		default:
			s.fail("unknown member %q of a condition", name)
		}
	})
	return c
}
