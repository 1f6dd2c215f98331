package unary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// server is a peer that a test scripts frame by frame, by golang.org/x/net's own reading and writing of them.
type server struct {
	*http2.Framer
	conn   net.Conn
	block  bytes.Buffer
	header *hpack.Encoder
}

// start begins a client of a scripted peer; script has each connection in turn.
func start(t *testing.T, script func(n int, s *server)) *Client {
	var served sync.WaitGroup
	n := 0
	c := New(func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		n++
		served.Go(func() {
			defer theirs.Close()
			if _, err := io.ReadFull(theirs, make([]byte, len(http2.ClientPreface))); err != nil {
				return
			}
			s := &server{Framer: http2.NewFramer(theirs, theirs), conn: theirs}
			s.header = hpack.NewEncoder(&s.block)
			s.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
			script(n, s)
			io.Copy(io.Discard, theirs)
		})
		return ours, nil
	})
	t.Cleanup(func() { c.Close(); served.Wait() })
	return c
}

// greet exchanges settings.
func (s *server) greet(settings ...http2.Setting) {
	s.ReadFrame()
	s.ReadFrame()
	s.WriteSettings(settings...)
	s.ReadFrame() // ours are acknowledged
}

// take reads one request; its message.
func (s *server) take() (stream uint32, path string, message []byte) {
	for {
		frame, err := s.ReadFrame()
		if err != nil {
			return 0, "", nil
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			path = f.PseudoValue("path")
		case *http2.DataFrame:
			message = append(message, f.Data()...)
			if f.StreamEnded() {
				return f.StreamID, path, message[messagePrefix:]
			}
		}
	}
}

func (s *server) headers(stream uint32, end bool, fields ...string) {
	s.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		s.header.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: s.block.Bytes(), EndHeaders: true, EndStream: end})
}

func (s *server) answer(stream uint32, message string) {
	s.headers(stream, false, ":status", "200", "content-type", "application/grpc")
	data := append([]byte{0, 0, 0, 0, byte(len(message))}, message...)
	s.WriteDataPadded(stream, false, data[:3], make([]byte, 4)) // in two parts, one padded
	s.WriteData(stream, false, data[3:])
	s.headers(stream, true, "grpc-status", "0", "grpc-message", "")
}

var echo = NewMethod("/test.Echo/Say", false)

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAnswer(t *testing.T) {
	c := start(t, func(_ int, s *server) {
		s.greet()
		for {
			stream, path, message := s.take()
			if stream == 0 {
				return
			}
			s.WritePing(false, [8]byte{1})
			s.answer(stream, path+" "+fmt.Sprint(len(message)))
		}
	})
	call := &Call{Method: echo}
	for _, size := range []int{0, 1, maxFrame - messagePrefix, maxFrame - messagePrefix + 1, MaxRequest} {
		call.Request = make([]byte, size)
		if err := c.Do(within(t), call); err != nil || string(call.Response) != fmt.Sprintf("/test.Echo/Say %d", size) || !call.Sent {
			t.Errorf("%d bytes: %q %v", size, call.Response, err)
		}
	}
	call.Request = make([]byte, MaxRequest+1)
	if err := c.Do(within(t), call); err == nil || call.Sent {
		t.Errorf("a request that is too long: %v, sent %v", err, call.Sent)
	}
}

// However a peer ends a call, the caller learns its status, and no second request goes out: on none of the connections.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*server, uint32)
		want string
	}{
		{"status", func(s *server, id uint32) {
			s.headers(id, true, ":status", "200", "grpc-status", "14", "grpc-message", "etcdserver: 100%25 gone")
		}, "code 14: etcdserver: 100% gone"},
		{"no status", func(s *server, id uint32) { s.headers(id, true, ":status", "200") }, "code 13: the peer ended the stream without a status"},
		{"no message", func(s *server, id uint32) { s.headers(id, true, ":status", "200", "grpc-status", "0") }, "code 13: the answer is not one message"},
		{"proxy", func(s *server, id uint32) { s.headers(id, true, ":status", "503") }, "code 14: HTTP status 503"},
		{"page", func(s *server, id uint32) { s.headers(id, true, ":status", "404") }, `code 2: HTTP status "404"`},
		{"refused", func(s *server, id uint32) { s.WriteRSTStream(id, http2.ErrCodeRefusedStream) }, "code 14: the peer ended the stream: REFUSED_STREAM"},
		{"cancelled", func(s *server, id uint32) { s.WriteRSTStream(id, http2.ErrCodeCancel) }, "code 1: the peer ended the stream: CANCEL"},
		{"goes away", func(s *server, id uint32) { s.WriteGoAway(0, http2.ErrCodeNo, nil) }, "code 14: the peer goes away"},
		{"closed", func(s *server, id uint32) { s.conn.Close() }, "code 14: connection lost: unexpected EOF"},
		{"nonsense", func(s *server, id uint32) { s.WriteRawFrame(http2.FrameWindowUpdate, 0, 0, []byte{1}) }, "code 14: connection lost: WINDOW_UPDATE of 1 bytes; at least 4"},
		{"padding", func(s *server, id uint32) {
			s.WriteRawFrame(http2.FrameData, http2.FlagDataPadded, id, []byte{200, 1})
		}, "code 14: connection lost: DATA is shorter than its padding"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			requests := 0
			c := start(t, func(_ int, s *server) {
				s.greet()
				for {
					stream, _, _ := s.take()
					if stream == 0 {
						return
					}
					mu.Lock()
					requests++
					mu.Unlock()
					test.end(s, stream)
				}
			})
			call := &Call{Method: echo}
			if err := c.Do(within(t), call); err == nil || err.Error() != test.want || !call.Sent {
				t.Errorf("%v, sent %v, want %s", err, call.Sent, test.want)
			}
			c.Close()
			mu.Lock()
			defer mu.Unlock()
			if requests != 1 {
				t.Errorf("%d requests went out", requests)
			}
		})
	}
}

