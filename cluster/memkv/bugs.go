package memkv

import (
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Bug is a way in which the store can be wrong.
type Bug struct {
	Name, Doc string
	Workload  string   // the load that brings it to light
	Caught    []string // the checkers that must say so
	every     int      // see Options.Every; 0 = 20
	hooks
}

// hooks are the places where a store can go wrong; nil = right. A hook asks whether its hour has come only after it has
// made sure that it can strike.
type hooks struct {
	door    func(*sim, *node, history.Request) (history.Result, bool)            // answer a request unworked
	write   func(*sim, history.Request, *history.Result) bool                    // apply a write; false = as it should be
	reply   func(*sim, *node, history.Request, *history.Result)                  // tell how a write went
	moment  func(s *sim, n *node, req history.Request, now *int64)               // choose the revision of a read
	report  func(*sim, *node, history.Request, *history.Result)                  // tell what was read
	compact func(*sim)                                                           // compact
	skips   func(*sim, *node, entry) bool                                        // pass over an entry on one member
	early   func(*sim, *lease) time.Duration                                     // end a lease so much too soon
	outlive func(*sim) bool                                                      // leave a revoked lease's keys
	jump    func(*sim, history.Kind) bool                                        // jump the queue of a lock or an election
	open    func(*sim, *stream)                                                  // choose where a watch begins
	match   func(*sim, *stream, history.Event) bool                              // pass a watch's filter
	deliver func(*sim, *stream, []history.WatchResponse) []history.WatchResponse // tell a watch
	forge   func(*sim, []history.Evidence)                                       // show files
	status  func(*sim, *history.Status)                                          // answer for one member
}

// Bugs are all of them.
var Bugs = slices.Concat(writeBugs, readBugs, watchBugs, leaseBugs, raftBugs)

// planted is what bugs have to remember.
type planted struct {
	dirty  map[string]*dirtyValue
	ghosts []ghost
	late   map[string]history.Request // puts acknowledged and not yet applied
}

// hour says whether the planted bug's hour has come.
func (s *sim) hour() bool { return s.rng.IntN(s.opts.Every) == 0 }

// ghost is an old value, and when it comes back.
type ghost struct {
	kv      history.KV
	request *history.Request // that the log shows; nil = none
	at      time.Duration
}

// haunt brings old values back whose hour has come.
func (s *sim) haunt() {
	for len(s.ghosts) > 0 && s.ghosts[0].at <= s.now() && s.quorum(s.leader) {
		g := s.ghosts[0]
		s.ghosts = s.ghosts[1:]
		s.store.now = s.now()
		s.store.put(g.kv.Key, g.kv.Value, 0)
		s.store.seal()
		s.log = append(s.log, entry{term: s.term, request: g.request, revision: s.store.revision(), at: s.now()})
	}
}

// old says whether a revision is so old that whoever made it has been told.
func (s *sim) old(revision int64) bool { return s.store.times[revision] < s.now()-100*time.Millisecond }
