package unary

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// block encodes headers for a peer that writes its frames by hand.
func (s *server) fields(fields ...string) []byte {
	s.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		s.header.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(s.block.Bytes())
}

// message is one message of gRPC, behind its prefix.
func message(flag byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(text))), text...)
}

// Whatever a peer says after it has a request, the call ends with what was said, and never well unless the peer said so
// in full. "answered: " is a call that ended well.
func TestEndings(t *testing.T) {
	good := func(s *server, id uint32) { s.answer(id, "fine") }
	begin := func(s *server, id uint32) { s.headers(id, false, ":status", "200") }
	end := func(s *server, id uint32) { s.headers(id, true, "grpc-status", "0") }
	for _, test := range []struct {
		name   string
		script func(*server, uint32)
		want   string
	}{
		{"in full", good, "answered: fine"},
		{"a word before the answer", func(s *server, id uint32) { s.headers(id, false, ":status", "103"); good(s, id) }, "answered: fine"},
		{"frames of no known type", func(s *server, id uint32) { s.WriteRawFrame(0x42, 0xff, id, []byte("x")); good(s, id) }, "answered: fine"},
		{"goes away after this one", func(s *server, id uint32) { s.WriteGoAway(id, http2.ErrCodeNo, nil); good(s, id) }, "answered: fine"},
		{"headers in parts", func(s *server, id uint32) {
			b := s.fields(":status", "200", "grpc-status", "5", "grpc-message", "in parts")
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndStream: true})
			s.WriteContinuation(id, false, b[:3])
			s.WriteContinuation(id, true, b[3:])
		}, "code 5: in parts"},
		{"headers with a priority", func(s *server, id uint32) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndStream: true, EndHeaders: true, PadLength: 7,
				Priority: http2.PriorityParam{Weight: 3}, BlockFragment: s.fields(":status", "200", "grpc-status", "9")})
		}, "code 9: "},
		{"compressed", func(s *server, id uint32) { begin(s, id); s.WriteData(id, false, message(1, "fine")); end(s, id) },
			"code 13: the answer is not one message"},
		{"two messages", func(s *server, id uint32) {
			begin(s, id)
			s.WriteData(id, false, append(message(0, "fine"), message(0, "fine")...))
			end(s, id)
		}, "code 13: the answer is not one message"},
		{"half a message", func(s *server, id uint32) { begin(s, id); s.WriteData(id, false, message(0, "fine")[:7]); end(s, id) },
			"code 13: the answer is not one message"},
		{"a message without an end", func(s *server, id uint32) { begin(s, id); s.WriteData(id, true, message(0, "fine")) },
			"code 13: the peer ended the stream without a status"},
		{"a message, then an error", func(s *server, id uint32) {
			begin(s, id)
			s.WriteData(id, false, message(0, "fine"))
			s.headers(id, true, "grpc-status", "14", "grpc-message", "etcdserver: leader changed")
		}, "code 14: etcdserver: leader changed"},
		{"well, in an odd spelling", func(s *server, id uint32) { s.headers(id, true, ":status", "200", "grpc-status", "00") },
			`code 2: status "00"`},
		{"a word for a status", func(s *server, id uint32) { s.headers(id, true, ":status", "200", "grpc-status", "OK") },
			`code 2: status "OK"`},
		{"a status of its own", func(s *server, id uint32) { s.headers(id, true, ":status", "200", "grpc-status", "99") }, "code 99: "},
		{"a message that is badly escaped", func(s *server, id uint32) {
			s.headers(id, true, ":status", "200", "grpc-status", "2", "grpc-message", "100%")
		}, "code 2: 100%"},
		{"no HTTP status", func(s *server, id uint32) { s.headers(id, true, "grpc-status", "0") }, `code 2: HTTP status ""`},
		{"reset after the message", func(s *server, id uint32) {
			begin(s, id)
			s.WriteData(id, false, message(0, "fine"))
			s.WriteRSTStream(id, http2.ErrCodeNo)
		}, "code 13: the peer ended the stream: NO_ERROR"},
		{"calm", func(s *server, id uint32) { s.WriteRSTStream(id, http2.ErrCodeEnhanceYourCalm) },
			"code 8: the peer ended the stream: ENHANCE_YOUR_CALM"},
		{"another's headers in the middle", func(s *server, id uint32) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id + 2, EndStream: true})
			s.WriteContinuation(id, true, s.fields(":status", "200", "grpc-status", "5"))
		}, "code 14: connection lost: CONTINUATION of stream 1, and the headers of stream 3 are unfinished"},
		{"data in the middle of headers", func(s *server, id uint32) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id})
			s.WriteData(id, true, nil)
		}, "code 14: connection lost: DATA of stream 1, and the headers of stream 1 are unfinished"},
		{"the rest of no headers", func(s *server, id uint32) { s.WriteContinuation(id, true, s.fields(":status", "200")) },
			"code 14: connection lost: CONTINUATION of stream 1, and the headers of stream 0 are unfinished"},
		{"headers without end", func(s *server, id uint32) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id})
			for range 5 {
				s.WriteContinuation(id, false, make([]byte, maxFrame))
			}
		}, "code 14: connection lost: headers of more than 65536 bytes"},
		{"headers that are none", func(s *server, id uint32) {
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: []byte{0x7f}})
		}, "code 14: connection lost: "},
		{"headers that are cut short", func(s *server, id uint32) {
			b := s.fields(":status", "200", "x-long", strings.Repeat("x", 300))
			s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: b[:len(b)-10]})
		}, "code 14: connection lost: "},
		{"a push", func(s *server, id uint32) {
			s.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: 2, EndHeaders: true, BlockFragment: s.fields(":status", "200")})
		}, "code 14: connection lost: the peer pushes, though it was told not to"},
		{"a frame that is too long", func(s *server, id uint32) { s.WriteRawFrame(http2.FrameData, 0, id, make([]byte, maxFrame+1)) },
			"code 14: connection lost: a frame of 16385 bytes; at most 16384"},
		{"padding without data", func(s *server, id uint32) { s.WriteRawFrame(http2.FrameData, http2.FlagDataPadded, id, nil) },
			"code 14: connection lost: DATA without its padding"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, func(_ int, s *server) {
				s.AllowIllegalWrites = true
				s.greet()
				if id, _, _ := s.take(); id != 0 {
					test.script(s, id)
				}
			})
			call := &Call{Method: echo}
			got := ""
			if err := c.Do(within(t), call); err == nil {
				got = "answered: " + string(call.Response)
			} else {
				got = err.Error()
			}
			if !strings.HasPrefix(got, test.want) || test.want[len(test.want)-1] != ' ' && got != test.want || !call.Sent {
				t.Errorf("%s, sent %v\nwant %s", got, call.Sent, test.want)
			}
		})
	}
}

