package unary

import (
	"context"
	"encoding/binary"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Method is what is called: the headers of its calls, encoded once.
type Method struct{ block []byte }

// NewMethod is the method of a path such as "/package.Service/Method".
func NewMethod(path string, encrypted bool) *Method {
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	m := &Method{}
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", scheme}, {":path", path}, {":authority", "member"},
		{"content-type", "application/grpc"}, {"user-agent", "whitewater"}, {"te", "trailers"},
	} {
		m.block = appendField(m.block, literal, field[0], field[1])
	}
	return m
}

// How a header is written: a literal with a new name, so that the peer keeps nothing and a block says the same on every
// connection. A secret may not be kept by anybody on the way either.
const (
	literal = 0x00
	secret  = 0x10
)

func appendField(b []byte, kind byte, name, value string) []byte {
	b = append(b, kind)
	b = append(appendLength(b, len(name)), name...)
	return append(appendLength(b, len(value)), value...)
}

// appendLength writes the length of a string that is not compressed (RFC 7541, section 5.1, with seven bits).
func appendLength(b []byte, n int) []byte {
	if n < 1<<7-1 {
		return append(b, byte(n))
	}
	return binary.AppendUvarint(append(b, 1<<7-1), uint64(n-(1<<7-1)))
}

// append writes the headers' frame.
func (m *Method) append(b []byte, ctx context.Context, stream uint32, token string) []byte {
	at := len(b)
	b = appendFrame(b, http2.FrameHeaders, http2.FlagHeadersEndHeaders, stream, 0)
	b = append(b, m.block...)
	if deadline, ok := ctx.Deadline(); ok {
		var digits [24]byte
		left := max((time.Until(deadline)+time.Millisecond-1)/time.Millisecond, 1)
		text := append(strconv.AppendInt(digits[:0], min(int64(left), 99999999), 10), 'm')
		b = append(b, 0, byte(len("grpc-timeout")))
		b = append(b, "grpc-timeout"...)
		b = append(b, byte(len(text)))
		b = append(b, text...)
	}
	if token != "" {
		b = appendField(b, secret, "token", token)
	}
	length := len(b) - at - frameHeader
	b[at], b[at+1], b[at+2] = byte(length>>16), byte(length>>8), byte(length)
	return b
}

// appendMessage writes the frames of a stream's only message, and ends our side of the stream.
func appendMessage(b []byte, stream uint32, message []byte) []byte {
	first := min(len(message), maxFrame-messagePrefix)
	b = appendFrame(b, http2.FrameData, endIf(first == len(message)), stream, first+messagePrefix)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(message)))
	b = append(b, message[:first]...)
	if rest := message[first:]; len(rest) > 0 {
		b = appendFrame(b, http2.FrameData, http2.FlagDataEndStream, stream, len(rest))
		b = append(b, rest...)
	}
	return b
}

func endIf(last bool) http2.Flags {
	if last {
		return http2.FlagDataEndStream
	}
	return 0
}

// appendFrame writes a frame's header.
func appendFrame(b []byte, kind http2.FrameType, flags http2.Flags, stream uint32, length int) []byte {
	b = append(b, byte(length>>16), byte(length>>8), byte(length), byte(kind), byte(flags))
	return binary.BigEndian.AppendUint32(b, stream)
}

func appendSetting(b []byte, id http2.SettingID, value uint32) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(id))
	return binary.BigEndian.AppendUint32(b, value)
}

func appendWindowUpdate(b []byte, by uint32) []byte {
	b = appendFrame(b, http2.FrameWindowUpdate, 0, 0, 4)
	return binary.BigEndian.AppendUint32(b, by)
}

// field takes one header of an answer.
func (c *conn) field(f hpack.HeaderField) {
	switch f.Name {
	case ":status":
		c.fields.status = f.Value
	case "grpc-status":
		c.fields.code = f.Value
	case "grpc-message":
		c.fields.message = f.Value
	}
}
