package member

import (
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdserver/api/snap"
	"go.uber.org/zap"

	"github.com/whitewater-kv/whitewater/history"
)

// readSnapshots lists the raft snapshots whose checksums hold, oldest first: their names begin with term and index.
func (f *Files) readSnapshots(dir string) {
	names, err := list(dir, ".snap")
	if err != nil {
		f.note("%s: %v", dir, err)
		return
	}
	for _, name := range names {
		s, err := snap.Read(zap.NewNop(), name)
		if err != nil {
			f.note("snapshot %s: %v", filepath.Base(name), err)
			continue
		}
		f.Snaps = append(f.Snaps, history.Snapshot{Index: s.GetMetadata().GetIndex(), Term: s.GetMetadata().GetTerm()})
	}
}
