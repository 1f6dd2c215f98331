package etcd

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/whitewater-kv/whitewater/cluster/etcd/member"
	"github.com/whitewater-kv/whitewater/history"
)

// collect reads each member's log and files, and asks all members for their hash at one revision. What cannot be read
// is noted in the evidence; it is no error.
func (s *system) collect(ctx context.Context) ([]history.Evidence, error) {
	var all []history.Evidence
	for _, id := range s.order {
		if err := ctx.Err(); err != nil {
			return all, fmt.Errorf("collect evidence: %w", err)
		}
		n := s.nodes[id]
		e := history.Evidence{Node: id, Member: n.member}
		n.lived(s, &e)
		readLog(filepath.Join(n.dir, logName), s.epoch, n.member, &e)
		files := member.Read(filepath.Join(n.dir, dataName))
		e.WAL, e.Snaps = files.WAL, files.Snaps
		e.Notes = append(e.Notes, files.Notes...)
		if files.WAL != nil && (files.Member != n.member || files.Cluster != s.id) {
			e.Notes = append(e.Notes, fmt.Sprintf("its files are those of member %x in cluster %x", files.Member, files.Cluster))
		}
		all = append(all, e)
	}
	s.hash(ctx, all)
	return all, nil
}

// lived tells how often the process was started, and which ends of it nobody asked for.
func (n *node) lived(s *system, e *history.Evidence) {
	if proc, err := n.process(); err == nil {
		if _, ended := proc.Exit(); ended {
			<-n.noted() // a moment
		}
	}
	n.mu.Lock()
	e.Restarts = max(0, n.starts-1)
	n.mu.Unlock()
	n.notes.Lock()
	defer n.notes.Unlock()
	for i, exit := range n.unasked {
		e.Exits = append(e.Exits, history.Exit{At: exit.At.Sub(s.epoch), Status: exit.Status, Tail: slices.Clone(n.tails[i])})
	}
}

// hash asks every member for the hash of its store at the highest revision that all of them have.
func (s *system) hash(ctx context.Context, all []history.Evidence) {
	var common int64
	statuses := make([]history.Status, len(all))
	for i := range all {
		statuses[i] = s.status(ctx, all[i].Node)
		if statuses[i].Up && (common == 0 || statuses[i].Revision < common) {
			common = statuses[i].Revision
		}
	}
	for i := range all {
		if !statuses[i].Up {
			all[i].Notes = append(all[i].Notes, "no hash: it does not answer")
			continue
		}
		hash, err := admin{s}.HashKV(ctx, all[i].Node, common)
		if err != nil {
			all[i].Notes = append(all[i].Notes, err.Error())
			continue
		}
		all[i].Hash = &hash
	}
}
