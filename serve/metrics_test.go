package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func fetch(t *testing.T, target string) (string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", target, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), answer.Header
}

// Live metrics are there while the run goes on, and the port is free again afterwards.
func TestMetrics(t *testing.T) {
	m, err := Metrics("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Update(text(t, "p1 n1 [1.1s 1.2s] put x 1 -> ok rev=2\nfault 0 [1s 1s 0s 0s] kill leader nodes=(n2)\n")); err != nil {
			t.Fatal(err)
		}
	}
	body, header := fetch(t, "http://"+m.Addr()+"/metrics")
	for _, want := range []string{`whitewater_ops_total{op="write",outcome="ok",`, `whitewater_fault_active{kind="kill",node="n2",id="0"} 1`, "# EOF\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("lacks %s in\n%s", want, body)
		}
	}
	if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "application/openmetrics-text") {
		t.Error(kind)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	again, err := net.Listen("tcp", m.Addr())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	defer again.Close()
	if _, err := Metrics(m.Addr()); err == nil {
		t.Error("two listen at one address")
	}
}

// Serve ends with its context, whoever is connected, and that is no error.
func TestServe(t *testing.T) {
	s := open(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Serve(ctx, listener, s.site) }()
	if body, _ := fetch(t, "http://"+listener.Addr().String()+"/api/live"); body != "{\"runs\":[]}\n" {
		t.Error(body)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	listener, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := Serve(t.Context(), listener, s.site); err == nil {
		t.Error("serves where nobody listens")
	}
}
