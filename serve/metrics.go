package serve

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/metrics"
)

// LiveMetrics serve the metrics of a run while it goes on, for Prometheus.
type LiveMetrics struct {
	live   *metrics.Live
	addr   string
	stop   context.CancelFunc
	served sync.WaitGroup
	err    error
}

// Metrics begins to serve live metrics at an address, such as 127.0.0.1:9464, under /metrics. The caller named the
// address, so that one which others can reach is meant. Close ends it.
func Metrics(addr string) (*LiveMetrics, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve live metrics: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &LiveMetrics{live: metrics.NewLive(), addr: listener.Addr().String(), stop: stop}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.live)
	mux.Handle("GET /{$}", http.RedirectHandler("/metrics", http.StatusFound))
	m.served.Go(func() { m.err = Serve(ctx, listener, headers(mux)) })
	return m, nil
}

// Addr is the address that is listened at: the port that was free, if none was named.
func (m *LiveMetrics) Addr() string { return m.addr }

// Update takes in what was recorded since the last time. It is made to be called by the harness once a second, away
// from the measuring path, and never fails.
func (m *LiveMetrics) Update(records []history.Record) error {
	m.live.Add(records)
	return nil
}

// Close ends the serving, and returns what went wrong with it.
func (m *LiveMetrics) Close() error {
	m.stop()
	m.served.Wait()
	return m.err
}
