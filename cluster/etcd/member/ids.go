package member

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.uber.org/zap"

	"github.com/whitewater-kv/whitewater/history"
)

// IDs are the ids that a new cluster's members give themselves, and the cluster's: hashes of the token and of the peer
// URLs. Knowing them beforehand, a client can tell its own member from a stranger at the same address.
func IDs(token string, peerURLs map[history.NodeID]string) (members map[history.NodeID]uint64, cluster uint64, err error) {
	var pairs []string
	for id, url := range peerURLs {
		pairs = append(pairs, fmt.Sprintf("%s=%s", id, url))
	}
	urls, err := types.NewURLsMap(strings.Join(pairs, ","))
	if err != nil {
		return nil, 0, fmt.Errorf("peer URLs: %w", err)
	}
	c, err := membership.NewClusterFromURLsMap(zap.NewNop(), token, urls)
	if err != nil {
		return nil, 0, fmt.Errorf("peer URLs: %w", err)
	}
	members = make(map[history.NodeID]uint64)
	for _, m := range c.Members() {
		members[history.NodeID(m.Name)] = uint64(m.ID)
	}
	return members, uint64(c.ID()), nil
}
