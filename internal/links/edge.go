package links

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// edge is one direction of traffic between two nodes. Every stream of that direction asks it before each chunk, so this
// is the one place that decides what passes and when.
type edge struct {
	mu            sync.Mutex
	open          chan struct{} // closed while the edge is not cut
	cut           bool
	delay, jitter time.Duration
	rng           *rand.Rand

	clear  atomic.Bool // neither cut nor delayed: streams with nothing queued may pass without asking further
	passed atomic.Int64
	held   atomic.Int64
}

func newEdge(rng *rand.Rand) *edge {
	e := &edge{open: make(chan struct{}), rng: rng}
	close(e.open)
	e.clear.Store(true)
	return e
}

func (e *edge) setCut(cut bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if cut == e.cut {
		return
	}
	e.cut = cut
	if cut {
		e.open = make(chan struct{})
	} else {
		close(e.open)
	}
	e.clear.Store(!e.cut && e.delay == 0 && e.jitter == 0)
}

func (e *edge) setDelay(delay, jitter time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.delay, e.jitter = delay, jitter
	e.clear.Store(!e.cut && e.delay == 0 && e.jitter == 0)
}

// opened is closed when the edge is open, now or later.
func (e *edge) opened() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open
}

// isCut reports whether the edge is cut now.
func (e *edge) isCut() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cut
}

// due is when a chunk that arrives now may leave, never before the one that arrived before it: jitter must not reorder
// a stream.
func (e *edge) due(now, last time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.delay
	if e.jitter > 0 {
		d += time.Duration(e.rng.Int64N(2*int64(e.jitter)+1)) - e.jitter
	}
	if at := now.Add(max(d, 0)); at.After(last) {
		return at
	}
	return last
}
