package history

import (
	"strconv"
	"strings"
)

var resultFields = []field[Result]{
	{"count", func(r *Result) slot { return (*numberSlot)(&r.Count) }},
	{"deleted", func(r *Result) slot { return (*numberSlot)(&r.Deleted) }},
	{"key", func(r *Result) slot { return (*textSlot)(&r.Key) }},
	{"lease", func(r *Result) slot { return (*numberSlot)(&r.Lease) }},
	{"ttl", func(r *Result) slot { return (*numberSlot)(&r.TTL) }},
	{"granted", func(r *Result) slot { return (*numberSlot)(&r.Granted) }},
	{"keys", func(r *Result) slot { return (*wordsSlot)(&r.Keys) }},
	{"leader", func(r *Result) slot { return &leaderSlot{&r.Leader} }},
	{"prev", func(r *Result) slot { return (*pairsSlot)(&r.Prev) }},
	{"rev", func(r *Result) slot { return (*numberSlot)(&r.Header.Revision) }},
	{"member", func(r *Result) slot { return (*unsignedSlot)(&r.Header.Member) }},
	{"cluster", func(r *Result) slot { return (*unsignedSlot)(&r.Header.Cluster) }},
	{"term", func(r *Result) slot { return (*unsignedSlot)(&r.Header.Term) }},
	{"more", func(r *Result) slot { return (*flagSlot)(&r.More) }},
}

var pairFields = []field[KV]{
	{"create", func(kv *KV) slot { return (*numberSlot)(&kv.Create) }},
	{"mod", func(kv *KV) slot { return (*numberSlot)(&kv.Mod) }},
	{"version", func(kv *KV) slot { return (*numberSlot)(&kv.Version) }},
	{"lease", func(kv *KV) slot { return (*numberSlot)(&kv.Lease) }},
}

// observes reports whether the result's text shows the value read at the request's key right after the outcome: of a
// get, and of a CAS that was lost.
func observes(req Request, res Result) bool {
	return res.Outcome == OK && !res.Succeeded && (req.Kind == Get || req.Kind == CAS)
}

// guarded reports whether "lost" is said if the compare did not hold.
func guarded(req Request) bool { return req.Kind == CAS || req.Kind == Txn }

// result writes what the client was told. Inside a transaction's answer, a result whose outcome is not set says nothing
// of it.
func (t *text) result(req Request, res Result, nested bool) {
	short := observes(req, res) && len(res.KVs) == 1 && res.KVs[0].Key == req.Key && res.Lease == 0
	// A lost CAS without a revision did not look: all that is known is that the value differed.
	absent := observes(req, res) && len(res.KVs) == 0 && (req.Kind == Get || res.Header.Revision != 0)
	lost := guarded(req) && res.Outcome == OK && !res.Succeeded
	switch {
	case lost:
		t.bare("lost")
	case res.Outcome == OK && !short && !absent:
		t.bare("ok")
	case res.Outcome == Fail:
		t.bare("fail")
	case res.Outcome == Unknown && (!nested || res.Error != ""):
		t.bare("unknown")
	}
	// The compare's result is the outcome's word where a word for it exists.
	if res.Succeeded && (!guarded(req) || res.Outcome != OK) {
		t.bare("won")
	}
	switch {
	case absent:
		t.bare("absent")
	case short:
		if value := res.KVs[0].Value; resultWord(value) {
			t.bare(strconv.Quote(value))
		} else {
			t.word(value)
		}
		writeOptions(t, &res.KVs[0], pairFields)
	default:
		for _, kv := range res.KVs {
			t.pair(kv)
		}
	}
	writeOptions(t, &res, resultFields)
	if len(res.Responses) > 0 {
		side := sideTaken(req, res)
		t.block(len(res.Responses), func(i int) { t.result(nth(side, i), res.Responses[i], true) })
	}
	if res.Error != "" {
		t.reason(res.Error)
	}
}

