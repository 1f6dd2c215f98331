package history

import "time"

// resultMember reads the value of a result's member, if the name is one's.
func (s *jsonScanner) resultMember(name []byte, r *Result) bool {
	switch string(name) {
	case "kvs":
		s.array(func() { r.KVs = append(r.KVs, s.pair()) })
	case "prev":
		s.array(func() { r.Prev = append(r.Prev, s.pair()) })
	case "won":
		r.Succeeded = s.flag()
	case "more":
		r.More = s.flag()
	case "count":
		r.Count = s.number()
	case "deleted":
		r.Deleted = s.number()
	case "granted_lease":
		r.Lease = s.number()
	case "ttl_left":
		r.TTL = s.number()
	case "ttl_granted":
		r.Granted = s.number()
	case "holder":
		r.Key = s.text()
	case "leader_key":
		r.Leader = s.leader()
	case "keys":
		s.array(func() { r.Keys = append(r.Keys, s.name()) })
	case "error":
		r.Error = s.name()
	case "responses":
		s.array(func() { r.Responses = append(r.Responses, s.answer()) })
	default:
		return s.headerMember(name, &r.Header)
	}
	return true
}

func (s *jsonScanner) headerMember(name []byte, h *Header) bool {
	switch string(name) {
	case "rev":
		h.Revision = s.number()
	case "term":
		h.Term = s.unsigned()
	case "member":
		h.Member = s.unsigned()
	case "cluster":
		h.Cluster = s.unsigned()
	default:
		return false
	}
	return true
}

func (s *jsonScanner) answer() Result {
	var r Result
	s.object(func(name []byte) {
		if string(name) == "type" {
			r.Outcome = outcomeOf(s.name())
		} else if !s.resultMember(name, &r) {
			s.fail("unknown member %q of a response", name)
		}
	})
	return r
}

func (s *jsonScanner) pair() KV {
	var kv KV
	s.object(func(name []byte) {
		switch string(name) {
		case "key":
			kv.Key = s.name()
		case "value":
			kv.Value = s.text()
		case "create":
			kv.Create = s.number()
		case "mod":
			kv.Mod = s.number()
		case "version":
			kv.Version = s.number()
		case "lease":
			kv.Lease = s.number()
		default:
			s.fail("unknown member %q of a pair", name)
		}
	})
	return kv
}

func (s *jsonScanner) leader() *LeaderKey {
	var k LeaderKey
	s.object(func(name []byte) {
		switch string(name) {
		case "name":
			k.Name = s.name()
		case "key":
			k.Key = s.text()
		case "rev":
			k.Rev = s.number()
		case "lease":
			k.Lease = s.number()
		default:
			s.fail("unknown member %q of a leader", name)
		}
	})
	return &k
}

func (s *jsonScanner) watch() *Watch {
	w := &Watch{Resumes: -1}
	s.object(func(name []byte) {
		switch string(name) {
		case "type":
			s.skip()
		case "watch":
			w.ID = int(s.number())
		case "node":
			w.Node = NodeID(s.name())
		case "purpose":
			w.Purpose = s.name()
		case "key":
			w.Key = s.text()
		case "end":
			w.End = s.text()
		case "start":
			w.Start = s.number()
		case "prev_kv":
			w.PrevKV = s.flag()
		case "progress":
			w.Progress = s.flag()
		case "fragment":
			w.Fragment = s.flag()
		case "no_put":
			w.NoPut = s.flag()
		case "no_delete":
			w.NoDelete = s.flag()
		case "resumes":
			w.Resumes = int(s.number())
		case "opened":
			w.Opened = time.Duration(s.number())
		case "closed":
			w.Closed = time.Duration(s.number())
		case "compacted":
			w.Compacted = s.number()
		case "error":
			w.Error = s.text()
		default:
			s.fail("unknown member %q of a watch", name)
		}
	})
	return w
}

func (s *jsonScanner) response() (*WatchResponse, int) {
	r, watch := &WatchResponse{}, 0
	s.object(func(name []byte) {
		switch string(name) {
		case "type":
			s.skip()
		case "watch":
			watch = int(s.number())
		case "time":
			r.At = time.Duration(s.number())
		case "created":
			r.Created = s.flag()
		case "progress":
			r.Progress = s.flag()
		case "fragment":
			r.Fragment = s.flag()
		case "events":
			s.array(func() { r.Events = append(r.Events, s.event()) })
		default:
			if !s.headerMember(name, &r.Header) {
				s.fail("unknown member %q of a response", name)
			}
		}
	})
	return r, watch
}

func (s *jsonScanner) event() Event {
	var e Event
	s.object(func(name []byte) {
		switch string(name) {
		case "put":
			e.KV = s.pair()
		case "delete":
			e.KV, e.Delete = s.pair(), true
		case "prev":
			prev := s.pair()
			e.Prev = &prev
		default:
			s.fail("unknown member %q of an event", name)
		}
	})
	return e
}
