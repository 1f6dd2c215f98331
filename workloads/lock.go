package workloads

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Lock is workers that take locks, hold them for a while, and let go.
var Lock = Workload{
	Name:   "lock",
	Doc:    "locks, taken, held and released",
	Prefix: "lock/",
	Params: Params{TTL: 5, Hold: 50 * time.Millisecond},
	Closed: true,
	New: func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		g := newLocker(p, worker, rng)
		g.name = fmt.Sprintf("lock/%d", group(worker, 3))
		g.inside = func(history.Op) history.Request { return g.pause(g.Hold, g.unlock) }
		return g.next
	},
}

// LockSet is a set that is changed by reading and writing it under a lock. It is unsafe by design: a client that is held
// up for longer than its lease writes although another has the lock by then, and an addition is lost. A positive control.
var LockSet = Workload{
	Name:   "lock-set",
	Doc:    "a set behind a lock without fencing: unsafe by design",
	Prefix: "lockset/",
	Params: Params{TTL: 2, Hold: 500 * time.Millisecond},
	Closed: true,
	New: func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		return newLockedSet(p, worker, rng, "lockset/").next
	},
}

// LockEtcdSet is the same set, written only if the lock is still held. With fencing the condition names the very
// acquisition, by the create revision of the lock's key, and every acquisition has a lease of its own. Without, it asks
// that the lock's key exists, and the lease is used again: a write that comes late finds the key of a later acquisition.
var LockEtcdSet = Workload{
	Name:   "lock-etcd-set",
	Doc:    "a set behind a lock, written only while the lock's key is there",
	Prefix: "locketcdset/",
	Params: Params{TTL: 2, Hold: 500 * time.Millisecond, Mix: map[string]int{"fenced": 100, "exists": 0}},
	Closed: true,
	New: func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		g := newLockedSet(p, worker, rng, "locketcdset/")
		g.guarded, g.mix = true, choose(p.Mix)
		return g.next
	},
}

// locker takes a lock, does something inside, and lets go.
type locker struct {
	course
	name   string
	key    string // the holder's key, while it holds
	inside func(history.Op) history.Request
	keep   bool // use the lease again
}

func newLocker(p Params, worker int, rng *rand.Rand) *locker {
	g := &locker{course: newCourse(p, worker, rng)}
	g.state = g.born
	return g
}

func (g *locker) born(history.Op) history.Request { return g.begin(g.lock) }

func (g *locker) lock(last history.Op) history.Request {
	if !ok(last) {
		return g.pause(g.Hold, g.born)
	}
	g.lease = last.Result.Lease
	return g.take(last)
}

func (g *locker) take(history.Op) history.Request {
	g.state = g.taken
	return history.Request{Kind: history.Lock, Key: g.name, Lease: g.lease}
}

func (g *locker) taken(last history.Op) history.Request {
	if !ok(last) {
		return g.end(g.born)
	}
	g.key = last.Result.Key
	return g.inside(last)
}

func (g *locker) unlock(history.Op) history.Request {
	g.state = g.unlocked
	return history.Request{Kind: history.Unlock, Key: g.key}
}

func (g *locker) unlocked(last history.Op) history.Request {
	if g.keep && ok(last) {
		g.state = g.again
		return history.Request{Kind: history.KeepAlive, Lease: g.lease}
	}
	return g.end(g.born)
}

func (g *locker) again(last history.Op) history.Request {
	if !ok(last) || last.Result.TTL <= 0 {
		return g.end(g.born)
	}
	return g.pause(g.Hold/4, g.take)
}

// lockedSet adds to a list under a lock: read, think, write.
type lockedSet struct {
	*locker
	guarded bool
	mix     chooser
	fenced  bool
	list    string
	fence   history.Compare
	seen    view
	seq     writer
}

// newLockedSet makes a worker that adds, or, one of four, one that only reads.
func newLockedSet(p Params, worker int, rng *rand.Rand, name string) *lockedSet {
	g := &lockedSet{locker: newLocker(p, worker, rng), seen: view{}, seq: p.writer(worker)}
	g.name = fmt.Sprintf("%s%d/lock", name, group(worker, 4))
	g.list = fmt.Sprintf("%s%d/list", name, group(worker, 4))
	g.inside = g.enter
	if worker%4 == 3 {
		g.state = g.onlyRead
	}
	return g
}

// enter looks at the lock's own key first, if the write is to be guarded.
func (g *lockedSet) enter(last history.Op) history.Request {
	if !g.guarded {
		return g.read(last)
	}
	g.fenced = g.mix.pick(g.rng) != "exists"
	g.keep = !g.fenced
	g.fence = history.Compare{Key: g.key, Target: "version", Op: ">"}
	if !g.fenced {
		return g.read(last)
	}
	g.state = g.fencedOff
	return get(g.key)
}

func (g *lockedSet) fencedOff(last history.Op) history.Request {
	if !ok(last) || len(last.Result.KVs) == 0 {
		return g.unlock(last)
	}
	g.fence = history.Compare{Key: g.key, Target: "create", Op: "=", Number: last.Result.KVs[0].Create}
	return g.read(last)
}

func (g *lockedSet) read(history.Op) history.Request {
	g.state = g.think
	return get(g.list)
}

func (g *lockedSet) think(last history.Op) history.Request {
	if !ok(last) {
		return g.unlock(last)
	}
	g.seen.learn(last)
	return g.pause(g.Hold, g.write)
}

func (g *lockedSet) write(history.Op) history.Request {
	g.state = g.unlock
	req := put(g.list, g.seen.appended(g.list, g.seq.number()))
	if !g.guarded {
		return req
	}
	return history.Request{
		Kind: history.Txn,
		If:   []history.Compare{g.fence},
		Then: []history.Request{req},
		Else: []history.Request{get(g.key), get(g.list)},
	}
}

func (g *lockedSet) onlyRead(history.Op) history.Request {
	return g.pause(g.Hold/4, func(history.Op) history.Request {
		g.state = g.onlyRead
		req := get(g.list)
		req.Serializable = g.Serializable
		return req
	})
}
