package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/whitewater-kv/whitewater/history"
)

// Tail follows the history of a run while it is being written. It is for one goroutine.
type Tail struct {
	path string
	at   int64 // where the first frame that was not read begins
}

// The bounds of what one Next holds in memory.
const (
	tailBytes     = 4 << 20   // of the file, unless one frame is longer
	longestFrame  = 256 << 20 // of the file: a second's records
	frameUnpacked = 1 << 30
)

// Tail follows the run from its beginning.
func (r *Run) Tail() *Tail { return &Tail{path: r.File(HistoryFile)} }

// Next is what was written since the last Next, in the order of writing; none if there is nothing new, or no history
// yet. A long history comes in parts: there may be more until Next returns none. A frame that is not whole yet waits.
func (t *Tail) Next() ([]history.Record, error) {
	f, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("follow a run: %w", err)
	}
	defer f.Close()
	for limit := int64(tailBytes); limit <= longestFrame; limit *= 4 {
		data, err := io.ReadAll(io.NewSectionReader(f, t.at, limit))
		if err != nil {
			return nil, fmt.Errorf("follow %s: %w", t.path, err)
		}
		if whole := wholeFrames(bytes.NewReader(data), int64(len(data))); whole > 0 {
			records, err := unpack(data[:whole])
			if err != nil {
				return nil, fmt.Errorf("follow %s from byte %d: %w", t.path, t.at, err)
			}
			t.at += whole
			return records, nil
		}
		if int64(len(data)) < limit {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("follow %s from byte %d: a frame is longer than %d bytes", t.path, t.at, longestFrame)
}

// unpack reads the records of whole frames.
func unpack(frames []byte) (records []history.Record, err error) {
	torn, err := readFrames(bytes.NewReader(frames), int64(len(frames)), func(r history.Record) error {
		records = append(records, r)
		return nil
	})
	if torn && err == nil {
		err = history.ErrTorn
	}
	return records, err
}
