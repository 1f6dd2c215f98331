package memkv

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

var update = flag.Bool("update", false, "write the scripts' answers anew")

// Each script is a story: a line is a request to a member, or a lever, and what came of it.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			synctest.Test(t, func(t *testing.T) { got = play(t, strings.Split(string(want), "\n")) })
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(got, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for i, line := range strings.Split(string(want), "\n") {
				if got[i] != line {
					t.Errorf("line %d:\n got %s\nwant %s", i+1, got[i], line)
				}
			}
		})
	}
}

// stage is what a script plays on.
type stage struct {
	*cluster.Cluster
	t     *testing.T
	later []*waiting
}

// waiting is a request whose answer is asked for later.
type waiting struct {
	op   history.Op
	done sync.WaitGroup
}

func play(t *testing.T, lines []string) (out []string) {
	c, err := New(Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Cluster: c, t: t}
	defer func() {
		c.Close()
		for _, w := range s.later {
			w.done.Wait()
		}
	}()
	for _, line := range lines {
		line, _, _ = strings.Cut(line, " -> ")
		if line == "" || line[0] == '#' {
			out = append(out, line)
			continue
		}
		answer := s.do(strings.Fields(line), line)
		if answer != "" {
			line += " -> " + answer
		}
		out = append(out, line)
	}
	return out
}

// do carries out one line.
func (s *stage) do(words []string, line string) string {
	ctx, id := s.t.Context(), history.NodeID(words[min(1, len(words)-1)])
	var err error
	switch words[0] {
	case "kill":
		err = s.Process.Kill(ctx, id)
	case "stop":
		err = s.Process.Stop(ctx, id)
	case "start":
		err = s.Process.Start(ctx, id)
	case "pause":
		err = s.Process.Pause(ctx, id)
	case "resume":
		err = s.Process.Resume(ctx, id)
	case "cut":
		err = s.Network.Cut(id, history.NodeID(words[2]))
	case "mend":
		err = s.Network.Mend(id, history.NodeID(words[2]))
	case "mend-all":
		err = s.Network.MendAll()
	case "move-leader":
		err = s.Admin.MoveLeader(ctx, id, history.NodeID(words[2]))
	case "sleep":
		d, _ := time.ParseDuration(words[1])
		time.Sleep(d)
	case "status":
		st := s.Status(ctx, id)
		return fmt.Sprintf("%s up=%v leader=%s term=%d rev=%d", s.Process.State(id), st.Up, st.Leader, st.Term, st.Revision)
	case "traffic":
		tr := s.Network.Traffic(id, history.NodeID(words[2]))
		return fmt.Sprintf("passed=%v held=%v cut=%v", tr.Passed > 0, tr.Held > 0, tr.Cut)
	case "hashes":
		return s.hashes()
	case "watch":
		return s.watched(line)
	case "later":
		s.begin(strings.TrimPrefix(line, "later "))
		return ""
	case "answer":
		w := s.later[0]
		s.later = s.later[1:]
		w.done.Wait()
		return answer(w.op)
	default:
		op := s.request(line)
		op.Result = s.send(op, 2*time.Second)
		return answer(op)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// request reads "n1 put x 1".
func (s *stage) request(line string) history.Op {
	node, request, _ := strings.Cut(line, " ")
	op, err := history.ParseOp("p0 " + node + " [0s 0s] " + request + " -> unknown later")
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return op
}

func (s *stage) send(op history.Op, limit time.Duration) history.Result {
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	client, err := s.Dial(ctx, op.Node)
	if err != nil {
		return history.Result{Outcome: history.Fail, Error: err.Error()}
	}
	return client.Do(ctx, op.Request)
}

// begin sends a request and lets it wait for its answer, for a minute, while the script goes on.
func (s *stage) begin(line string) {
	w := &waiting{op: s.request(line)}
	w.done.Go(func() { w.op.Result = s.send(w.op, time.Minute) })
	s.later = append(s.later, w)
	synctest.Wait()
	time.Sleep(50 * time.Millisecond)
}

// answer is the result as text, without what is the same all the time.
func answer(op history.Op) string {
	op.Result.Header = history.Header{Revision: op.Result.Header.Revision}
	_, text, _ := strings.Cut(op.String(), " -> ")
	return text
}

func (s *stage) hashes() string {
	all, err := s.Collect(s.t.Context())
	if err != nil {
		return err.Error()
	}
	different := map[uint32]bool{}
	for _, e := range all {
		different[e.Hash.Hash] = true
	}
	return fmt.Sprintf("%d different at revision %d", len(different), all[0].Hash.Revision)
}

// watched opens a watch as the line says, and returns what it told until it was quiet for a second.
func (s *stage) watched(line string) string {
	var w history.Watch
	words := strings.Fields(line)
	w.Node, w.Key = history.NodeID(words[1]), words[2]
	for _, word := range words[3:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "end":
			w.End = value
		case "from":
			fmt.Sscan(value, &w.Start)
		}
		w.PrevKV = w.PrevKV || name == "prev"
		w.Fragment = w.Fragment || name == "fragment"
		w.NoPut = w.NoPut || name == "no-put"
		w.NoDelete = w.NoDelete || name == "no-delete"
		w.Progress = w.Progress || name == "progress"
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
	defer cancel()
	var told []string
	err := s.Watch(ctx, w, func(r history.WatchResponse) { told = append(told, response(r)) })
	if err != nil {
		told = append(told, err.Error())
	}
	return strings.Join(told, " | ")
}

func response(r history.WatchResponse) string {
	var all []string
	switch {
	case r.Created:
		return "created"
	case r.Progress:
		return fmt.Sprintf("up to %d", r.Header.Revision)
	}
	for _, e := range r.Events {
		text := fmt.Sprintf("%d %s=%s", e.KV.Mod, e.KV.Key, e.KV.Value)
		if e.Delete {
			text = fmt.Sprintf("%d %s gone", e.KV.Mod, e.KV.Key)
		}
		if e.Prev != nil {
			text += " was " + e.Prev.Value
		}
		all = append(all, text)
	}
	if r.Fragment {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}
