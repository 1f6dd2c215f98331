// Package unary makes unary gRPC calls over a connection of its own. A call goes out once or not at all, and the caller
// is told which: nothing in here can send a request again. It is the path of the operations that are measured, so it
// does no more than those need: small requests, one message each way.
package unary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// MaxRequest is the longest request; a longer one would have to wait for the peer in the middle of being sent.
const MaxRequest = 16 << 10

// MaxToken is the longest token: the headers of a call go out in one frame.
const MaxToken = 8 << 10

// Codes of gRPC that this package itself gives.
const (
	Canceled          = 1
	Unknown           = 2
	DeadlineExceeded  = 4
	ResourceExhausted = 8
	Internal          = 13
	Unavailable       = 14
)

// Error is a call's failure: the server's status, or a code and a message of ours.
type Error struct {
	Code    uint32
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("code %d: %s", e.Code, e.Message) }

// Call is one request and its answer. It may be used again once Do has returned.
type Call struct {
	Method   *Method
	Request  []byte // a message, without gRPC's prefix
	Token    string // the caller's, as etcd's authentication gave it; "" = none
	Response []byte // the message of the answer; its room is used again by the next call
	Sent     bool   // the request may have reached the peer

	body    []byte // as it comes in, with gRPC's prefix
	done    chan struct{}
	stream  uint32
	status  string // of HTTP
	code    string // of gRPC
	message string
	err     error
}

// Times of connecting. A member that comes back is to be found at once.
const (
	connectTimeout = 20 * time.Second
	firstBackoff   = 20 * time.Millisecond
	maxBackoff     = 250 * time.Millisecond
)

// Client calls one address. It connects when it is first used, and again whenever it must.
type Client struct {
	dial   func(context.Context) (net.Conn, error)
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	conn    *conn
	dialing bool
	failed  error         // why the last attempt to connect failed; nil = it did not
	changed chan struct{} // closed when one of the above changes
}

// New is a client of the address that dial connects to. Close must be called.
func New(dial func(context.Context) (net.Conn, error)) *Client {
	ctx, cancel := context.WithCancel(context.Background())
	return &Client{dial: dial, ctx: ctx, cancel: cancel, changed: make(chan struct{})}
}

// Close ends the connection and every call on it.
func (c *Client) Close() error {
	c.mu.Lock()
	c.cancel() // under the lock: nothing is begun afterwards
	c.mu.Unlock()
	c.work.Wait()
	return nil
}

// Do makes the call. It returns when the answer is there, the context has ended or the connection is lost; in each case
// call.Sent says whether the request may have gone out. It waits for a connection that is being made, but not for one
// that could not be made.
func (c *Client) Do(ctx context.Context, call *Call) error {
	call.reset()
	if len(call.Request) > MaxRequest {
		return &Error{ResourceExhausted, fmt.Sprintf("a request of %d bytes; at most %d", len(call.Request), MaxRequest)}
	}
	if len(call.Token) > MaxToken {
		return &Error{ResourceExhausted, fmt.Sprintf("a token of %d bytes; at most %d", len(call.Token), MaxToken)}
	}
	for {
		conn, err := c.connection(ctx)
		if err != nil {
			return err
		}
		err = conn.send(ctx, call)
		if errors.Is(err, errGone) {
			continue // nothing was sent
		}
		if err != nil {
			return err
		}
		select {
		case <-call.done:
			return call.err
		case <-ctx.Done():
			conn.abandon(call)
			return ended(ctx)
		}
	}
}

func (call *Call) reset() {
	if call.done == nil {
		call.done = make(chan struct{}, 1)
	}
	*call = Call{Method: call.Method, Request: call.Request, Token: call.Token, body: call.body[:0], done: call.done}
}

// ended is the error of a context that has ended.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{DeadlineExceeded, "the deadline has passed"}
	}
	return &Error{Canceled, "cancelled"}
}

// connection is one that can be used, which was so a moment ago.
func (c *Client) connection(ctx context.Context) (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case ctx.Err() != nil:
			return nil, ended(ctx)
		case c.ctx.Err() != nil:
			return nil, &Error{Canceled, "the client was closed"}
		case c.conn != nil && !c.conn.isGone():
			return c.conn, nil
		}
		if !c.dialing {
			c.conn, c.dialing = nil, true
			c.work.Go(c.connect)
		}
		if c.failed != nil {
			return nil, &Error{Unavailable, c.failed.Error()}
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		c.mu.Lock()
	}
}

// connect tries until there is a connection, or the client is closed.
func (c *Client) connect() {
	for wait := firstBackoff; ; wait = min(wait*3/2, maxBackoff) {
		conn, err := c.open()
		c.mu.Lock()
		closed := c.ctx.Err() != nil
		if err == nil && !closed {
			c.conn = conn
			c.work.Go(func() { c.serve(conn) })
		}
		c.failed, c.dialing = err, err != nil && !closed
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err == nil && closed {
			conn.net.Close()
		}
		if err == nil || closed {
			return
		}
		select {
		case <-time.After(wait):
		case <-c.ctx.Done():
			return
		}
	}
}

// serve reads and writes until the connection ends, or the client is closed.
func (c *Client) serve(conn *conn) {
	defer context.AfterFunc(c.ctx, func() { conn.fail(&Error{Canceled, "the client was closed"}) })()
	c.work.Go(conn.write)
	conn.read()
}

// open connects once, and waits for the peer's first words.
func (c *Client) open() (*conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, connectTimeout)
	defer cancel()
	raw, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })()
	conn, err := greet(raw)
	if err != nil {
		raw.Close()
		return nil, fmt.Errorf("greet: %w", err)
	}
	return conn, nil
}
