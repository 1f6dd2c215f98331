package etcd

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/whitewater-kv/whitewater/history"
)

// peer speaks HTTP/2 just well enough to see what a client sends, and misbehaves.
type peer struct {
	listener net.Listener
	how      string
	work     sync.WaitGroup

	mu    sync.Mutex
	paths []string // of the requests that came, in order
	conns []net.Conn
}

func misbehave(t *testing.T, how string) *peer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{listener: listener, how: how}
	p.work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, conn)
			p.mu.Unlock()
			p.work.Go(func() { defer conn.Close(); p.serve(conn) })
		}
	})
	t.Cleanup(p.close)
	return p
}

func (p *peer) close() {
	p.listener.Close()
	p.mu.Lock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
}

func (p *peer) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.paths, " ")
}

func (p *peer) serve(conn net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.WriteSettings()
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			framer.WritePing(true, f.Data)
		case *http2.MetaHeadersFrame:
			p.mu.Lock()
			p.paths = append(p.paths, f.PseudoValue("path"))
			p.mu.Unlock()
			if p.how == "at headers" {
				framer.WriteRSTStream(f.StreamID, http2.ErrCodeRefusedStream)
			}
		case *http2.DataFrame:
			if !p.answer(framer, f.StreamID) {
				return
			}
		}
	}
}

// answer misbehaves once a request has come in whole; false closes the connection.
func (p *peer) answer(framer *http2.Framer, stream uint32) bool {
	switch p.how {
	case "close":
		return false
	case "refuse":
		framer.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
	case "reset":
		framer.WriteRSTStream(stream, http2.ErrCodeInternal)
	case "goaway":
		framer.WriteGoAway(0, http2.ErrCodeNo, nil) // it says: nothing was processed
		return false
	case "unavailable":
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		for _, field := range [][2]string{{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "14"}, {"grpc-message", "etcdserver: leader changed"}} {
			encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
		}
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true})
	}
	return true
}

// Whatever the other side does to a request, it is sent once, and its outcome is unknown.
func TestOneAttempt(t *testing.T) {
	requests := []struct {
		request history.Request
		path    string
	}{
		{history.Request{Kind: history.Put, Key: "x", Value: "1"}, "/etcdserverpb.KV/Put"},
		{history.Request{Kind: history.Get, Key: "x"}, "/etcdserverpb.KV/Range"},
		{history.Request{Kind: history.CAS, Key: "x", Expect: "1", Value: "2"}, "/etcdserverpb.KV/Txn"},
		{history.Request{Kind: history.KeepAlive, Lease: 7}, "/etcdserverpb.Lease/LeaseKeepAlive"},
		{history.Request{Kind: history.Lock, Key: "x", Lease: 7}, "/v3lockpb.Lock/Lock"},
	}
	for _, how := range []string{"close", "refuse", "reset", "goaway", "unavailable", "stall", "at headers"} {
		for _, test := range requests {
			p := misbehave(t, how)
			c, err := newDialler(nil).open(address{"tcp", p.listener.Addr().String()}, identity{})
			if err != nil {
				t.Fatal(err)
			}
			within := 30 * time.Second
			if how == "stall" {
				within = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(context.Background(), within)
			result := c.Do(ctx, test.request)
			cancel()
			if how == "stall" && result.Outcome == history.Fail {
				continue // the machine was too busy to connect in time, and that is known
			}
			until(t, "the request arrives", func() bool { return p.seen() != "" })
			c.Close()
			p.close()
			if p.seen() != test.path || result.Outcome != history.Unknown || result.Error == "" {
				t.Errorf("%s, %v: %v %q, the wire saw %q", how, test.request, result.Outcome, result.Error, p.seen())
			}
		}
	}
}

// The same peer shows that gRPC by itself does send twice, retries disabled: the test above can fail.
func TestOneAttemptHasTeeth(t *testing.T) {
	p := misbehave(t, "at headers")
	conn, err := grpc.NewClient("passthrough:///"+p.listener.Addr().String(), grpc.WithDisableRetry(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	pb.NewKVClient(conn).Range(bounded(t), &pb.RangeRequest{Key: []byte("x")})
	conn.Close()
	p.close()
	if p.seen() != "/etcdserverpb.KV/Range /etcdserverpb.KV/Range" {
		t.Errorf("the wire saw %q, want two requests", p.seen())
	}
}

// A request that cannot go out has failed for certain, whatever the reason.
func TestNotSent(t *testing.T) {
	refusing := misbehave(t, "close")
	refusing.close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for addr, want := range map[string]string{
		refusing.listener.Addr().String(): "not sent: no connection",
		silent.Addr().String():            "not sent: deadline exceeded",
	} {
		c, err := newDialler(nil).open(address{"tcp", addr}, identity{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		result := c.Do(ctx, history.Request{Kind: history.Put, Key: "x", Value: "1"})
		if result.Outcome != history.Fail || result.Error != want && want != "not sent: no connection" {
			t.Errorf("%v %q, want fail %q", result.Outcome, result.Error, want)
		}
		cancel()
		c.Close()
	}
}

// What cannot be said in etcd's language is not sent.
func TestMalformed(t *testing.T) {
	p := misbehave(t, "stall")
	c, err := newDialler(nil).open(address{"tcp", p.listener.Addr().String()}, identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	put := history.Request{Kind: history.Put, Key: "x"}
	for _, request := range []history.Request{
		{Kind: history.Txn, If: []history.Compare{{Key: "x", Target: "colour", Op: "="}}, Then: []history.Request{put}},
		{Kind: history.Txn, If: []history.Compare{{Key: "x", Target: "value", Op: "~"}}, Then: []history.Request{put}},
		{Kind: history.Txn, Then: []history.Request{put, {Kind: history.Compact, Revision: 1}}},
		{Kind: history.Txn, Else: []history.Request{{Kind: history.Txn, Then: []history.Request{{Kind: history.Lock}}}}},
		{Kind: history.Append, Key: "x", Value: "1"},
		{Kind: history.Txn, Then: []history.Request{{Kind: history.Append, Key: "x", Value: "1"}}},
		{Kind: history.Pause},
		{Kind: 99},
	} {
		if result := c.Do(bounded(t), request); result.Outcome != history.Fail {
			t.Errorf("%v: %+v", request, result)
		}
	}
	if p.seen() != "" {
		t.Errorf("the wire saw %q", p.seen())
	}
}
