package links

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	chunkBytes  = 32 << 10 // most that is read at once
	queueChunks = 64       // most chunks that a stream holds; then it stops reading, which is back-pressure
	// lastWords is how long the end that refuses bytes may still take to say its own last ones.
	lastWords = time.Second
)

// chunk is some bytes of a stream, or its end. A chunk is what an edge holds and releases: were the reader to cut a
// stream at its message boundaries, single messages could be held and released by the same queue.
type chunk struct {
	data []byte
	end  error // io.EOF: the source has said all; otherwise: the source is gone
	due  time.Time
}

// stream carries the bytes of one direction of one connection, first in, first out.
type stream struct {
	conn *conn
	edge *edge
	src  io.Reader
	dst  net.Conn

	queue  chan chunk
	queued atomic.Int64 // chunks handed to the queue and not yet dealt with
	last   time.Time    // when the chunk queued last is due
	broken atomic.Bool  // dst takes no more: whatever else arrives is dropped, as by a closed socket
	peer   *stream      // the other direction
}

func (c *conn) stream(e *edge, src io.Reader, dst net.Conn) *stream {
	return &stream{conn: c, edge: e, src: src, dst: dst, queue: make(chan chunk, queueChunks)}
}

// run returns when the source has ended and its end was delivered, or when the connection is over.
func (s *stream) run() {
	var wg sync.WaitGroup
	wg.Go(func() {
		for c := range s.queue {
			s.deliver(c)
			s.queued.Add(-1)
		}
	})
	s.read()
	close(s.queue)
	wg.Wait()
}

func (s *stream) read() {
	buf := make([]byte, chunkBytes)
	for {
		n, err := s.src.Read(buf)
		if n > 0 {
			s.arrive(chunk{data: buf[:n]})
		}
		if err != nil {
			s.arrive(chunk{end: err})
			return
		}
	}
}

// arrive passes the chunk at once if nothing stands in its way, otherwise queues it. Only the reader calls it, so an
// empty queue stays empty meanwhile and order is kept.
func (s *stream) arrive(c chunk) {
	s.edge.held.Add(int64(len(c.data)))
	if s.queued.Load() == 0 && s.edge.clear.Load() {
		s.pass(c)
		return
	}
	c.data = bytes.Clone(c.data)
	s.last = s.edge.due(time.Now(), s.last)
	c.due = s.last
	s.queued.Add(1)
	select {
	case s.queue <- c:
	case <-s.conn.over:
		s.queued.Add(-1)
		s.edge.held.Add(-int64(len(c.data)))
	}
}

// deliver passes the chunk when it is due and its edge is open.
func (s *stream) deliver(c chunk) {
	if wait := time.Until(c.due); wait > 0 {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.conn.over:
			timer.Stop()
		}
	}
	select {
	case <-s.edge.opened():
	case <-s.conn.over:
	}
	s.pass(c)
}

func (s *stream) pass(c chunk) {
	n := int64(len(c.data))
	defer s.edge.held.Add(-n)
	select {
	case <-s.conn.over:
		return
	default:
	}
	if c.end != nil {
		s.finish(c.end)
		return
	}
	if s.broken.Load() {
		return
	}
	if _, err := s.dst.Write(c.data); err != nil {
		// Closing the source here would tell it, across a link that may be cut, that the other end is gone. It learns
		// that from the other direction, in order.
		s.broken.Store(true)
		_ = s.dst.SetReadDeadline(time.Now().Add(lastWords))
		return
	}
	s.edge.passed.Add(n)
}

// finish passes on that the source has ended. If the source is gone altogether, or takes no more itself, the connection
// is over: all that it sent has been delivered, and what is meant for it has nowhere to go.
func (s *stream) finish(end error) {
	half, ok := s.dst.(interface{ CloseWrite() error })
	if !ok || !errors.Is(end, io.EOF) || s.peer.broken.Load() {
		s.conn.kill()
		return
	}
	if half.CloseWrite() != nil {
		s.broken.Store(true)
	}
}
