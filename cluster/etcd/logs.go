package etcd

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

const (
	// crashLines bounds what is kept of one member's log, and lineBytes each line.
	crashLines = 200
	lineBytes  = 2000
)

// crashes are the lines of a member's log that say it crashed; a stack trace may follow, but one line is enough.
var crashes = []struct {
	class string
	line  *regexp.Regexp
}{
	{"panic", regexp.MustCompile(`^\{"level":"d?panic"`)},
	{"fatal", regexp.MustCompile(`^\{"level":"fatal"`)},
	{"panic", regexp.MustCompile(`^panic: `)},
	{"runtime", regexp.MustCompile(`^fatal error: `)},
	{"runtime", regexp.MustCompile(`^\[signal SIG|^SIG[A-Z]+: |^unexpected fault address `)},
	{"race", regexp.MustCompile(`^WARNING: DATA RACE|^Found \d+ data race`)},
	{"panic", regexp.MustCompile(`^\d{4}-\d\d-\d\d \S+ C \| `)}, // critical, in the format of etcd 3.3
}

// benign lines look like crashes, and are how etcd says something else.
var benign = []string{
	"couldn't find local name", // a member that was removed, started again
}

// classOf is the class of a crash line; "" = none.
func classOf(line string) string {
	for _, c := range crashes {
		if !c.line.MatchString(line) {
			continue
		}
		for _, b := range benign {
			if strings.Contains(line, b) {
				return ""
			}
		}
		return c.class
	}
	return ""
}

// readLog takes from a member's log the crashes and its own word that it became leader.
func readLog(path string, epoch time.Time, id uint64, e *history.Evidence) {
	file, err := os.Open(path)
	if err != nil {
		e.Notes = append(e.Notes, fmt.Sprintf("log: %v", err))
		return
	}
	defer file.Close()
	var (
		lines   = bufio.NewReader(file)
		at      time.Duration // of the last line that had a time: a runtime's own lines have none
		dropped int
	)
	for no := 1; ; no++ {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if when, ok := lineTime(line); ok {
			at = when.Sub(epoch)
		}
		if term, ok := becameLeader(line, id); ok {
			e.Leads = append(e.Leads, history.Lead{At: at, Term: term})
		}
		if class := classOf(line); class != "" {
			if len(e.Crashes) < crashLines {
				e.Crashes = append(e.Crashes, history.LogLine{At: at, Class: class, Line: line[:min(len(line), lineBytes)], No: no})
			} else {
				dropped++
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				e.Notes = append(e.Notes, fmt.Sprintf("log: line %d: %v", no, err))
			}
			break
		}
	}
	if dropped > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("log: %d more crash lines are left out", dropped))
	}
}

var leaderLine = regexp.MustCompile(`([0-9a-f]+) became leader at term (\d+)`)

func becameLeader(line string, id uint64) (term uint64, ok bool) {
	if !strings.Contains(line, " became leader at term ") {
		return 0, false
	}
	m := leaderLine.FindStringSubmatch(line)
	if m == nil || m[1] != strconv.FormatUint(id, 16) {
		return 0, false
	}
	term, err := strconv.ParseUint(m[2], 10, 64)
	return term, err == nil
}

// lineTime is the time of a line as zap writes it, in the two ways that etcd's versions use.
func lineTime(line string) (time.Time, bool) {
	if !strings.HasPrefix(line, "{") {
		return time.Time{}, false
	}
	var fields struct {
		TS string `json:"ts"`
	}
	if json.Unmarshal([]byte(line), &fields) != nil {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err := time.Parse(layout, fields.TS); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
