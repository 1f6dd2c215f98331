package main

import (
	"fmt"

	"github.com/whitewater-kv/whitewater/serve"
)

// serveMetrics begins to serve live metrics, if asked to, and returns what ends it.
func (r *running) serveMetrics(a *app) (stop func(), err error) {
	if *r.metricsAddr == "" {
		return func() {}, nil
	}
	if r.live, err = serve.Metrics(*r.metricsAddr); err != nil {
		return nil, environment(fmt.Errorf("--metrics-addr: %w", err))
	}
	return func() {
		if err := r.live.Close(); err != nil {
			fmt.Fprintf(a.err, "whitewater: live metrics: %v\n", err)
		}
	}, nil
}
