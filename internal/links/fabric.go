// Package links carries the traffic between members, and between clients and members, through userspace proxies that
// can cut and slow each direction of each link.
//
// An edge is one direction from one node to another. A connection dialled by a to b sends its request bytes along
// edge(a, b) and its response bytes along edge(b, a), whoever speaks first. Inside a connection bytes are never
// reordered, dropped or duplicated: a cut edge holds them, in order, until it is mended. A new connection needs a packet
// each way, so it waits until both edges are open.
//
// What had reached the receiver's socket before a cut has arrived; a connection that waits at a cut was accepted by the
// proxy, so its dialler sees silence and not a refusal.
package links

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/seed"
)

// acceptPause is how long a listener rests when the machine has no descriptors left.
const acceptPause = 20 * time.Millisecond

var _ cluster.Network = (*Fabric)(nil)

type pair struct{ from, to history.NodeID }

// Fabric is a set of links. Its methods may be called at any time, by any goroutine.
type Fabric struct {
	log  *slog.Logger
	ctx  context.Context // ends with the fabric; dials run under it
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu        sync.Mutex
	seed      seed.Seed
	edges     map[pair]*edge
	hosts     map[string]target
	listeners []net.Listener
	conns     map[*conn]struct{}
	closed    bool
}

// New returns a fabric without links, all of whose edges are open.
func New(log *slog.Logger) *Fabric {
	ctx, stop := context.WithCancel(context.Background())
	return &Fabric{
		log: log, ctx: ctx, stop: stop,
		edges: map[pair]*edge{}, hosts: map[string]target{}, conns: map[*conn]struct{}{},
	}
}

// Seed decides the jitter of edges that were not used yet.
func (f *Fabric) Seed(s uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seed = seed.Seed(s)
}

// Host says who answers to hostport in a request to a forward proxy ("n1.whitewater.invalid:2380"), and where that
// member really listens ("unix", "tcp"). A later call replaces it.
func (f *Fabric) Host(hostport string, node history.NodeID, network, addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hosts[hostport] = target{node, network, addr}
}

// Listen opens the link of src to dst, whose real listener is given, and returns the address that src must dial:
// a TCP port on 127.0.0.1.
func (f *Fabric) Listen(src, dst history.NodeID, network, addr string) (local string, err error) {
	to := target{dst, network, addr}
	return f.serve(src, func(c *conn) { f.plain(c, to) })
}

// plain serves a connection whose far side is fixed.
func (f *Fabric) plain(c *conn, to target) {
	if err := f.connect(c, to, 0); err != nil {
		f.log.Debug("link refused", "from", c.src, "to", to.node, "error", err)
		return
	}
	f.splice(c, nil)
}

// Cut holds everything from one node to another from now on.
func (f *Fabric) Cut(from, to history.NodeID) error { return f.setCut(from, to, true) }

// Mend ends a cut: what was held goes out, in order.
func (f *Fabric) Mend(from, to history.NodeID) error { return f.setCut(from, to, false) }

func (f *Fabric) setCut(from, to history.NodeID, cut bool) error {
	if err := distinct(from, to); err != nil {
		return err
	}
	f.edge(from, to).setCut(cut)
	return nil
}

// Delay makes everything that arrives from now on late by delay, give or take jitter. Zeros end it.
func (f *Fabric) Delay(from, to history.NodeID, delay, jitter time.Duration) error {
	if err := distinct(from, to); err != nil {
		return err
	}
	if delay < 0 || jitter < 0 || jitter > delay {
		return fmt.Errorf("delay %s to %s: %s±%s: want 0 ≤ jitter ≤ delay", from, to, delay, jitter)
	}
	f.edge(from, to).setDelay(delay, jitter)
	return nil
}

func distinct(from, to history.NodeID) error {
	if from == "" || to == "" || from == to {
		return fmt.Errorf("link %q to %q: want two different nodes", from, to)
	}
	return nil
}

// MendAll opens every edge and ends every delay.
func (f *Fabric) MendAll() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.edges {
		e.setDelay(0, 0)
		e.setCut(false)
	}
	return nil
}

// Traffic counts what went along an edge.
func (f *Fabric) Traffic(from, to history.NodeID) cluster.Traffic {
	e := f.edge(from, to)
	return cluster.Traffic{Passed: e.passed.Load(), Held: e.held.Load(), Cut: e.isCut()}
}

// Close ends every listener and every connection and waits until nothing of the fabric runs.
func (f *Fabric) Close() error {
	f.mu.Lock()
	f.closed = true
	f.stop()
	var errs []error
	for _, l := range f.listeners {
		errs = append(errs, l.Close())
	}
	f.listeners = nil
	for c := range f.conns {
		c.kill()
	}
	f.mu.Unlock()
	f.wg.Wait()
	return errors.Join(errs...)
}

func (f *Fabric) edge(from, to history.NodeID) *edge {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := pair{from, to}
	if f.edges[k] == nil {
		f.edges[k] = newEdge(f.jitter(k))
	}
	return f.edges[k]
}

func (f *Fabric) jitter(k pair) *rand.Rand {
	return f.seed.Stream("links " + string(k.from) + " " + string(k.to))
}

// serve listens on a free port and handles every connection as coming from src.
func (f *Fabric) serve(src history.NodeID, handle func(*conn)) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return "", fmt.Errorf("listen for %s: the fabric is closed", src)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for %s: %w", src, err)
	}
	f.listeners = append(f.listeners, l)
	f.wg.Go(func() { f.accept(l, src, handle) })
	return l.Addr().String(), nil
}

func (f *Fabric) accept(l net.Listener, src history.NodeID, handle func(*conn)) {
	for {
		a, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			f.log.Warn("link cannot accept", "from", src, "error", err)
			select {
			case <-time.After(acceptPause):
			case <-f.ctx.Done():
			}
			continue
		}
		c := newConn(src, a)
		if !f.admit(c) {
			return
		}
		f.wg.Go(func() {
			defer f.retire(c)
			handle(c)
		})
	}
}

func (f *Fabric) admit(c *conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		c.kill()
		return false
	}
	f.conns[c] = struct{}{}
	return true
}

func (f *Fabric) retire(c *conn) {
	c.kill()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}
