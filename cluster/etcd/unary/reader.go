package unary

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"

	"golang.org/x/net/http2"
)

// head is a frame's header.
type head struct {
	length int
	kind   http2.FrameType
	flags  http2.Flags
	stream uint32
}

// frame reads one frame. The payload is good until the next one is read.
func (c *conn) frame() (head, []byte, error) {
	b, err := c.reader.Peek(frameHeader)
	if err != nil {
		return head{}, nil, err
	}
	h := head{length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]), kind: http2.FrameType(b[3]), flags: http2.Flags(b[4]),
		stream: binary.BigEndian.Uint32(b[5:]) &^ (1 << 31)}
	if h.length > maxFrame {
		return h, nil, fmt.Errorf("a frame of %d bytes; at most %d", h.length, maxFrame)
	}
	b, err = c.reader.Peek(frameHeader + h.length)
	if err != nil {
		return h, nil, err
	}
	c.reader.Discard(frameHeader + h.length) // what was peeked at is there
	return h, b[frameHeader:], nil
}

// read reads until the connection ends.
func (c *conn) read() {
	for {
		h, payload, err := c.frame()
		if err == nil {
			err = c.handle(h, payload)
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			c.fail(&Error{Unavailable, "connection lost: " + err.Error()})
			return
		}
	}
}