// A call waits while the peer takes no more streams, and has certainly not been sent until then.
func TestRoom(t *testing.T) {
	release := make(chan struct{})
	c := start(t, func(_ int, s *server) {
		s.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1})
		stream, _, _ := s.take()
		<-release
		s.answer(stream, "first")
		stream, _, _ = s.take()
		s.answer(stream, "third")
	})
	first := make(chan error)
	go func() { first <- c.Do(within(t), &Call{Method: echo}) }()
	for c.busy() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(within(t))
	second := &Call{Method: echo}
	go func() {
		for !c.waited() {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := c.Do(ctx, second); err == nil || second.Sent {
		t.Errorf("without room: %v, sent %v", err, second.Sent)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	third := &Call{Method: echo}
	if err := c.Do(within(t), third); err != nil || string(third.Response) != "third" {
		t.Errorf("%q %v", third.Response, err)
	}
}

func (c *Client) busy() int {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return 0
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	return len(conn.streams)
}

func (c *Client) waited() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	return c.conn.room != nil
}

// A caller that waits no longer gets its answer from nobody else's call.
func TestAbandon(t *testing.T) {
	got := make(chan uint32, 1)
	next := make(chan struct{})
	c := start(t, func(_ int, s *server) {
		s.greet()
		stream, _, _ := s.take()
		got <- stream
		<-next
		s.answer(stream, "too late")
		stream, _, _ = s.take()
		s.answer(stream, "in time")
	})
	ctx, cancel := context.WithCancel(within(t))
	go func() { <-got; cancel(); close(next) }()
	call := &Call{Method: echo}
	var failure *Error
	if err := c.Do(ctx, call); !errors.As(err, &failure) || failure.Code != Canceled || !call.Sent {
		t.Fatalf("%v, sent %v", err, call.Sent)
	}
	if err := c.Do(within(t), call); err != nil || string(call.Response) != "in time" {
		t.Errorf("%q %v", call.Response, err)
	}
}

// A connection that cannot be made is known at once, one that was lost is made anew.
func TestConnecting(t *testing.T) {
	c := New(func(context.Context) (net.Conn, error) { return nil, errors.New("nobody there") })
	call := &Call{Method: echo}
	if err := c.Do(within(t), call); err == nil || !strings.Contains(err.Error(), "nobody there") || call.Sent {
		t.Errorf("%v, sent %v", err, call.Sent)
	}
	c.Close()
	if err := c.Do(within(t), call); err == nil || call.Sent {
		t.Errorf("after Close: %v, sent %v", err, call.Sent)
	}

	again := start(t, func(n int, s *server) {
		s.greet()
		stream, _, _ := s.take()
		if n == 1 {
			s.conn.Close()
			return
		}
		s.answer(stream, "again")
	})
	if err := again.Do(within(t), call); err == nil || !call.Sent {
		t.Errorf("%v, sent %v", err, call.Sent)
	}
	if err := again.Do(within(t), call); err != nil || string(call.Response) != "again" {
		t.Errorf("%q %v", call.Response, err)
	}
}

// A peer whose window is smaller than a request is refused before anything is sent.
func TestSmallWindow(t *testing.T) {
	c := start(t, func(_ int, s *server) {
		s.ReadFrame()
		s.ReadFrame()
		s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
	})
	call := &Call{Method: echo}
	if err := c.Do(within(t), call); err == nil || !strings.Contains(err.Error(), "takes 100 bytes") || call.Sent {
		t.Errorf("%v, sent %v", err, call.Sent)
	}
}

// A token goes out with its call, whatever its length, as a header that nobody on the way may keep; none goes out as none.
func TestToken(t *testing.T) {
	got := make(chan []hpack.HeaderField, 1)
	c := start(t, func(_ int, s *server) {
		s.greet()
		for {
			frame, err := s.ReadFrame()
			if err != nil {
				return
			}
			switch f := frame.(type) {
			case *http2.MetaHeadersFrame:
				got <- f.RegularFields()
			case *http2.DataFrame:
				s.answer(f.StreamID, "")
			}
		}
	})
	call := &Call{Method: echo}
	for _, size := range []int{0, 1, 126, 127, 128, 254, 255, 700, MaxToken} {
		call.Token = strings.Repeat("t", size)
		if err := c.Do(within(t), call); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		var tokens []hpack.HeaderField
		for _, field := range <-got {
			if field.Name == "token" {
				tokens = append(tokens, field)
			}
		}
		if want := (hpack.HeaderField{Name: "token", Value: call.Token, Sensitive: true}); size > 0 && (len(tokens) != 1 || tokens[0] != want) || size == 0 && len(tokens) != 0 {
			t.Errorf("%d bytes: %.200v", size, tokens)
		}
	}
	call.Token += "t"
	if err := c.Do(within(t), call); err == nil || call.Sent || !strings.Contains(err.Error(), "a token of 8193 bytes") {
		t.Errorf("sent %t: %v", call.Sent, err)
	}
}
