package member

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/whitewater-kv/whitewater/history"
)

// Files is what a member's data directory says of it.
type Files struct {
	Member, Cluster uint64
	WAL             *history.WAL // nil: nothing could be read
	Snaps           []history.Snapshot
	Notes           []string // what could not be read, and why
}

// Read reads the data directory of a member, of any etcd version since 3.0, running or not. What cannot be read is
// noted; whatever stands before it is returned.
func Read(dataDir string) Files {
	var f Files
	f.readWAL(filepath.Join(dataDir, "member", "wal"))
	f.readSnapshots(filepath.Join(dataDir, "member", "snap"))
	return f
}

func (f *Files) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// readWAL reads every segment in order, which is the order of their names. Unlike etcd's own reader it does not begin
// at a snapshot, and it keeps every hard state.
func (f *Files) readWAL(dir string) {
	segments, err := list(dir, ".wal")
	if err != nil || len(segments) == 0 {
		f.note("%s: no write-ahead log", dir)
		return
	}
	var readers []fileutil.FileReader
	for _, segment := range segments {
		file, err := os.Open(segment)
		if err != nil {
			f.note("%v", err)
			return
		}
		defer file.Close()
		readers = append(readers, fileutil.NewFileReader(file))
	}
	log := &replay{wal: &history.WAL{}}
	err = log.read(wal.NewDecoder(readers...))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.note("the write-ahead log ends in a torn record, as a crash may leave it: %v", err)
	case err != nil:
		f.note("write-ahead log: %v", err)
	}
	f.Member, f.Cluster, f.WAL = log.member, log.cluster, log.finish()
	f.Notes = append(f.Notes, log.notes...)
}

// list is the files of a folder whose names end so, in the order of their names.
func list(dir, end string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), end) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// replay is a write-ahead log while it is being read.
type replay struct {
	member, cluster uint64
	wal             *history.WAL
	commit          uint64
	notes           []string
}

func (r *replay) read(d wal.Decoder) error {
	var rec walpb.Record
	for {
		err := d.Decode(&rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.record(d, &rec); err != nil {
			return err
		}
	}
}

func (r *replay) record(d wal.Decoder, rec *walpb.Record) error {
	switch rec.GetType() {
	case wal.CrcType: // begins a segment: it goes on from the crc of the one before
		if crc := d.LastCRC(); crc != 0 && rec.Validate(crc) != nil {
			return fmt.Errorf("a segment does not continue the one before: crc %08x, want %08x", rec.GetCrc(), crc)
		}
		d.UpdateCRC(rec.GetCrc())
	case wal.MetadataType:
		var meta pb.Metadata
		if err := proto.Unmarshal(rec.GetData(), &meta); err != nil {
			return fmt.Errorf("metadata: %w", err)
		}
		r.member, r.cluster = meta.GetNodeID(), meta.GetClusterID()
	case wal.EntryType:
		return r.entry(rec)
	case wal.StateType:
		var s raftpb.HardState
		if err := proto.Unmarshal(rec.GetData(), &s); err != nil {
			return fmt.Errorf("hard state: %w", err)
		}
		r.state(history.HardState{Term: s.GetTerm(), Vote: s.GetVote(), Commit: s.GetCommit()})
	case wal.SnapshotType:
		var s walpb.Snapshot
		if err := proto.Unmarshal(rec.GetData(), &s); err != nil {
			return fmt.Errorf("snapshot record: %w", err)
		}
		r.snapshot(s.GetIndex(), s.GetTerm())
	}
	return nil
}

// state keeps a hard state, unless it only repeats the one before: each segment begins with it.
func (r *replay) state(s history.HardState) {
	if n := len(r.wal.States); n == 0 || r.wal.States[n-1] != s {
		r.wal.States = append(r.wal.States, s)
	}
	r.commit = s.Commit
}

// entry puts an entry where it belongs. One at an index that is already there replaces it and all that follow.
func (r *replay) entry(rec *walpb.Record) error {
	var raw raftpb.Entry
	if err := proto.Unmarshal(rec.GetData(), &raw); err != nil {
		return fmt.Errorf("entry: %w", err)
	}
	e, err := entry(&raw)
	if err != nil {
		r.notes = append(r.notes, err.Error())
	}
	at, _ := r.find(e.Index)
	r.wal.Entries = append(r.wal.Entries[:at], e)
	return nil
}

func (r *replay) find(index uint64) (int, bool) {
	return slices.BinarySearchFunc(r.wal.Entries, index, func(e history.Entry, i uint64) int {
		switch {
		case e.Index < i:
			return -1
		case e.Index > i:
			return 1
		}
		return 0
	})
}

// snapshot removes what a snapshot from the leader replaced. A member's own snapshot ends at an entry that it has;
// a received one does not, and then entries beyond the commit index are not part of the log any more.
func (r *replay) snapshot(index, term uint64) {
	at, found := r.find(index)
	if index <= r.commit || found && r.wal.Entries[at].Term == term {
		return
	}
	keep, _ := r.find(r.commit + 1)
	r.wal.Entries = r.wal.Entries[:keep]
}

func (r *replay) finish() *history.WAL {
	w := r.wal
	if len(w.Entries) > 0 {
		w.First = w.Entries[0].Index
	}
	if n := len(w.States); n > 0 {
		w.Commit, w.Term = w.States[n-1].Commit, w.States[n-1].Term
	}
	return w
}
