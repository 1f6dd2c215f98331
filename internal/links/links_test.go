package links_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/links"
)

// patience bounds every wait of these tests; none of them depends on how long anything takes.
const patience = 60 * time.Second

func fabric(t testing.TB) *links.Fabric {
	t.Helper()
	f := links.New(slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return f
}

// member listens on loopback and hands over what it accepts.
func member(t testing.TB) (addr string, accepted <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 64)
	go func() {
		defer close(conns)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for c := range conns {
			c.Close()
		}
	})
	return l.Addr().String(), conns
}

// joined returns both ends of a connection from client to server through the fabric.
func joined(t testing.TB, f *links.Fabric, client, server history.NodeID) (a, b net.Conn) {
	t.Helper()
	addr, accepted := member(t)
	local, err := f.Listen(client, server, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	a = dial(t, local)
	return a, next(t, accepted)
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	bound(c)
	return c
}

func next(t testing.TB, accepted <-chan net.Conn) net.Conn {
	t.Helper()
	select {
	case c := <-accepted:
		t.Cleanup(func() { c.Close() })
		bound(c)
		return c
	case <-time.After(patience):
		t.Fatal("no connection arrived")
		return nil
	}
}

func bound(c net.Conn) { _ = c.SetDeadline(time.Now().Add(patience)) }

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatalf("send %q: %v", text, err)
	}
}

func expect(t testing.TB, c net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("received %q, %v; want %q", got[:n], err, text)
	}
}

// waitFor polls until the condition holds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func held(t testing.TB, f *links.Fabric, from, to history.NodeID, bytes int64) {
	t.Helper()
	waitFor(t, "the link holds the bytes", func() bool { return f.Traffic(from, to).Held == bytes })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each direction is cut apart from the other, and what it held arrives in order when it is mended.
func TestOneDirection(t *testing.T) {
	f := fabric(t)
	a, b := joined(t, f, "n1", "n2")
	send(t, a, "ping")
	expect(t, b, "ping")

	must(t, f.Cut("n1", "n2"))
	send(t, a, "held ")
	held(t, f, "n1", "n2", 5)
	send(t, a, "back")
	held(t, f, "n1", "n2", 9)
	send(t, b, "pong") // the other direction is open
	expect(t, a, "pong")
	if got := f.Traffic("n1", "n2"); got.Passed != 4 || !got.Cut {
		t.Errorf("cut link: %+v; want 4 bytes passed", got)
	}
	// What has arrived is counted as passed, but perhaps a moment after it was read here.
	waitFor(t, "4 bytes passed the open link, none held", func() bool {
		return f.Traffic("n2", "n1") == cluster.Traffic{Passed: 4}
	})

	must(t, f.Mend("n1", "n2"))
	expect(t, b, "held back")
	must(t, f.Cut("n2", "n1"))
	send(t, b, "answer")
	held(t, f, "n2", "n1", 6)
	send(t, a, "question")
	expect(t, b, "question")
	must(t, f.MendAll())
	expect(t, a, "answer")
	waitFor(t, "nothing is held", func() bool { return f.Traffic("n2", "n1").Held == 0 })
}

// The end of a stream is held behind its bytes, like everything else.
func TestEndIsHeldInOrder(t *testing.T) {
	f := fabric(t)
	a, b := joined(t, f, "clients", "n1")
	must(t, f.Cut("clients", "n1"))
	send(t, a, "last words")
	must(t, a.(*net.TCPConn).CloseWrite())
	held(t, f, "clients", "n1", 10)
	send(t, b, "still open")
	expect(t, a, "still open")
	must(t, f.Mend("clients", "n1"))
	if got, err := io.ReadAll(b); err != nil || string(got) != "last words" {
		t.Errorf("read to the end: %q, %v", got, err)
	}
}

// A connection needs a packet each way: with either direction cut none arrives, and when both open it arrives with
// everything that was sent meanwhile.
func TestNewConnectionWaitsForBothDirections(t *testing.T) {
	f := fabric(t)
	addr, accepted := member(t)
	local, err := f.Listen("n1", "n2", "tcp", addr)
	must(t, err)
	must(t, f.Cut("n1", "n2"))
	must(t, f.Cut("n2", "n1"))
	a := dial(t, local)
	send(t, a, "hello ")
	held(t, f, "n1", "n2", 6)
	must(t, f.Mend("n1", "n2"))
	send(t, a, "there")
	held(t, f, "n1", "n2", 11)
	if len(accepted) != 0 {
		t.Fatal("a connection arrived although the answers are cut")
	}
	must(t, f.Mend("n2", "n1"))
	expect(t, next(t, accepted), "hello there")
}

