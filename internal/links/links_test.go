package links_test

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

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
	if got := f.Traffic("n2", "n1"); got.Passed != 4 || got.Cut || got.Held != 0 {
		t.Errorf("open link: %+v; want 4 bytes passed, none held", got)
	}

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
