package store

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/whitewater-kv/whitewater/history"
)

// readFrames reads JSON lines from zstd frames. The last frame may be cut off: its lines are read as far as they go. So
// may the first one, up to an empty file. Anything else that is wrong with a frame is damage.
func readFrames(in io.Reader) (*history.History, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	whole := wholeFrames(data)
	frames, err := zstd.NewReader(bytes.NewReader(data[:whole]), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer frames.Close()
	torn, err := zstd.NewReader(bytes.NewReader(data[whole:]), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer torn.Close()
	h, err := history.ReadJSONL(io.MultiReader(frames, untilError{torn}))
	if err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	h.Meta.Interrupted = h.Meta.Interrupted || whole < len(data) || len(data) == 0
	return h, nil
}

// untilError ends where its reader fails.
type untilError struct{ r io.Reader }

func (u untilError) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// wholeFrames is where the last whole frame ends: what follows was cut off. Whether the frames are right is not looked
// at; what is no frame counts as whole, so that its reader finds the damage.
func wholeFrames(data []byte) int {
	at := 0
	for at < len(data) {
		n := frameLen(data[at:])
		if n > len(data)-at {
			return at
		}
		at += n
	}
	return at
}

// frameLen is the length of the frame that data begins with, more than there is if it is cut off (RFC 8878, section 3.1).
func frameLen(data []byte) int {
	cut := len(data) + 1
	var header zstd.Header
	if err := header.Decode(data); err != nil {
		if len(data) < zstd.HeaderMaxSize || len(bytes.Trim(data, "\x00")) == 0 {
			return cut // also a tail of zeros: a file system's after a loss of power
		}
		return len(data)
	}
	if header.Skippable {
		return header.HeaderSize + int(header.SkippableSize)
	}
	at := header.HeaderSize
	for last := false; !last; {
		if at+3 > len(data) {
			return cut
		}
		block := int(data[at]) | int(data[at+1])<<8 | int(data[at+2])<<16
		last = block&1 == 1
		size := block >> 3
		if runLength := block>>1&3 == 1; runLength {
			size = 1
		}
		at += 3 + size
	}
	if header.HasCheckSum {
		at += 4
	}
	return at
}