// raw is a client of a peer that reads whatever comes, says the words once a request is there, and hangs up.
func raw(t *testing.T, words []byte) *Client {
	var served sync.WaitGroup
	c := New(func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		served.Go(func() {
			defer theirs.Close()
			io.ReadFull(theirs, make([]byte, len(http2.ClientPreface)))
			framer := http2.NewFramer(theirs, theirs)
			framer.ReadFrame()
			framer.ReadFrame()
			framer.WriteSettings()
			for {
				if f, err := framer.ReadFrame(); err != nil || f.Header().Flags.Has(http2.FlagDataEndStream) && f.Header().Type == http2.FrameData {
					break
				}
			}
			served.Go(func() { io.Copy(io.Discard, theirs) }) // pings are answered
			theirs.Write(words)
		})
		return ours, nil
	})
	t.Cleanup(func() { c.Close(); served.Wait() })
	return c
}

// answerBytes is a good answer as it goes over the wire.
func answerBytes() []byte {
	var out bytes.Buffer
	s := &server{Framer: http2.NewFramer(&out, nil)}
	s.header = hpack.NewEncoder(&s.block)
	s.WritePing(false, [8]byte{})
	s.answer(1, "fine")
	return out.Bytes()
}

// An answer that is cut off at any byte is none: the request went out, and nobody knows what became of it.
func TestAnswerCutAnywhere(t *testing.T) {
	words := answerBytes()
	for cut := range words {
		call := &Call{Method: echo}
		var failure *Error
		if err := raw(t, words[:cut]).Do(within(t), call); !errors.As(err, &failure) || failure.Code != Unavailable || !call.Sent {
			t.Errorf("cut at %d of %d: %v, sent %v", cut, len(words), err, call.Sent)
		}
	}
	call := &Call{Method: echo}
	if err := raw(t, words).Do(within(t), call); err != nil || string(call.Response) != "fine" {
		t.Errorf("whole: %q, %v", call.Response, err)
	}
}

