// Package generate makes histories: valid ones, from a simulated store with concurrent clients, and broken ones, from
// valid ones and a named mutation. They are what checkers are tested and measured with.
package generate

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/checker/model"
	"github.com/whitewater-kv/whitewater/history"
)

// Options say what a history contains. The zero value of each is none, or the least that makes sense.
type Options struct {
	Ops, Clients, Keys, Nodes int
	// Mix is the weight of each kind of operation: Get, Put, CAS, Delete, Range, Txn. Nil means registers.
	Mix     map[history.Kind]int
	Unknown float64 // share of operations whose outcome stays unknown; every other one of them takes effect
	Fail    float64 // share of operations that are refused
	// Stale is the share of reads that are serializable: answered from a past state of their member.
	Stale     float64
	Past      float64 // share of ranges that read a past revision
	Leases    int     // leases that keys are put under, each ending on its own
	Values    int     // distinct values; 0 = every value is written once
	Plain     bool    // a store without revisions and without previous values
	Watches   bool    // an observer on every member, and a replay from revision 1 after the end
	Final     bool    // every key is read through every member at the end
	Evidence  bool    // statuses, logs and write-ahead logs of the members
	Prefix    string  // of the keys; "" = "k"
	Latency   time.Duration
	FirstCall time.Duration
}

// Registers are gets, puts and compare-and-swaps.
func Registers() map[history.Kind]int {
	return map[history.Kind]int{history.Get: 6, history.Put: 3, history.CAS: 1}
}

// Everything is all that the whole key space offers.
func Everything() map[history.Kind]int {
	return map[history.Kind]int{history.Get: 4, history.Put: 4, history.CAS: 2, history.Delete: 1, history.Range: 2, history.Txn: 3}
}

func (o *Options) fill() {
	o.Ops, o.Clients, o.Keys, o.Nodes = max(o.Ops, 1), max(o.Clients, 1), max(o.Keys, 1), max(o.Nodes, 1)
	if o.Mix == nil {
		o.Mix = Registers()
	}
	if o.Prefix == "" {
		o.Prefix = "k"
	}
	if o.Latency == 0 {
		o.Latency = time.Millisecond
	}
}

// History makes a valid history.
func History(rng *rand.Rand, o Options) *history.History {
	h := &history.History{}
	s := newSim(rng, o, func(op *history.Op) int {
		op.ID = len(h.Ops)
		h.Ops = append(h.Ops, *op)
		return op.ID
	}, func(i int, op *history.Op) { h.Ops[i] = *op })
	s.run()
	s.finish(h)
	return h
}

// Stream makes a valid history without keeping it: each is called with every operation when its client is done with it,
// and with the earliest call of those that are still in flight.
func Stream(rng *rand.Rand, o Options, each func(op *history.Op, open time.Duration)) {
	n := 0
	var s *sim
	s = newSim(rng, o, func(op *history.Op) int { op.ID = n; n++; return op.ID }, func(_ int, op *history.Op) {
		open := op.Return
		if s != nil {
			open = s.open(op)
		}
		each(op, open)
	})
	s.run()
}

// open is the earliest call of what is in flight besides op.
func (s *sim) open(op *history.Op) time.Duration {
	open := s.now
	for i := range s.clients {
		if c := &s.clients[i]; c.busy && &c.op != op {
			open = min(open, c.op.Call)
		}
	}
	return open
}

// sim is a store and its clients, in simulated time.
type sim struct {
	Options
	rng       *rand.Rand
	begin     func(*history.Op) int
	end       func(int, *history.Op)
	now       time.Duration
	store     *model.Store
	events    events
	left      int // operations to call
	clients   []client
	process   history.Process
	planned   int
	value     int
	kinds     []history.Kind
	nodes     []history.NodeID
	log       []record // every change, with when it happened
	versions  map[string][]history.KV
	ended     map[int64]bool // leases
	compacted int64
	shown     map[history.NodeID]int64 // the revision that each member has shown
	entries   []history.Entry
}

// record is one revision.
type record struct {
	at      time.Duration
	changes []model.Change
	prev    []*history.KV
}

// client is one logical client.
type client struct {
	process history.Process
	node    history.NodeID
	op      history.Op
	index   int
	busy    bool
}

func newSim(rng *rand.Rand, o Options, begin func(*history.Op) int, end func(int, *history.Op)) *sim {
	o.fill()
	s := &sim{Options: o, rng: rng, begin: begin, end: end, now: o.FirstCall, store: model.NewStore(), left: o.Ops,
		shown: map[history.NodeID]int64{}, versions: map[string][]history.KV{}, ended: map[int64]bool{}}
	for i := range o.Nodes {
		s.nodes = append(s.nodes, history.NodeID(fmt.Sprintf("n%d", i+1)))
	}
	for k := range history.Pause {
		for range o.Mix[k] {
			s.kinds = append(s.kinds, k)
		}
	}
	s.grants()
	if o.Leases > 0 {
		s.now += leaseTTL * time.Second // the clients begin when the leases may end
	}
	for i := range o.Clients {
		s.clients = append(s.clients, client{process: s.fresh(), node: s.nodes[i%len(s.nodes)]})
		s.at(s.soon(), call, i, nil)
	}
	return s
}

func (s *sim) fresh() history.Process { s.process++; return s.process }

