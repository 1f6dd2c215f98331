package store

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/whitewater-kv/whitewater/history"
)

// readFrames gives the JSON lines in zstd frames to each, one after another. The last frame may be cut off: its lines are
// read as far as they go, and torn says so. So may the first one, up to an empty file. Anything else that is wrong with a
// frame is damage.
func readFrames(in io.ReaderAt, size int64, each func(history.Record) error) (torn bool, err error) {
	whole := wholeFrames(in, size)
	frames, err := newUnpacker(io.NewSectionReader(in, 0, whole))
	if err != nil {
		return false, err
	}
	defer frames.Close()
	tail, err := newUnpacker(io.NewSectionReader(in, whole, size-whole))
	if err != nil {
		return false, err
	}
	defer tail.Close()
	cut, err := readLines(io.MultiReader(frames, untilError{tail}), each)
	if wrong := (*callerError)(nil); err != nil && !errors.As(err, &wrong) {
		err = fmt.Errorf("damaged: %w", err)
	}
	return cut || whole < size || size == 0, err
}

func newUnpacker(in io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(frameUnpacked), zstd.WithDecoderLowmem(true))
}

// callerError is an error of the function that was given records.
type callerError struct{ error }

func (e *callerError) Unwrap() error { return e.error }

// readLines gives JSON lines to each. A last line that is cut off is torn, and no error.
func readLines(in io.Reader, each func(history.Record) error) (torn bool, err error) {
	d := history.NewDecoder(in)
	for {
		r, err := d.Next()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case errors.Is(err, history.ErrTorn):
			return true, nil
		case err != nil:
			return false, err
		}
		if err := each(r); err != nil {
			return false, &callerError{err}
		}
	}
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
func wholeFrames(in io.ReaderAt, size int64) int64 {
	at := int64(0)
	for at < size {
		n, _ := frameLen(in, at, size)
		if n > size-at {
			return at
		}
		at += n
	}
	return at
}

// frameLen is the length of the frame that begins at a place, more than there is if it is cut off, and the length of what
// is packed in it, as far as it says (RFC 8878, section 3.1).
func frameLen(in io.ReaderAt, at, size int64) (length, unpacked int64) {
	left := size - at
	start := make([]byte, min(left, zstd.HeaderMaxSize))
	if _, err := in.ReadAt(start, at); err != nil && !errors.Is(err, io.EOF) {
		return left, 0 // whoever reads it will say so
	}
	var header zstd.Header
	if err := header.Decode(start); err != nil {
		if left < zstd.HeaderMaxSize || zeros(io.NewSectionReader(in, at, left)) {
			return left + 1, 0 // also a tail of zeros: a file system's after a loss of power
		}
		return left, 0
	}
	if header.Skippable {
		return int64(header.HeaderSize) + int64(header.SkippableSize), 0
	}
	next := at + int64(header.HeaderSize)
	for last := false; !last; {
		var block [3]byte
		if n, _ := in.ReadAt(block[:], next); n < len(block) || next+3 > size {
			return left + 1, 0
		}
		bits := int64(block[0]) | int64(block[1])<<8 | int64(block[2])<<16
		last = bits&1 == 1
		length := bits >> 3
		if runLength := bits>>1&3 == 1; runLength {
			length = 1
		}
		next += 3 + length
	}
	if header.HasCheckSum {
		next += 4
	}
	return next - at, int64(header.FrameContentSize)
}

// zeros reports whether there is nothing but zeros.
func zeros(in io.Reader) bool {
	r := bufio.NewReader(in)
	for {
		b, err := r.ReadByte()
		if err != nil {
			return true
		}
		if b != 0 {
			return false
		}
	}
}

// Unpacked is the size of the history's lines, or of its text. Frames that do not say what is in them count as they are.
func (r *Run) Unpacked() (int64, error) {
	f, size, err := r.openHistory()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if form(f) != packed {
		return size, nil
	}
	all := int64(0)
	for at := int64(0); at < size; {
		n, unpacked := frameLen(f, at, size)
		all += max(unpacked, min(n, size-at))
		at += n
	}
	return all, nil
}

// zstdStart is how a zstd frame begins.
var zstdStart = []byte{0x28, 0xb5, 0x2f, 0xfd}

// form is how a history is written.
func form(f *os.File) historyForm {
	start := make([]byte, 4)
	n, _ := f.ReadAt(start, 0) // a file that cannot be read is found out by its reader
	switch {
	case bytes.HasPrefix(zstdStart, start[:n]): // as far as it goes
		return packed
	case start[0] == '{':
		return jsonLines
	}
	return text
}

type historyForm uint8

const (
	packed    historyForm = iota // zstd
	jsonLines                    // JSON lines
	text
)