// Nothing that a peer can say makes a client panic, hang, or forget that the request went out.
func FuzzPeer(f *testing.F) {
	words := answerBytes()
	f.Add(words)
	f.Add(words[:len(words)/2])
	f.Add([]byte{0, 0, 0, byte(http2.FrameSettings), 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 4, byte(http2.FrameRSTStream), 0, 0, 0, 0, 1, 0, 0, 0, 7})
	f.Add([]byte{0, 0, 1, byte(http2.FrameHeaders), 0xff, 0, 0, 0, 1, 0x80})
	f.Fuzz(func(t *testing.T, words []byte) {
		call := &Call{Method: echo}
		err := raw(t, words).Do(within(t), call)
		var failure *Error
		if !call.Sent || err != nil && (!errors.As(err, &failure) || failure.Code == 0) {
			t.Errorf("%v, sent %v", err, call.Sent)
		}
	})
}

// Callers come, go, and lose patience at any moment, on one connection and one set of buffers: an answer is always the
// caller's own.
func TestAnswersAreTheCallersOwn(t *testing.T) {
	c := start(t, func(_ int, s *server) {
		s.greet()
		for {
			stream, _, message := s.take()
			if stream == 0 {
				return
			}
			s.answer(stream, string(message))
		}
	})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(worker)))
			call := &Call{Method: echo}
			for i := range 150 {
				ctx, cancel := context.WithCancel(within(t))
				if rng.IntN(2) == 0 {
					time.AfterFunc(time.Duration(rng.IntN(200))*time.Microsecond, cancel)
				}
				call.Request = fmt.Appendf(call.Request[:0], "%d of %d", i, worker)
				err := c.Do(ctx, call)
				if err == nil && string(call.Response) != string(call.Request) || err != nil && ctx.Err() == nil {
					t.Errorf("asked %q, got %q, %v", call.Request, call.Response, err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

// A peer that takes no more bytes holds a call back, which has certainly not been sent until there is room.
func TestWindow(t *testing.T) {
	const size = MaxRequest + messagePrefix
	full, more := make(chan bool), make(chan bool)
	c := start(t, func(_ int, s *server) {
		s.greet()
		for range firstWindow / size { // it reads, and gives nothing back
			stream, _, _ := s.take()
			s.answer(stream, "")
		}
		<-full
		s.WriteWindowUpdate(0, 1) // not enough
		s.WriteWindowUpdate(5, size)
		<-more
		s.WriteWindowUpdate(0, size)
		stream, _, _ := s.take()
		s.answer(stream, "there was room")
	})
	call := &Call{Method: echo, Request: make([]byte, MaxRequest)}
	for range firstWindow / size {
		if err := c.Do(within(t), call); err != nil {
			t.Fatal(err)
		}
	}
	for _, signal := range []chan bool{full, more} {
		ctx, cancel := context.WithCancel(within(t))
		go func() {
			for !c.waited() {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if err := c.Do(ctx, call); err == nil || call.Sent {
			t.Errorf("without room: %v, sent %v", err, call.Sent)
		}
		signal <- true
	}
	if err := c.Do(within(t), call); err != nil || string(call.Response) != "there was room" {
		t.Errorf("%q, %v", call.Response, err)
	}
}

// The peer is told how long the caller waits, in whole milliseconds, never less; a caller without a deadline says nothing,
// and one whose deadline has passed sends nothing.
func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, func(_ int, s *server) {
			s.greet()
			for {
				frame, err := s.ReadFrame()
				if err != nil {
					return
				}
				if f, ok := frame.(*http2.MetaHeadersFrame); ok {
					timeout := "none"
					for _, field := range f.RegularFields() {
						if field.Name == "grpc-timeout" {
							timeout = field.Value
						}
					}
					s.ReadFrame()
					s.answer(f.StreamID, timeout)
				}
			}
		})
		call := &Call{Method: echo}
		for _, test := range []struct {
			left time.Duration
			want string
		}{
			{0, "none"}, {time.Nanosecond, "1m"}, {time.Millisecond, "1m"}, {1500 * time.Microsecond, "2m"},
			{2 * time.Second, "2000m"}, {24 * time.Hour, "86400000m"}, {48 * time.Hour, "99999999m"},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			if test.left > 0 {
				ctx, cancel = context.WithTimeout(ctx, test.left)
			}
			if err := c.Do(ctx, call); err != nil || string(call.Response) != test.want {
				t.Errorf("%v left: %q, %v, want %q", test.left, call.Response, err, test.want)
			}
			cancel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(2 * time.Second)
		if err := c.Do(ctx, call); err == nil || err.Error() != "code 4: the deadline has passed" || call.Sent {
			t.Errorf("after the deadline: %v, sent %v", err, call.Sent)
		}
	})
}

// A member that is away is tried again and again, ever less often but at least four times a second. Who asks meanwhile is
// told at once, and knows that nothing was sent. So is who asks one that accepts and never says a word, once it has had
// its time.
func TestConnectingAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var tried []string
		c := New(func(context.Context) (net.Conn, error) {
			tried = append(tried, time.Since(began).String())
			return nil, errors.New("refused")
		})
		call := &Call{Method: echo}
		for range 3 {
			if err := c.Do(t.Context(), call); err == nil || err.Error() != "code 14: refused" || call.Sent || time.Since(began) != 0 {
				t.Errorf("after %v: %v, sent %v", time.Since(began), err, call.Sent)
			}
		}
		time.Sleep(time.Second)
		c.Close()
		want := "0s 20ms 50ms 95ms 162.5ms 263.75ms 415.625ms 643.4375ms 893.4375ms"
		if got := strings.Join(tried, " "); got != want {
			t.Errorf("tried at %s\nwant     %s", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var theirs net.Conn
		c := New(func(context.Context) (net.Conn, error) {
			ours, other := net.Pipe()
			theirs = other
			go io.Copy(io.Discard, other)
			return ours, nil
		})
		call := &Call{Method: echo}
		if err := c.Do(t.Context(), call); err == nil || !strings.HasPrefix(err.Error(), "code 14: greet: ") || call.Sent || time.Since(began) != connectTimeout {
			t.Errorf("after %v: %v, sent %v", time.Since(began), err, call.Sent)
		}
		c.Close()
		theirs.Close()
	})
}

// Close ends what is in flight, what waits for a connection and what waits for room, and says which of them went out.
func TestCloseEndsCalls(t *testing.T) {
	taken := make(chan bool)
	c := start(t, func(_ int, s *server) {
		s.greet(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1})
		s.take()
		taken <- true
	})
	inFlight, waiting := &Call{Method: echo}, &Call{Method: echo}
	errs := make(chan error, 2)
	go func() { errs <- c.Do(within(t), inFlight) }()
	<-taken
	go func() { errs <- c.Do(within(t), waiting) }()
	for !c.waited() {
		time.Sleep(time.Millisecond)
	}
	c.Close()
	for range 2 {
		if err := <-errs; err == nil || err.Error() != "code 1: the client was closed" {
			t.Errorf("%v", err)
		}
	}
	if !inFlight.Sent || waiting.Sent {
		t.Errorf("in flight: sent %v; waiting: sent %v", inFlight.Sent, waiting.Sent)
	}
}
