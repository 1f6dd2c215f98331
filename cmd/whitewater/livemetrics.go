package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/metrics"
)

// liveMetrics serve a run's metrics while it goes on.
type liveMetrics struct{ current *metrics.Live }

func (l *liveMetrics) add(records []history.Record) { l.current.Add(records) }

// serveMetrics begins to serve live metrics, if asked to, and returns what ends it.
func (r *running) serveMetrics(a *app) (stop func(), err error) {
	if *r.metricsAddr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", *r.metricsAddr)
	if err != nil {
		return nil, environment(fmt.Errorf("--metrics-addr: %w", err))
	}
	r.live = &liveMetrics{metrics.NewLive()}
	mux := http.NewServeMux()
	mux.Handle("/metrics", r.live.current)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(a.err, "whitewater: live metrics: %v\n", err)
		}
	}()
	return func() {
		_ = server.Close()
		<-done
	}, nil
}
