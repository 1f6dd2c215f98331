package links_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/internal/links"
)

// Whatever is cut, mended and delayed meanwhile, the bytes that come out are the bytes that went in. Each byte of the
// script is one act; the streams run beside it.
func FuzzBytesOutAreBytesIn(f *testing.F) {
	f.Add([]byte("cdmx0123cdmx"), uint64(1))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, uint64(2))
	f.Add(bytes.Repeat([]byte{0, 5, 4, 1, 6, 2}, 20), uint64(3))
	f.Fuzz(func(t *testing.T, script []byte, seed uint64) {
		fab := fabric(t)
		fab.Seed(seed)
		a, b := joined(t, fab, "n1", "n2")
		sent := make([]byte, 300_000)
		for i := range sent {
			sent[i] = byte(i * 7 >> 3)
		}
		arrived := make(chan []byte, 2)
		for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
			go func() {
				for rest := sent; len(rest) > 0; {
					n, _ := way[0].Write(rest[:min(len(rest), 1+len(rest)/9)])
					rest = rest[n:]
				}
				_ = way[0].(*net.TCPConn).CloseWrite()
			}()
			go func() {
				got, _ := io.ReadAll(way[1])
				arrived <- got
			}()
		}
		for _, act := range script[:min(len(script), 200)] {
			play(fab, act)
		}
		must(t, fab.MendAll())
		for range 2 {
			if got := <-arrived; !bytes.Equal(got, sent) {
				t.Fatalf("%d bytes arrived of %d, or others", len(got), len(sent))
			}
		}
		for _, way := range [][2]history.NodeID{{"n1", "n2"}, {"n2", "n1"}} {
			// The end of the stream was delivered before it is dealt with.
			waitFor(t, "all passed, and nothing is held", func() bool {
				return fab.Traffic(way[0], way[1]) == cluster.Traffic{Passed: int64(len(sent))}
			})
		}
	})
}

func play(f *links.Fabric, act byte) {
	from, to := history.NodeID("n1"), history.NodeID("n2")
	if act&1 == 1 {
		from, to = to, from
	}
	switch act >> 1 % 4 {
	case 0:
		_ = f.Cut(from, to)
	case 1:
		_ = f.Mend(from, to)
	case 2:
		_ = f.Delay(from, to, time.Duration(act)*time.Microsecond, time.Duration(act/2)*time.Microsecond)
	case 3:
		_ = f.Delay(from, to, 0, 0)
	}
}

// The price of a link: a byte there and back, and a megabyte one way, beside a plain connection.
func BenchmarkLink(b *testing.B) {
	direct := func(b *testing.B) (net.Conn, net.Conn) {
		addr, accepted := member(b)
		a := dial(b, addr)
		return a, next(b, accepted)
	}
	linked := func(b *testing.B) (net.Conn, net.Conn) { return joined(b, fabric(b), "n1", "n2") }
	for _, kind := range []struct {
		name string
		join func(*testing.B) (net.Conn, net.Conn)
	}{{"direct", direct}, {"linked", linked}} {
		b.Run("roundtrip/"+kind.name, func(b *testing.B) {
			x, y := kind.join(b)
			go func() { _, _ = io.Copy(y, y) }()
			buf := make([]byte, 100)
			for b.Loop() {
				_, _ = x.Write(buf)
				if _, err := io.ReadFull(x, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("stream/"+kind.name, func(b *testing.B) {
			x, y := kind.join(b)
			go func() { _, _ = io.Copy(x, pattern{}) }()
			buf := make([]byte, 1<<20)
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				if _, err := io.ReadFull(y, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
