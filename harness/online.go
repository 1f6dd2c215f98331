package harness

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/scenarios"
)

// online certifies a run while it goes on, on a goroutine of its own. What is drained is queued for it; a queue that is
// full ends it, so that it never holds up the recording.
type online struct {
	queue chan drained  // nil = ended
	found chan struct{} // something new was found
	done  sync.WaitGroup
	log   *slog.Logger

	mu    sync.Mutex
	state checker.Certified
	late  bool
}

// drained is what the recorder gave until a moment.
type drained struct {
	records []history.Record
	until   time.Duration
}

// onlineQueue is how many seconds of a run may wait to be certified.
const onlineQueue = 16

// lateOnline is why a certification ends that does not keep up.
var lateOnline = fmt.Sprintf("it fell %d s behind the run", onlineQueue)

// startOnline begins the certification, or returns nil where there is nothing to certify, or where it would take time from
// what is measured and nobody waits for it. It is ended by finish.
func startOnline(plan Plan, s *scenarios.Scenario, log *slog.Logger) *online {
	judge := checker.NewOnline(plan.Meta, s.Checks)
	why := ""
	switch {
	case judge == nil:
		why = "the order of operations is not among the checks"
	case !plan.Observe && s.Abort.On == "":
		why = "it is a benchmark"
	}
	if why != "" {
		log.Info("not certified while it runs", "why", why)
		return nil
	}
	o := &online{queue: make(chan drained, onlineQueue), found: make(chan struct{}, 1), log: log}
	queue := o.queue
	o.done.Go(func() { o.run(judge, queue) })
	return o
}

func (o *online) run(judge *checker.Online, queue <-chan drained) {
	for d := range queue {
		o.put(judge.Add(d.records, d.until))
	}
	if o.now().Stopped != lateOnline { // without the rest, what is not there would look as if it had not been
		o.put(judge.Finish())
	}
}

// put publishes how far it is now.
func (o *online) put(c checker.Certified) {
	o.mu.Lock()
	before := o.state
	if o.late {
		c.Stopped = lateOnline
	}
	o.state = c
	o.mu.Unlock()
	for i := len(before.First); i < len(c.First); i++ {
		o.log.Warn("found while it runs", "finding", c.First[i])
	}
	if c.Stopped != "" && before.Stopped == "" {
		o.log.Info("not certified any further", "why", c.Stopped, "revision", c.Revision)
	}
	if c.Findings > before.Findings {
		select {
		case o.found <- struct{}{}:
		default: // whoever looks will see this one, too
		}
	}
}

// offer queues what was drained; without waiting, whatever that costs the certification.
func (o *online) offer(records []history.Record, until time.Duration) {
	if o == nil || o.queue == nil {
		return
	}
	select {
	case o.queue <- drained{records, until}:
	default:
		o.mu.Lock()
		o.late = true
		o.mu.Unlock()
		o.end()
	}
}

func (o *online) end() {
	if o.queue != nil {
		close(o.queue)
		o.queue = nil
	}
}

// now is how far it is.
func (o *online) now() checker.Certified {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.state
	if o.late {
		c.Stopped = lateOnline
	}
	return c
}

// news is told of what was found; nil, which never tells, of no certification.
func (o *online) news() <-chan struct{} {
	if o == nil {
		return nil
	}
	return o.found
}

// finish certifies what is still queued, and returns the end of it; nil of no certification.
func (o *online) finish() *checker.Certified {
	if o == nil {
		return nil
	}
	o.end()
	o.done.Wait()
	c := o.now()
	return &c
}
