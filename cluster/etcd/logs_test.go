package etcd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Lines of members' logs, each after the class that it must get.
const logLines = `
panic   {"level":"panic","ts":"2026-11-26T10:00:00.000Z","msg":"tocommit(409) is out of range [lastIndex(404)]"}
panic   {"level":"dpanic","ts":"2026-11-26T10:00:00.000Z","msg":"odd"}
fatal   {"level":"fatal","ts":"2026-11-26T10:00:00.000Z","msg":"failed to save Raft hard state and entries"}
-       {"level":"fatal","ts":"2026-11-26T10:00:00.000Z","msg":"couldn't find local name \"n1\" in the initial cluster configuration"}
-       {"level":"panic","ts":"2026-11-26T10:00:00.000Z","msg":"couldn't find local name \"n1\""}
-       {"level":"error","ts":"2026-11-26T10:00:00.000Z","msg":"fatal error: only quoted"}
-       {"level":"info","ts":"2026-11-26T10:00:00.000Z","msg":"received signal; shutting down","signal":"terminated"}
panic   panic: runtime error: index out of range [5] with length 3
runtime fatal error: concurrent map writes
runtime [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45d2a1]
runtime SIGABRT: abort
runtime unexpected fault address 0x7f3e5c000000
race    WARNING: DATA RACE
race    Found 1 data race(s)
panic   2026-11-26 10:00:00.000000 C | raft: tocommit(409) is out of range [lastIndex(404)]
-       2026-11-26 10:00:00.000000 I | raft: became leader at term 3
-       goroutine 1 [running]:
`

func TestCrashLines(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(logLines)) {
		class, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		text = strings.TrimSpace(text)
		got := classOf(text)
		if got == "" {
			got = "-"
		}
		if got != class {
			t.Errorf("%s, want %s: %s", got, class, text)
		}
	}
}

// A log is read whole: leaderships of this member only, crashes with the time of the last line that had one.
func TestReadLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.log")
	text := `{"level":"info","ts":"2026-11-26T10:00:01.500Z","msg":"8e9e05c52164694d became leader at term 2"}
{"level":"info","ts":"2026-11-26T10:00:02.000+0000","msg":"raft.node: 8e9e05c52164694d elected leader 91bc3c398fb3c146 at term 3"}
{"level":"info","ts":"2026-11-26T10:00:02.000+0000","msg":"91bc3c398fb3c146 became leader at term 3"}
{"level":"info","ts":"2026-11-26T10:00:03.250+0000","msg":"8e9e05c52164694d became leader at term 4"}
panic: runtime error
{"level":"info"` // torn
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	epoch := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	var e history.Evidence
	readLog(path, epoch, 0x8e9e05c52164694d, &e)
	want := "[{1.5s 2} {3.25s 4}] [{3.25s panic panic: runtime error 5}] []"
	if got := fmt.Sprint(e.Leads, e.Crashes, e.Notes); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReadLogLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.log")
	line := "panic: " + strings.Repeat("x", 3*lineBytes) + "\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, crashLines+7)), 0o600); err != nil {
		t.Fatal(err)
	}
	var e history.Evidence
	readLog(path, time.Now(), 1, &e)
	if len(e.Crashes) != crashLines || len(e.Crashes[0].Line) != lineBytes {
		t.Errorf("%d lines of %d bytes", len(e.Crashes), len(e.Crashes[0].Line))
	}
	if len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "7 more crash lines") {
		t.Errorf("notes %q", e.Notes)
	}
	e = history.Evidence{}
	readLog(path+"x", time.Now(), 1, &e)
	if len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "no such file") {
		t.Errorf("notes %q", e.Notes)
	}
}

// A process that panics says why before its stack; one that just ends has only its last lines.
func TestLastWords(t *testing.T) {
	tail := []string{`{"level":"info"}`, `{"level":"fatal","error":"no space left on device"}`, "panic: exit"}
	for range 30 {
		tail = append(tail, "go.etcd.io/etcd/server/v3/etcdmain.Main")
	}
	if words := lastWords(tail); len(words) != 3 || words[0] != tail[1] {
		t.Errorf("of a fatal error: %q", words)
	}
	if words := lastWords(tail[3:]); len(words) != tailLines {
		t.Errorf("without a reason: %q", words)
	}
}

// A full disk is known in every way in which members tell of it.
func TestNoSpace(t *testing.T) {
	for _, line := range []string{
		`{"level":"fatal","error":"write data/member/wal/0.tmp: no space left on device"}`,
		`{"level":"error","msg":"writeAt failed, offset: 24576: %!w(*fs.PathError=&{write data/member/snap/db 28})"}`,
	} {
		if !noSpace.MatchString(line) {
			t.Errorf("not known: %s", line)
		}
	}
}
