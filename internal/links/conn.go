package links

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// dialTimeout bounds connecting to a member's real listener, which is on this machine.
const dialTimeout = 5 * time.Second

// errAbandoned: the dialling side hung up while the link was cut, so the connection never came to be.
var errAbandoned = errors.New("the dialling side gave up")

// conn is one connection through the fabric: a was accepted from src, b is dialled to dst.
type conn struct {
	src  history.NodeID
	dst  history.NodeID // "" until it is known; the handler's own
	a    net.Conn
	in   *bufio.Reader // reads a
	over chan struct{} // closed when the connection is

	mu   sync.Mutex
	b    net.Conn // nil until dialled
	dead bool
}

func newConn(src history.NodeID, a net.Conn) *conn {
	return &conn{src: src, a: a, in: bufio.NewReaderSize(a, chunkBytes), over: make(chan struct{})}
}

// kill ends the connection: both sides are closed and everything held is dropped.
func (c *conn) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	c.dead = true
	close(c.over)
	_ = c.a.Close()
	if c.b != nil {
		_ = c.b.Close()
	}
}

// attach gives the connection its far side.
func (c *conn) attach(b net.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		_ = b.Close()
		return net.ErrClosed
	}
	c.b = b
	return nil
}

// target is where a connection leads.
type target struct {
	node          history.NodeID
	network, addr string
}

// connect dials the far side once both directions are open: connecting takes a packet each way. head is what was
// already read from a and waits to be sent.
func (f *Fabric) connect(c *conn, to target, head int) error {
	c.dst = to.node
	out, back := f.edge(c.src, to.node), f.edge(to.node, c.src)
	for out.isCut() || back.isCut() {
		if err := c.await(out, back, int64(head)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(f.ctx, dialTimeout)
	defer cancel()
	var d net.Dialer
	b, err := d.DialContext(ctx, to.network, to.addr)
	if err != nil {
		return fmt.Errorf("dial %s at %s: %w", to.node, to.addr, err)
	}
	return c.attach(b)
}

// await returns when the edges have opened, one after the other, or the dialling side has gone.
func (c *conn) await(out, back *edge, head int64) error {
	out.held.Add(head)
	defer out.held.Add(-head)
	opened := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { c.listen(out, opened) })
	for _, e := range []*edge{out, back} {
		select {
		case <-e.opened():
		case <-c.over:
		}
	}
	close(opened)
	_ = c.a.SetReadDeadline(time.Unix(1, 0)) // ends the listening
	wg.Wait()
	_ = c.a.SetReadDeadline(time.Time{})
	select {
	case <-c.over:
		return errAbandoned
	default:
		return nil
	}
}

// listen buffers what the dialling side sends before the link has opened, counted as held, and notices if it hangs up.
func (c *conn) listen(out *edge, opened <-chan struct{}) {
	held := int64(c.in.Buffered())
	out.held.Add(held)
	defer func() { out.held.Add(-held) }()
	for {
		before := c.in.Buffered()
		_, err := c.in.Peek(before + 1)
		more := int64(c.in.Buffered() - before)
		out.held.Add(more)
		held += more
		var timeout net.Error
		switch {
		case err == nil:
			continue
		case errors.Is(err, bufio.ErrBufferFull), errors.As(err, &timeout) && timeout.Timeout():
		default:
			c.kill()
		}
		select {
		case <-opened:
		case <-c.over:
		}
		return
	}
}

// splice carries bytes both ways until both directions have ended. first is sent to the far side before anything else.
func (f *Fabric) splice(c *conn, first []byte) {
	up := c.stream(f.edge(c.src, c.dst), io.MultiReader(bytes.NewReader(first), c.in), c.b)
	down := c.stream(f.edge(c.dst, c.src), c.b, c.a)
	up.peer, down.peer = down, up
	var wg sync.WaitGroup
	wg.Go(up.run)
	wg.Go(down.run)
	wg.Wait()
}
