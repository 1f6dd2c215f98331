package procs

import (
	"io"
	"os"
	"strings"
)

// tailBytes bounds what is read of a log's end.
const tailBytes = 64 << 10

// Tail is the last lines of a file, without empty ones; nil if it cannot be read.
func Tail(path string, lines int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > tailBytes {
		f.Seek(size-tailBytes, io.SeekStart)
	} else {
		f.Seek(0, io.SeekStart)
	}
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
