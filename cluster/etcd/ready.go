package etcd

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/whitewater-kv/whitewater/cluster"
	"github.com/whitewater-kv/whitewater/history"
)

// startAll starts one member after the other. A new member first asks all others whether it has been there before, and
// waits a second for each that listens but does not serve yet: started at once, they would all wait for each other.
func (s *system) startAll(ctx context.Context) error {
	transport := &http.Transport{DisableKeepAlives: true}
	if s.certs != nil {
		transport.TLSClientConfig = s.certs.client
	}
	defer transport.CloseIdleConnections()
	for _, id := range s.order {
		n := s.nodes[id]
		if err := n.start(); err != nil {
			return err
		}
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, n.peer.network, n.peer.addr)
		}
		peers := &http.Client{Transport: transport, Timeout: time.Second}
		err := s.await(ctx, func() string { return s.serves(ctx, id, peers) })
		if err != nil {
			return err
		}
	}
	return nil
}

// serves asks a member's peer listener for its version; "" = it answers.
func (s *system) serves(ctx context.Context, id history.NodeID, peers *http.Client) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.scheme()+"://localhost/version", nil)
	if err != nil {
		return err.Error()
	}
	response, err := peers.Do(request)
	if err != nil {
		return fmt.Sprintf("%s does not serve its peers: %v", id, err)
	}
	response.Body.Close()
	return ""
}

// await waits until nothing is missing, or a member dies.
func (s *system) await(ctx context.Context, missing func() string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		what := missing()
		if what == "" {
			return nil
		}
		for _, id := range s.order {
			if err := s.nodes[id].died(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return &cluster.EnvironmentError{Doing: "launch", Err: fmt.Errorf("%s: %w", what, ctx.Err()),
				Hint: "is the machine overloaded?", Tail: s.tails()}
		case <-tick.C:
		}
	}
}

// disagreement says what the cluster lacks to be ready: every member answers, with the right ids, and all name the same
// leader. "" = nothing.
func (s *system) disagreement(ctx context.Context) string {
	var leader history.NodeID
	for _, id := range s.order {
		status := s.status(ctx, id)
		switch {
		case !status.Up:
			return string(id) + " does not answer"
		case status.Leader == "":
			return string(id) + " has no leader"
		case leader != "" && leader != status.Leader:
			return fmt.Sprintf("%s follows %s, others %s", id, status.Leader, leader)
		}
		leader = status.Leader
	}
	return ""
}

func (s *system) tails() []string {
	var lines []string
	for _, id := range s.order {
		if proc, err := s.nodes[id].process(); err == nil {
			for _, line := range proc.Tail(3) {
				lines = append(lines, string(id)+": "+line)
			}
		}
	}
	return lines
}