// A dialler that gives up at a cut leaves nothing behind: the member never hears of it.
func TestAbandonedConnection(t *testing.T) {
	f := fabric(t)
	addr, accepted := member(t)
	local, err := f.Listen("n1", "n2", "tcp", addr)
	must(t, err)
	must(t, f.Cut("n2", "n1"))
	a := dial(t, local)
	send(t, a, "given up")
	held(t, f, "n1", "n2", 8)
	must(t, a.Close())
	held(t, f, "n1", "n2", 0)
	must(t, f.MendAll())
	send(t, dial(t, local), "second")
	expect(t, next(t, accepted), "second")
	if len(accepted) != 0 {
		t.Error("the abandoned connection arrived too")
	}
}

// A member that is gone while it is cut off is not heard to be gone before the link is mended.
func TestDeathIsHeldBehindACut(t *testing.T) {
	f := fabric(t)
	a, b := joined(t, f, "n1", "n2")
	send(t, a, "x")
	expect(t, b, "x")
	must(t, f.Cut("n2", "n1"))
	send(t, b, "farewell")
	held(t, f, "n2", "n1", 8)
	must(t, b.Close())
	for range 3 { // into the void
		send(t, a, "anyone?")
	}
	must(t, f.Mend("n2", "n1"))
	expect(t, a, "farewell")
	if n, err := a.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes after the end", n)
	}
}

// A sender that fills the held stream is slowed down, and loses nothing.
func TestBackPressure(t *testing.T) {
	f := fabric(t)
	a, b := joined(t, f, "n1", "n2")
	must(t, f.Cut("n1", "n2"))
	const total = 64 << 20 // more than the queue and all socket buffers
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(a, io.LimitReader(pattern{}, total))
		sent <- errors.Join(err, a.(*net.TCPConn).CloseWrite())
	}()
	waitFor(t, "the queue fills", func() bool { return f.Traffic("n1", "n2").Held > 1<<20 })
	if got := f.Traffic("n1", "n2").Held; got > 4<<20 {
		t.Errorf("%d bytes held; want a bounded queue", got)
	}
	must(t, f.Mend("n1", "n2"))
	if n, err := io.Copy(io.Discard, b); err != nil || n != total {
		t.Errorf("%d of %d bytes arrived: %v", n, total, err)
	}
	must(t, <-sent)
}

// pattern is an endless stream of bytes.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) { return len(p), nil }

// Delay makes bytes late by at least that much, each way apart.
func TestDelay(t *testing.T) {
	f := fabric(t)
	a, b := joined(t, f, "n1", "n2")
	const late = 40 * time.Millisecond
	must(t, f.Delay("n1", "n2", late, 0))
	start := time.Now()
	send(t, a, "late")
	expect(t, b, "late")
	if took := time.Since(start); took < late {
		t.Errorf("arrived after %v; want at least %v", took, late)
	}
	must(t, f.Delay("n1", "n2", 0, 0))
	send(t, a, "soon")
	expect(t, b, "soon")

	// With jitter nothing comes sooner than the least delay, nor before what was sent first.
	must(t, f.Delay("n2", "n1", late, late/2))
	for i := range 20 {
		start := time.Now()
		send(t, b, string(rune('a'+i)))
		expect(t, a, string(rune('a'+i)))
		if took := time.Since(start); took < late/2 {
			t.Errorf("arrived after %v; want at least %v", took, late/2)
		}
	}
	for i := range 20 {
		send(t, b, string(rune('a'+i)))
	}
	expect(t, a, "abcdefghijklmnopqrst")
}

// Close ends everything: connections that wait at a cut, that hold bytes, whose far side does not read. Were a goroutine
// left, Close would not return.
func TestCloseEndsStalledConnections(t *testing.T) {
	f := links.New(slog.New(slog.DiscardHandler))
	joinedA, _ := joined(t, f, "n1", "n2")
	addr, _ := member(t)
	local, err := f.Listen("n1", "n2", "tcp", addr)
	must(t, err)
	must(t, f.Cut("n1", "n2"))
	send(t, joinedA, "held")
	held(t, f, "n1", "n2", 4)
	waiting := dial(t, local)
	send(t, waiting, "waiting")
	held(t, f, "n1", "n2", 11)
	full, _ := joined(t, f, "n3", "n2") // its far side never reads
	go func() { _, _ = io.Copy(full, pattern{}) }()
	proxy, err := f.ForwardProxy("n4")
	must(t, err)
	dial(t, strings.TrimPrefix(proxy, "http://")) // says nothing

	done := make(chan error, 1)
	go func() { done <- f.Close() }()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(patience):
		t.Fatal("Close does not return")
	}
	if got := f.Traffic("n1", "n2").Held; got != 0 {
		t.Errorf("%d bytes still held after Close", got)
	}
	if _, err := f.Listen("n1", "n2", "tcp", addr); err == nil {
		t.Error("a closed fabric listens")
	}
}

func TestRejects(t *testing.T) {
	f := fabric(t)
	for name, err := range map[string]error{
		"to itself":       f.Cut("n1", "n1"),
		"from nobody":     f.Mend("", "n1"),
		"negative delay":  f.Delay("n1", "n2", -1, 0),
		"jitter too wide": f.Delay("n1", "n2", time.Millisecond, time.Second),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