// soon is a moment after now, about one latency ahead.
func (s *sim) soon() time.Duration {
	return s.now + 1 + time.Duration(s.rng.Int64N(int64(s.Latency)))
}

// run plays the events until nothing is left to happen.
func (s *sim) run() {
	for len(s.events) > 0 {
		e := s.events.pop()
		s.now = e.at
		switch e.what {
		case call:
			s.call(e.client)
		case effect:
			s.effect(e.client)
		case ret:
			s.returns(e.client)
		case late:
			if s.refused(&e.late.Request) == "" {
				s.apply(&e.late.Request)
			}
		case expire:
			s.expire(e.client)
		}
	}
}

func (s *sim) call(i int) {
	if s.left == 0 {
		return
	}
	s.left--
	c := &s.clients[i]
	c.op = history.Op{Process: c.process, Node: c.node, Request: s.request(), Due: s.now, Call: s.now, Return: s.now}
	c.index, c.busy = s.begin(&c.op), true
	switch p := s.rng.Float64(); {
	case p < s.Unknown:
		s.loses(i)
	case p < s.Unknown+s.Fail:
		c.op.Result = history.Result{Outcome: history.Fail, Error: "refused"}
		s.at(s.soon(), ret, i, nil)
	default:
		s.at(s.soon(), effect, i, nil)
	}
}

// loses has the client never learn what became of its operation: it happens before the client gives up, later, or never.
func (s *sim) loses(i int) {
	c := &s.clients[i]
	op := c.op
	c.op.Result = history.Result{Outcome: history.Unknown, Error: "deadline exceeded"}
	s.at(s.now+4*s.Latency, ret, i, nil)
	if !op.Request.ReadOnly() && s.rng.IntN(2) == 0 {
		s.at(s.now+1+time.Duration(s.rng.Int64N(int64(8*s.Latency))), late, i, &op)
	}
}

func (s *sim) effect(i int) {
	c := &s.clients[i]
	if why := s.refused(&c.op.Request); why != "" {
		c.op.Result = history.Result{Outcome: history.Fail, Error: why}
	} else {
		c.op.Result = s.answer(c)
	}
	s.at(s.soon(), ret, i, nil)
}

// refused is why a request is refused: a put that names a lease that has ended, or what is compacted. "" = it is not.
func (s *sim) refused(req *history.Request) string {
	switch {
	case req.Lease != 0 && s.ended[req.Lease]:
		return "lease not found"
	case req.Kind == history.Compact && req.Revision <= s.compacted, req.Kind == history.Range && req.Revision != 0 && req.Revision < s.compacted:
		return "compacted"
	}
	return ""
}

func (s *sim) returns(i int) {
	c := &s.clients[i]
	c.op.Return = s.now
	s.end(c.index, &c.op)
	c.busy = false
	if c.op.Result.Outcome == history.Unknown {
		c.process = s.fresh()
	}
	s.at(s.soon(), call, i, nil)
}

// answer is what the store says to the client's request now.
func (s *sim) answer(c *client) history.Result {
	req := &c.op.Request
	var res history.Result
	switch {
	case req.Serializable:
		res = s.stale(c.node, req)
	case req.Revision != 0 && req.Kind != history.Compact:
		res = s.past(req, req.Revision)
		res.Header.Revision = s.store.Revision
	default:
		res = s.apply(req)
	}
	res.Outcome = history.OK
	if s.Plain {
		plain(&res)
		return res
	}
	res.Header.Member = uint64(len(c.node)) + uint64(c.node[len(c.node)-1])
	res.Header.Term = 2
	return res
}

// plain takes from an answer what a store without revisions does not tell.
func plain(res *history.Result) {
	res.Header.Revision, res.Prev = 0, nil
	for i := range res.KVs {
		res.KVs[i] = history.KV{Key: res.KVs[i].Key, Value: res.KVs[i].Value}
	}
	for i := range res.Responses {
		plain(&res.Responses[i])
	}
}

// apply carries a request out on the store.
func (s *sim) apply(req *history.Request) history.Result {
	before := s.store.Revision
	if req.Kind == history.Compact {
		s.compacted = req.Revision
	}
	res, changes := model.Eval(s.store, before, req)
	if len(changes) > 0 {
		s.change(req, changes)
	}
	return res
}

// logs writes a request into every member's log.
func (s *sim) logs(req *history.Request) {
	if !s.Evidence {
		return
	}
	request := *req
	n := uint64(len(s.entries) + 1)
	s.entries = append(s.entries, history.Entry{Index: n, Term: 2, Digest: n * 0x9E3779B97F4A7C15, Request: &request})
}

// change makes a revision, and records it as far as it is wanted.
func (s *sim) change(req *history.Request, changes []model.Change) {
	rev := s.store.Revision + 1
	r := record{at: s.now, changes: changes}
	for i := range changes {
		var prev *history.KV
		if kv, ok := s.store.Get(changes[i].KV.Key); ok {
			prev = &kv
		}
		r.prev = append(r.prev, prev)
		if s.Stale > 0 || s.Past > 0 {
			kv := changes[i].KV
			if changes[i].Deleted {
				kv.Version = 0
			}
			s.versions[kv.Key] = append(s.versions[kv.Key], kv)
		}
	}
	if s.Watches {
		s.log = append(s.log, r)
	}
	s.logs(req)
	s.store.Apply(rev, changes)
}
