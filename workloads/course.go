package workloads

import (
	"math/rand/v2"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// course is a worker that does one thing after another. Each state yields a request and names the state that will take
// its result; a state that follows a pause takes no notice of the operation it is given.
type course struct {
	Params
	rng    *rand.Rand
	values writer
	state  func(last history.Op) history.Request
	lease  int64
}

func newCourse(p Params, worker int, rng *rand.Rand) course {
	return course{Params: p, rng: rng, values: p.writer(worker)}
}

func (c *course) next(last history.Op) (history.Request, bool) { return c.state(last), true }

func ok(op history.Op) bool { return op.Result.Outcome == history.OK }

// begin asks for a lease; the state that follows must take it.
func (c *course) begin(then func(history.Op) history.Request) history.Request {
	c.state = then
	return history.Request{Kind: history.Grant, TTL: c.TTL}
}

// end gives the lease back, so that whatever hangs on it goes too, even what this worker is not sure to own.
func (c *course) end(then func(history.Op) history.Request) history.Request {
	c.state = then
	return history.Request{Kind: history.Revoke, Lease: c.lease}
}

// pause waits about d: between nothing and twice as long.
func (c *course) pause(d time.Duration, then func(history.Op) history.Request) history.Request {
	return c.wait(time.Duration(c.rng.Int64N(int64(2*d)+1)), then)
}

func (c *course) wait(d time.Duration, then func(history.Op) history.Request) history.Request {
	c.state = then
	return history.Request{Kind: history.Pause, Wait: int64(max(d, time.Millisecond))}
}

// ttl is the leases' time to live.
func (c *course) ttl() time.Duration { return time.Duration(c.TTL) * time.Second }

// group is the number of the lock or election that a worker contends for, with size-1 others. Workers that follow each
// other are bound to different members, and a fault of one member must not hold up a whole group.
func group(worker, size int) int { return worker / size }
