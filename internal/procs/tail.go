package procs

import (
	"io"
	"os"
	"strings"
)

// tailBytes bounds what is read of a log's end: with room for the stacks of all goroutines of a server.
const tailBytes = 1 << 20

// tail is the last lines of a file, of those from a byte on, without empty ones; nil if it cannot be read.
func tail(path string, from int64, lines int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		from = max(from, size-tailBytes)
	}
	f.Seek(from, io.SeekStart)
	data, err := io.ReadAll(f)
	if err != nil {
		return nil
	}
	var found []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			found = append(found, line)
		}
	}
	return found[max(0, len(found)-lines):]
}
