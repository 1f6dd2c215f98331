package unary

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	frameHeader   = 9
	messagePrefix = 5            // of gRPC: a flag, and the length
	maxFrame      = 16 << 10     // the smallest that a peer may set, and the most that it may send us
	ourWindow     = 1<<31 - 1    // what the peer may send: any answer
	firstWindow   = 1<<16 - 1    // of HTTP/2, before anybody says otherwise
	lastStream    = 1<<31 - 1    // a connection has no more
	refill        = 1 << 29      // of the connection's window, once so much has come in
	readBuffer    = 4 * maxFrame // holds any frame
)

// errGone says that a connection takes no more calls, and that the call was not sent.
var errGone = errors.New("the connection takes no more calls")

// conn is one HTTP/2 connection. One goroutine reads and one writes; calls are put into the writer's buffer, in the order
// of their streams.
type conn struct {
	net    net.Conn
	reader *bufio.Reader
	wake   chan struct{} // for the writer

	mu      sync.Mutex
	out     []byte
	writing bool
	streams map[uint32]*Call
	next    uint32        // stream
	window  int64         // bytes of messages that the peer still takes
	limit   uint32        // streams that the peer takes at a time
	room    chan struct{} // closed when there may be more of either; nil = nobody waits
	gone    bool          // takes no more calls
	failed  error

	// The reader's own.
	headers    *hpack.Decoder
	fields     answer
	block      []byte // of headers, until it is complete
	unfinished uint32 // the block's stream; 0 = there is none
	ending     bool   // the block's stream ends with it
	received   int64  // bytes of messages, since the window was refilled
}

// answer is what the headers of an answer say.
type answer struct{ status, code, message string }

// greet says hello, and hears the peer's settings. The caller bounds it in time.
func greet(raw net.Conn) (*conn, error) {
	c := &conn{net: raw, reader: bufio.NewReaderSize(raw, readBuffer), wake: make(chan struct{}, 1),
		streams: map[uint32]*Call{}, next: 1, window: firstWindow, limit: lastStream}
	c.headers = hpack.NewDecoder(4096, c.field)
	hello := appendFrame([]byte(http2.ClientPreface), http2.FrameSettings, 0, 0, 12)
	hello = appendSetting(hello, http2.SettingEnablePush, 0)
	hello = appendSetting(hello, http2.SettingInitialWindowSize, ourWindow)
	hello = appendWindowUpdate(hello, ourWindow-firstWindow)
	if _, err := raw.Write(hello); err != nil {
		return nil, err
	}
	head, payload, err := c.frame()
	if err != nil {
		return nil, err
	}
	if head.kind != http2.FrameSettings {
		return nil, fmt.Errorf("the peer begins with %v instead of its settings", head.kind)
	}
	return c, c.handle(head, payload)
}

// send puts a call into the writer's buffer, as soon as the peer takes it.
func (c *conn) send(ctx context.Context, call *Call) error {
	size := int64(len(call.Request) + messagePrefix)
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.gone && (c.window < size || uint32(len(c.streams)) >= c.limit) {
		if c.room == nil {
			c.room = make(chan struct{})
		}
		room := c.room
		c.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
		}
		c.mu.Lock()
		if ctx.Err() != nil {
			return ended(ctx)
		}
	}
	if c.gone {
		return errGone
	}
	call.stream, call.Sent = c.next, true
	c.streams[c.next] = call
	c.next += 2
	c.gone = c.next >= lastStream
	c.window -= size
	c.out = call.Method.append(c.out, ctx, call.stream, call.Token)
	c.out = appendMessage(c.out, call.stream, call.Request)
	c.flush()
	return nil
}

// flush wakes the writer. The lock is held.
func (c *conn) flush() {
	if !c.writing && c.failed == nil {
		c.writing = true
		c.wake <- struct{}{}
	}
}

// write writes what has come together. It lets goroutines that are ready to send go first: one write for all of them.
func (c *conn) write() {
	var buffer []byte
	for range c.wake {
		runtime.Gosched()
		for c.swap(&buffer) {
			if _, err := c.net.Write(buffer); err != nil {
				c.fail(&Error{Unavailable, err.Error()})
			}
		}
	}
}

// swap exchanges the writer's empty buffer for the full one; false: there is nothing to write.
func (c *conn) swap(buffer *[]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	*buffer, c.out = c.out, (*buffer)[:0]
	c.writing = len(*buffer) > 0
	return c.writing
}

// abandon forgets a call whose caller waits no longer, and tells the peer.
func (c *conn) abandon(call *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[call.stream] == call {
		delete(c.streams, call.stream)
		c.out = appendFrame(c.out, http2.FrameRSTStream, 0, call.stream, 4)
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(http2.ErrCodeCancel))
		c.more()
		c.flush()
		return
	}
	<-call.done // it has just been answered; the channel is used again
}

// end completes a call. The lock is held.
func (c *conn) end(call *Call, err error) {
	delete(c.streams, call.stream)
	call.err = err
	call.done <- struct{}{}
	c.more()
}

// more lets those go on who wait for room. The lock is held.
func (c *conn) more() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

func (c *conn) isGone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// fail ends the connection and every call on it.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	if c.failed != nil {
		return
	}
	c.failed = err
	c.net.Close()
	for _, call := range c.streams {
		c.end(call, err)
	}
	c.more()
	c.out = nil
	close(c.wake)
}
