package certificate

import (
	"fmt"
	"strings"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// learned is what a stream has been shown of the store and its clients so far: what Rules tell of a whole history.
type learned struct {
	tells    map[teller]bool          // answers of this kind tell what they replaced
	silences map[teller]StreamFinding // the first that told nothing, and would be wrong if its kind tells
	exempted []string                 // prefixes of keys that the store writes itself, for locks and elections
	named    map[string]bool          // keys that an operation named; nil = too many to keep
	ranges   map[[2]string]bool       // ranges that an operation may have deleted
	others   map[string]int64         // keys that nobody had named, with the revision that changed them
	asked    *teller                  // by supposed
	dropped  int                      // changes that were not kept
}

// teller is a kind of request, at the top or inside a transaction.
type teller struct {
	kind  history.Kind
	inner bool
}

// namedLimit is the most keys that are kept for being named; beyond, no key is taken for somebody else's.
const namedLimit = 1 << 20

func newLearned() learned {
	return learned{tells: map[teller]bool{}, silences: map[teller]StreamFinding{}, named: map[string]bool{},
		ranges: map[[2]string]bool{}, others: map[string]int64{}, asked: &teller{}}
}

func (l *learned) told(kind history.Kind, inner bool) bool { return l.tells[teller{kind, inner}] }

// supposed is told, if all kinds of which nothing is known yet tell.
func (l *learned) supposed(kind history.Kind, inner bool) bool {
	*l.asked = teller{kind, inner}
	_, known := l.silences[*l.asked]
	return !known
}

func (l *learned) exempt(key string) bool {
	for _, p := range l.exempted {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// outside reports whether no operation has named the key so far, or may have deleted it.
func (l *learned) outside(key string) bool {
	if l.named == nil || l.named[key] {
		return false
	}
	for r := range l.ranges {
		if model.Covers(r[0], r[1], key) {
			return false
		}
	}
	return true
}

// foreign remembers keys that were taken for somebody else's.
func (l *learned) foreign(rev int64, changes []model.Change) {
	for i := range changes {
		if key := changes[i].KV.Key; l.outside(key) && !l.exempt(key) {
			l.others[key] = rev
		}
	}
}

// Named takes a request when it is called: what nobody names is somebody else's.
func (s *Stream) Named(req *history.Request) {
	l := &s.learned
	switch req.Kind {
	case history.Lock, history.Campaign, history.Leader:
		if prefix := req.Key + "/"; !l.exempt(prefix) {
			l.exempted = append(l.exempted, prefix)
		}
	}
	eachNamed(req, func(req *history.Request) {
		switch {
		case req.End == "" && l.named != nil && !l.named[req.Key]:
			l.named[strings.Clone(req.Key)] = true
			if len(l.named) > namedLimit {
				l.named = nil
			}
		case req.End != "" && req.Kind == history.Delete:
			l.ranges[[2]string{req.Key, req.End}] = true
		default:
			return
		}
		for key, rev := range l.others {
			if model.Covers(req.Key, req.End, key) && !l.exempt(key) {
				delete(l.others, key)
				s.giveUp(fmt.Sprintf("revision %d changed %s, which nobody had named, and which was named later", rev, key))
			}
		}
	})
}

// learn takes what an answer shows of what answers tell.
func (s *Stream) learn(req *history.Request, res *history.Result) {
	if req.Kind != history.Txn {
		if len(res.Prev) > 0 {
			s.tells(teller{req.Kind, false})
		}
		return
	}
	side := model.Side(req, res.Succeeded)
	for i := range res.Responses {
		if i < len(side) && len(res.Responses[i].Prev) > 0 {
			s.tells(teller{side[i].Kind, true})
		}
	}
}

func (s *Stream) tells(k teller) {
	l := &s.learned
	if l.tells[k] {
		return
	}
	l.tells[k] = true
	if f, ok := l.silences[k]; ok {
		s.find(f)
	}
}

// differs compares an answer. One that tells nothing of what it replaced is wrong only if others of its kind tell: the
// first of a kind is kept until one does.
func (s *Stream) differs(op *history.Op, want *history.Result) string {
	d := model.Differs(&op.Request, &op.Result, want, s.rules.Told)
	if kind := op.Request.Kind; kind != history.Txn && (op.Request.ReadOnly() || s.learned.told(kind, false)) {
		return d // whatever it tells was compared
	}
	for d == "" {
		silent := model.Differs(&op.Request, &op.Result, want, func(kind history.Kind, inner bool) bool {
			return s.learned.told(kind, inner) || s.learned.supposed(kind, inner)
		})
		if silent == "" {
			break
		}
		s.learned.silences[*s.learned.asked] = StreamFinding{Kind: Answer, Op: op, Rev: op.Result.Header.Revision,
			Keys: differing(&op.Request, &op.Result, want), Why: fmt.Sprintf("was answered at revision %d, but then %s", op.Result.Header.Revision, silent)}
	}
	return d
}
