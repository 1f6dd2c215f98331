package workloads

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Lease is keys that live and die with their lease: kept alive for a while, then revoked, or left to expire under the
// eyes of their owner. Every third worker only looks.
var Lease = Workload{
	Name:   "lease",
	Doc:    "keys under leases: kept alive, revoked, left to expire",
	Prefix: "lease/",
	Params: Params{TTL: 2, Mix: map[string]int{"revoke": 50, "crash": 50}},
	Closed: true,
	New: func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		t := newTenant(p, worker, rng)
		t.place = fmt.Sprintf("lease/%d", worker)
		if worker%3 == 2 {
			t.place = "lease/"
			t.state = t.watchOver
		}
		return t.next
	},
	Watches: func(Params, history.NodeID, *rand.Rand) []history.Watch { return []history.Watch{watching("lease/")} },
}

// Discovery is services that register an instance under a lease, renew it, and leave or crash, and clients that look
// them up.
var Discovery = Workload{
	Name:   "discovery",
	Doc:    "services register under a lease, renew, leave or crash; clients look them up and watch",
	Prefix: "svc/",
	Params: Params{Keys: 2, TTL: 2, Mix: map[string]int{"leave": 40, "revoke": 20, "crash": 40}},
	Closed: true,
	New: func(p Params, worker int, _ any, rng *rand.Rand) Generator {
		t := newTenant(p, worker, rng)
		service := fmt.Sprintf("svc/s%d/", worker/3%p.Keys)
		t.place, t.renews = fmt.Sprintf("%si%d", service, worker), true
		if worker%3 == 2 {
			t.place = service
			t.state = t.watchOver
		}
		return t.next
	},
	Watches: func(p Params, _ history.NodeID, _ *rand.Rand) (all []history.Watch) {
		for i := range p.Keys {
			all = append(all, watching(fmt.Sprintf("svc/s%d/", i)))
		}
		return all
	},
}

// watching is a plain watch of a prefix.
func watching(name string) history.Watch {
	return history.Watch{Key: name, End: after(name), PrevKV: true, Progress: true}
}

// tenant has one key after another under one lease after another.
type tenant struct {
	course
	mix    chooser
	place  string
	renews bool // it writes its key anew now and then
	lives  int
	beats  int // keep-alives that are left of this life
	looks  int // looks after a crash that are left
	key    string
}

func newTenant(p Params, worker int, rng *rand.Rand) *tenant {
	t := &tenant{course: newCourse(p, worker, rng), mix: choose(p.Mix)}
	t.state = t.born
	return t
}

func (t *tenant) born(history.Op) history.Request { return t.begin(t.settle) }

// settle takes the lease and puts a fresh key under it.
func (t *tenant) settle(last history.Op) history.Request {
	if !ok(last) {
		return t.wait(t.ttl()/10, t.born)
	}
	t.lives++
	t.lease, t.beats = last.Result.Lease, 1+t.rng.IntN(4)
	t.key = fmt.Sprintf("%s.%d", t.place, t.lives)
	t.state = t.live
	return t.register()
}

func (t *tenant) register() history.Request {
	req := put(t.key, t.values.next())
	req.Lease = t.lease
	return req
}

// live waits for the next keep-alive, or ends this life.
func (t *tenant) live(history.Op) history.Request {
	if t.beats--; t.beats >= 0 {
		return t.wait(t.ttl()/3, t.beat)
	}
	switch t.mix.pick(t.rng) {
	case "leave":
		t.state = t.left
		return history.Request{Kind: history.Delete, Key: t.key}
	case "revoke":
		return t.end(t.gone)
	}
	t.looks = 12
	return t.crash(history.Op{})
}

func (t *tenant) beat(history.Op) history.Request {
	t.state = t.look
	return history.Request{Kind: history.KeepAlive, Lease: t.lease}
}

// look checks on the key, the lease, or renews the key.
func (t *tenant) look(last history.Op) history.Request {
	if ok(last) && last.Result.TTL <= 0 { // kept alive too late: the lease has ended
		return t.gone(last)
	}
	t.state = t.live
	switch n := t.rng.IntN(4); {
	case n == 0:
		return history.Request{Kind: history.TimeToLive, Lease: t.lease}
	case n == 1 && t.renews:
		return t.register()
	}
	return t.see(t.key)
}

// left gives the lease up after the key.
func (t *tenant) left(history.Op) history.Request { return t.end(t.gone) }

// gone looks once for what should not be there any more.
func (t *tenant) gone(history.Op) history.Request {
	t.state = t.born
	return t.see(t.key)
}

// crash stops keeping the lease alive and waits for the key to vanish, for three times its time to live at most.
func (t *tenant) crash(last history.Op) history.Request {
	vanished := last.Request.Key == t.key && ok(last) && len(last.Result.KVs) == 0
	if t.looks--; t.looks < 0 || vanished {
		return t.born(last)
	}
	return t.wait(t.ttl()/4, t.mourn)
}

func (t *tenant) mourn(history.Op) history.Request {
	t.state = t.crash
	return t.see(t.key)
}

func (t *tenant) see(key string) history.Request {
	req := get(key)
	req.Serializable = t.Serializable
	return req
}

// watchOver looks at all the keys of a place, again and again.
func (t *tenant) watchOver(history.Op) history.Request {
	return t.pause(50*time.Millisecond, func(history.Op) history.Request {
		t.state = t.watchOver
		req := prefix(t.place)
		req.Serializable = t.Serializable
		return req
	})
}
