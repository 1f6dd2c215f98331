package harness

import (
	"sync"

	"github.com/whitewater-kv/whitewater/history"
)

// gates hold back the load of single members, so that the first request that a victim sees after a fault is one that
// was sent after a newer write was acknowledged elsewhere.
type gates struct {
	mu     sync.Mutex
	closed map[history.NodeID]bool
}

func (g *gates) set(nodes []history.NodeID, closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed == nil {
		g.closed = map[history.NodeID]bool{}
	}
	for _, node := range nodes {
		g.closed[node] = closed
	}
}

func (g *gates) shut(node history.NodeID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed[node]
}
