package main

import (
	"fmt"
	"net"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/serve"
)

// serveMetrics begins to serve the metrics of runs while they go on, if asked to, and returns what ends it.
func (r *running) serveMetrics(a *app) (stop func(), err error) {
	if *r.metricsAddr == "" {
		return func() {}, nil
	}
	if _, _, err := net.SplitHostPort(*r.metricsAddr); err != nil {
		return nil, usagef("--metrics-addr %q: write HOST:PORT, such as 127.0.0.1:9464", *r.metricsAddr)
	}
	live, err := serve.Metrics(*r.metricsAddr)
	if err != nil {
		return nil, environment(fmt.Errorf("--metrics-addr: %w", err))
	}
	r.live = live
	return func() {
		if err := live.Close(); err != nil {
			fmt.Fprintf(a.err, "whitewater: live metrics: %v\n", err)
		}
	}, nil
}

// records hands what was recorded to the live metrics.
func (r *running) records(records []history.Record) error {
	if r.live == nil {
		return nil
	}
	return r.live.Update(records)
}