// result reads what the client was told.
func (s *scanner) result(req Request, nested bool) Result {
	var res Result
	word := s.outcome(req, &res, nested)
	if s.keyword("won") {
		res.Succeeded = true
	}
	switch {
	case s.keyword("absent"):
	case (word == "" || word == "lost") && observes(req, res) && !s.done() && !s.punctuation() && s.valueAhead():
		kv := KV{Key: req.Key, Value: s.word("a value")}
		for readOption(s, &kv, pairFields) {
		}
		res.KVs = []KV{kv}
	default:
		for s.err == nil && s.ahead("(") {
			res.KVs = append(res.KVs, s.pair())
		}
	}
	readOptions(s, &res, resultFields)
	if s.ahead("{") {
		side := sideTaken(req, res)
		s.block(func() { res.Responses = append(res.Responses, s.result(nth(side, len(res.Responses)), true)) })
	}
	if !s.done() && !s.ahead(";") && !s.ahead("}") {
		res.Error = s.reason()
	}
	return res
}

// outcomes are the words for outcomes, by number.
var outcomes = []string{Unknown: "unknown", OK: "ok", Fail: "fail"}

// String is the outcome's word.
func (o Outcome) String() string {
	if int(o) < len(outcomes) {
		return outcomes[o]
	}
	return "unknown"
}

// outcome reads the outcome's word, if there is one: a value that was read stands for itself.
func (s *scanner) outcome(req Request, res *Result, nested bool) string {
	for outcome, word := range outcomes {
		if s.keyword(word) {
			res.Outcome = Outcome(outcome)
			res.Succeeded = guarded(req) && res.Outcome == OK
			return word
		}
	}
	switch {
	case guarded(req) && s.keyword("lost"):
		res.Outcome = OK
		return "lost"
	case req.Kind == Get && s.valueAhead():
		res.Outcome = OK
	case !nested:
		s.fail(`expected a result, found %s; allowed: %s`, s.rest(), resultWords(req))
	}
	return ""
}

// valueAhead reports whether a read value or "absent" comes next. Inside a transaction's answer, nothing may come.
func (s *scanner) valueAhead() bool {
	if s.ahead(`"`) {
		return true
	}
	word := s.peek()
	return word != "" && !s.optionAhead() && word != "won" && word != "more"
}

func resultWords(req Request) string {
	switch {
	case req.Kind == Get:
		return "a value, absent, ok, fail, unknown"
	case guarded(req):
		return "ok, lost, fail, unknown"
	}
	return "ok, fail, unknown"
}

// resultWord reports whether a value would be taken for a word of the language.
func resultWord(value string) bool {
	switch value {
	case "ok", "lost", "fail", "unknown", "won", "absent", "more":
		return true
	}
	return false
}

func (s *scanner) ahead(mark string) bool {
	s.space()
	return s.err == nil && strings.HasPrefix(s.line[s.at:], mark)
}

func (s *scanner) punctuation() bool {
	return s.ahead("(") || s.ahead("{") || s.ahead(";") || s.ahead("}")
}

// sideTaken is the list of requests that a transaction's responses answer.
func sideTaken(req Request, res Result) []Request {
	if res.Succeeded {
		return req.Then
	}
	return req.Else
}

// nth is the i-th request; with an answer too many, a request of no use to it.
func nth(side []Request, i int) Request {
	if i < len(side) {
		return side[i]
	}
	return Request{Kind: Range}
}

// pair writes a key with its value and its place in the store's history: (x 1 create=2 mod=5 version=2).
func (t *text) pair(kv KV) {
	t.open("(")
	t.word(kv.Key)
	t.word(kv.Value)
	writeOptions(t, &kv, pairFields)
	t.close(")")
}

func (s *scanner) pair() KV {
	s.expect("(")
	kv := KV{Key: s.word("a key"), Value: s.word("a value")}
	readOptions(s, &kv, pairFields)
	s.expect(")")
	return kv
}