// handle takes one frame. An error ends the connection.
func (c *conn) handle(h head, payload []byte) error {
	if (h.kind == http2.FrameContinuation) != (c.unfinished != 0) || c.unfinished != 0 && h.stream != c.unfinished {
		return fmt.Errorf("%v of stream %d, and the headers of stream %d are unfinished", h.kind, h.stream, c.unfinished)
	}
	payload, err := unpad(h, payload)
	if err != nil {
		return err
	}
	switch h.kind {
	case http2.FrameData:
		return c.data(h, payload)
	case http2.FrameHeaders:
		c.ending = h.flags.Has(http2.FlagHeadersEndStream)
		return c.head(h, payload)
	case http2.FrameContinuation:
		return c.head(h, payload)
	case http2.FramePushPromise:
		return errors.New("the peer pushes, though it was told not to")
	}
	if want, known := lengths[h.kind]; known && len(payload) < want {
		return fmt.Errorf("%v of %d bytes; at least %d", h.kind, len(payload), want)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch h.kind {
	case http2.FrameSettings:
		return c.settings(h, payload)
	case http2.FramePing:
		if !h.flags.Has(http2.FlagPingAck) {
			c.out = append(appendFrame(c.out, http2.FramePing, http2.FlagPingAck, 0, 8), payload[:8]...)
			c.flush()
		}
	case http2.FrameWindowUpdate:
		if h.stream == 0 { // a stream's own never runs out: it takes the longest request
			c.window += int64(binary.BigEndian.Uint32(payload) &^ (1 << 31))
			c.more()
		}
	case http2.FrameRSTStream:
		c.reset(h.stream, http2.ErrCode(binary.BigEndian.Uint32(payload)))
	case http2.FrameGoAway:
		c.goAway(binary.BigEndian.Uint32(payload) &^ (1 << 31))
	}
	return nil
}

// lengths of the frames that are read by position.
var lengths = map[http2.FrameType]int{http2.FramePing: 8, http2.FrameWindowUpdate: 4, http2.FrameRSTStream: 4, http2.FrameGoAway: 8}

// unpad takes off what surrounds the data or the headers.
func unpad(h head, payload []byte) ([]byte, error) {
	if h.kind != http2.FrameData && h.kind != http2.FrameHeaders {
		return payload, nil
	}
	before, after := 0, 0
	if h.flags.Has(http2.FlagDataPadded) { // the same bit for both
		if len(payload) == 0 {
			return nil, fmt.Errorf("%v without its padding", h.kind)
		}
		before, after = 1, int(payload[0])
	}
	if h.kind == http2.FrameHeaders && h.flags.Has(http2.FlagHeadersPriority) {
		before += 5
	}
	if before+after > len(payload) {
		return nil, fmt.Errorf("%v is shorter than its padding", h.kind)
	}
	return payload[before : len(payload)-after], nil
}

func (c *conn) settings(h head, payload []byte) error {
	if h.flags.Has(http2.FlagSettingsAck) {
		return nil
	}
	for ; len(payload) >= 6; payload = payload[6:] {
		value := binary.BigEndian.Uint32(payload[2:])
		switch http2.SettingID(binary.BigEndian.Uint16(payload)) {
		case http2.SettingMaxConcurrentStreams:
			c.limit = value
		case http2.SettingInitialWindowSize:
			if value < MaxRequest+messagePrefix {
				return fmt.Errorf("the peer takes %d bytes at a time; at least %d are needed", value, MaxRequest+messagePrefix)
			}
		}
	}
	c.out = appendFrame(c.out, http2.FrameSettings, http2.FlagSettingsAck, 0, 0)
	c.more()
	c.flush()
	return nil
}

// reset ends a call as gRPC would have it. The lock is held.
func (c *conn) reset(stream uint32, why http2.ErrCode) {
	call := c.streams[stream]
	if call == nil {
		return
	}
	code := uint32(Internal)
	switch why {
	case http2.ErrCodeRefusedStream:
		code = Unavailable
	case http2.ErrCodeCancel:
		code = Canceled
	case http2.ErrCodeEnhanceYourCalm:
		code = ResourceExhausted
	}
	c.end(call, &Error{code, "the peer ended the stream: " + why.String()})
}

// goAway ends the calls that the peer says it has not looked at; they are not made again. The lock is held.
func (c *conn) goAway(last uint32) {
	c.gone = true
	for stream, call := range c.streams {
		if stream > last {
			c.end(call, &Error{Unavailable, "the peer goes away"})
		}
	}
	c.more()
}

func (c *conn) data(h head, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.received += int64(h.length); c.received >= refill {
		c.out = appendWindowUpdate(c.out, uint32(c.received))
		c.received = 0
		c.flush()
	}
	call := c.streams[h.stream]
	if call == nil {
		return nil // its caller waits no longer
	}
	if len(call.body)+len(payload) > math.MaxInt32 {
		return fmt.Errorf("an answer of more than %d bytes", math.MaxInt32)
	}
	call.body = append(call.body, payload...)
	if h.flags.Has(http2.FlagDataEndStream) {
		c.end(call, call.outcome())
	}
	return nil
}

// head takes a part of an answer's headers; once they are complete, what they say.
func (c *conn) head(h head, payload []byte) error {
	if len(c.block)+len(payload) > readBuffer {
		return fmt.Errorf("headers of more than %d bytes", readBuffer)
	}
	if !h.flags.Has(http2.FlagHeadersEndHeaders) {
		c.block, c.unfinished = append(c.block, payload...), h.stream
		return nil
	}
	c.unfinished = 0
	if len(c.block) > 0 {
		payload = append(c.block, payload...)
		c.block = c.block[:0]
	}
	c.fields = answer{}
	if _, err := c.headers.Write(payload); err != nil {
		return err
	}
	if err := c.headers.Close(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call := c.streams[h.stream]
	if call == nil {
		return nil
	}
	if c.fields.status != "" {
		call.status = c.fields.status
	}
	if c.fields.code != "" {
		call.code, call.message = c.fields.code, c.fields.message
	}
	if c.ending {
		c.end(call, call.outcome())
	}
	return nil
}

// outcome says how a call that the peer has ended came out.
func (call *Call) outcome() error {
	switch {
	case call.status != "200":
		if s := call.status; s == "429" || s == "502" || s == "503" || s == "504" {
			return &Error{Unavailable, "HTTP status " + s}
		}
		return &Error{Unknown, "HTTP status " + strconv.Quote(call.status)}
	case call.code == "":
		return &Error{Internal, "the peer ended the stream without a status"}
	case call.code != "0":
		code, err := strconv.ParseUint(call.code, 10, 32)
		if err != nil || code == 0 {
			return &Error{Unknown, "status " + strconv.Quote(call.code)}
		}
		message, err := url.PathUnescape(call.message)
		if err != nil {
			message = call.message
		}
		return &Error{uint32(code), message}
	case len(call.body) < messagePrefix || call.body[0] != 0 ||
		int(binary.BigEndian.Uint32(call.body[1:])) != len(call.body)-messagePrefix:
		return &Error{Internal, "the answer is not one message"}
	}
	call.Response = call.body[messagePrefix:]
	return nil
}
