package member

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/snap"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/history"
)

// writer writes a member's files with etcd's own code.
type writer struct {
	t   *testing.T
	dir string
	w   *wal.WAL
}

func newWriter(t *testing.T) *writer {
	dir := filepath.Join(t.TempDir(), "run [2]") // as people name folders
	if err := os.MkdirAll(filepath.Join(dir, "member", "snap"), 0o755); err != nil {
		t.Fatal(err)
	}
	metadata, err := proto.Marshal(&pb.Metadata{NodeID: proto.Uint64(0xabc), ClusterID: proto.Uint64(0xdef)})
	if err != nil {
		t.Fatal(err)
	}
	w, err := wal.Create(zap.NewNop(), filepath.Join(dir, "member", "wal"), metadata)
	if err != nil {
		t.Fatal(err)
	}
	return &writer{t: t, dir: dir, w: w}
}

// save appends entries in a term, whose values are their indexes and terms, and a hard state.
func (w *writer) save(term, commit uint64, indexes ...uint64) {
	w.t.Helper()
	var entries []*raftpb.Entry
	for _, index := range indexes {
		data, err := proto.Marshal(&pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k"), Value: fmt.Appendf(nil, "%d/%d", index, term)}})
		if err != nil {
			w.t.Fatal(err)
		}
		entries = append(entries, &raftpb.Entry{Index: &index, Term: &term, Type: raftpb.EntryNormal.Enum(), Data: data})
	}
	vote := uint64(0xabc)
	if err := w.w.Save(&raftpb.HardState{Term: &term, Vote: &vote, Commit: &commit}, entries); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) snapshot(index, term uint64) {
	w.t.Helper()
	if err := w.w.SaveSnapshot(&walpb.Snapshot{Index: &index, Term: &term, ConfState: &raftpb.ConfState{}}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) close() {
	w.t.Helper()
	if err := w.w.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func entries(w *history.WAL) string {
	if w == nil {
		return "nothing"
	}
	var words []string
	for _, e := range w.Entries {
		words = append(words, fmt.Sprintf("%d:%s", e.Index, e.Request.Value))
	}
	return strings.Join(words, " ")
}

// An entry that is written again replaces what was at its index and after; every hard state is kept.
func TestReadWAL(t *testing.T) {
	w := newWriter(t)
	w.save(1, 1, 1, 2, 3, 4)
	w.save(2, 2, 3)
	w.save(3, 4, 4, 5)
	w.close()
	f := Read(w.dir)
	if got, want := entries(f.WAL), "1:1/1 2:2/1 3:3/2 4:4/3 5:5/3"; got != want {
		t.Errorf("entries %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(f.WAL.States), "[{1 2748 1} {2 2748 2} {3 2748 4}]"; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	if f.Member != 0xabc || f.Cluster != 0xdef || f.WAL.First != 1 || f.WAL.Commit != 4 || f.WAL.Term != 3 || len(f.Notes) != 0 {
		t.Errorf("%+v", f)
	}
}

// A member's own snapshot changes nothing; one that was received replaces what was not committed.
func TestReadWALSnapshots(t *testing.T) {
	for _, test := range []struct {
		index, term uint64
		want        string
	}{
		{2, 1, "1:1/1 2:2/1 3:3/1 4:4/1 11:11/5"}, // its own, at its commit index
		{4, 1, "1:1/1 2:2/1 3:3/1 4:4/1 11:11/5"}, // its own, before the commit index was saved
		{10, 5, "1:1/1 2:2/1 11:11/5"},            // received, beyond its log
		{3, 5, "1:1/1 2:2/1 11:11/5"},             // received, in conflict with its log
	} {
		w := newWriter(t)
		w.save(1, 2, 1, 2, 3, 4)
		w.snapshot(test.index, test.term)
		w.save(5, 11, 11)
		w.close()
		if got := entries(Read(w.dir).WAL); got != test.want {
			t.Errorf("snapshot %d in term %d: %s, want %s", test.index, test.term, got, test.want)
		}
	}
}

// A log of several segments is one log.
func TestReadWALSegments(t *testing.T) {
	size := wal.SegmentSizeBytes
	wal.SegmentSizeBytes = 2048
	defer func() { wal.SegmentSizeBytes = size }()
	w := newWriter(t)
	for i := range uint64(200) {
		w.save(1, i, i+1)
	}
	w.close()
	segments, _ := list(filepath.Join(w.dir, "member", "wal"), ".wal")
	f := Read(w.dir)
	if len(segments) < 3 || len(f.WAL.Entries) != 200 || len(f.WAL.States) != 200 || len(f.Notes) != 0 {
		t.Errorf("%d segments: %d entries, %d states, %q", len(segments), len(f.WAL.Entries), len(f.WAL.States), f.Notes)
	}
	// Without the first segments, as etcd removes them in time, the rest is still read.
	if err := os.Remove(segments[0]); err != nil {
		t.Fatal(err)
	}
	if f := Read(w.dir); f.WAL.First <= 1 || f.WAL.Entries[len(f.WAL.Entries)-1].Index != 200 {
		t.Errorf("from %d: %q", f.WAL.First, f.Notes)
	}
}

// What a crash tore, and what was damaged, is noted; all that stands before it is read.
func TestReadDamage(t *testing.T) {
	for name, damage := range map[string]struct {
		do   func(path string, data []byte) []byte
		want string
	}{
		"torn": {func(_ string, data []byte) []byte { return data[:last(data)-5] }, "torn record"},
		"bit flipped": {func(_ string, data []byte) []byte {
			data[len(data)/3] ^= 0x40
			return data
		}, "write-ahead log: "},
		"not a log": {func(string, []byte) []byte { return []byte(strings.Repeat("nonsense", 100)) }, ""},
		"empty":     {func(string, []byte) []byte { return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			w.save(1, 1, 1, 2, 3)
			w.save(1, 3, 4, 5, 6)
			w.close()
			path, _ := list(filepath.Join(w.dir, "member", "wal"), ".wal")
			data, err := os.ReadFile(path[0])
			if err != nil {
				t.Fatal(err)
			}
			data = data[:last(data)]
			if err := os.WriteFile(path[0], damage.do(path[0], data), 0o600); err != nil {
				t.Fatal(err)
			}
			f := Read(w.dir)
			if f.WAL == nil {
				t.Fatal("no log at all")
			}
			if notes := strings.Join(f.Notes, "; "); !strings.Contains(notes, damage.want) {
				t.Errorf("notes %q, want %q", notes, damage.want)
			}
			if name == "torn" && (len(f.WAL.Entries) != 6 || len(f.WAL.States) != 1) {
				t.Errorf("before the tear: %s, %v", entries(f.WAL), f.WAL.States)
			}
		})
	}
	if f := Read(t.TempDir()); f.WAL != nil || len(f.Notes) == 0 {
		t.Errorf("no files: %+v", f)
	}
}

// A member dies at any byte of its log, and finds zeros behind it, or nothing, or what was there before: what is read is the
// beginning of what was written, and an end in the middle of a record is noted.
func TestTornAnywhere(t *testing.T) {
	size := wal.SegmentSizeBytes
	wal.SegmentSizeBytes = 4096
	defer func() { wal.SegmentSizeBytes = size }()
	w := newWriter(t)
	for i := range uint64(6) {
		w.save(1, i, i+1)
	}
	w.close()
	path, _ := list(filepath.Join(w.dir, "member", "wal"), ".wal")
	whole, err := os.ReadFile(path[0])
	if err != nil {
		t.Fatal(err)
	}
	want := entries(Read(w.dir).WAL)
	seen := map[int]bool{}
	for cut := range last(whole) {
		for name, tail := range map[string][]byte{"nothing": nil, "zeros": make([]byte, 4096-cut), "noise": []byte(strings.Repeat("\xa5", 64))} {
			if err := os.WriteFile(path[0], append(append([]byte(nil), whole[:cut]...), tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			f := Read(w.dir)
			if f.WAL == nil {
				t.Fatalf("%s behind byte %d: no log at all: %q", name, cut, f.Notes)
			}
			if got := entries(f.WAL); !strings.HasPrefix(want, got) {
				t.Fatalf("%s behind byte %d: entries %s, of %s", name, cut, got, want)
			}
			if name == "noise" && len(f.Notes) == 0 {
				t.Errorf("noise behind byte %d is not noted", cut)
			}
			seen[len(f.WAL.Entries)] = true
		}
	}
	if len(seen) != 7 {
		t.Errorf("so many entries were read: %v, want 0 to 6", seen)
	}
}

// last is the length without the zeros to which etcd fills a segment up.
func last(data []byte) int { return len(strings.TrimRight(string(data), "\x00")) }

func TestReadSnapshots(t *testing.T) {
	w := newWriter(t)
	w.close()
	dir := filepath.Join(w.dir, "member", "snap")
	for _, index := range []uint64{10, 20} {
		term := uint64(2)
		err := snap.New(zap.NewNop(), dir).SaveSnap(&raftpb.Snapshot{Data: []byte("{}"),
			Metadata: &raftpb.SnapshotMetadata{Index: &index, Term: &term, ConfState: &raftpb.ConfState{}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "0000000000000003-0000000000000030.snap"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Read(w.dir)
	if got, want := fmt.Sprint(f.Snaps), "[{10 2} {20 2}]"; got != want || len(f.Notes) != 1 {
		t.Errorf("%s, want %s; notes %q", got, want, f.Notes)
	}
}
