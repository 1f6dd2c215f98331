package serve

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/store"
)

// shop is a store of runs for a test, and the site that shows it.
type shop struct {
	t    *testing.T
	root string
	site http.Handler
}

func open(t *testing.T) *shop {
	t.Helper()
	root := filepath.Join(t.TempDir(), "runs")
	handler, err := Handler(root, Options{Program: "whitewater test", Hosts: []string{"lab.example"}})
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t, root, handler}
}

// begin makes a run that is being written.
func (s *shop) begin(scenario, epoch string) *store.Run {
	s.t.Helper()
	at, err := time.Parse(time.RFC3339, epoch)
	if err != nil {
		s.t.Fatal(err)
	}
	run, err := store.Create(s.root, scenario, history.Meta{Scenario: scenario, Epoch: at, Seed: 7, Nodes: []history.NodeID{"n1", "n2", "n3"}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { run.Finish() })
	return run
}

// end judges a run: its verdict is written, and a report.
func (s *shop) end(run *store.Run, verdict string, code int) {
	s.t.Helper()
	document := fmt.Sprintf(`{"schema":"whitewater/verdict/1","run":%q,"scenario":"calm","seed":7,"verdict":%q,"exit_code":%d,"reason":"the <b>reason</b> of it",
		"seconds":12.5,"target":{"name":"etcd","version":"3.7.3","nodes":3},"ops":{"read":{"ok":900,"fail":60,"info":40}},
		"latency_ms":{"read":{"phase":"quiet","p50":1,"p99":4,"per_second":500}}}`, run.ID(), verdict, code)
	for name, text := range map[string]string{"verdict.json": document, "report.html": "<!doctype html><title>r</title>", "nodes/n1/etcd.log": "a line\n"} {
		if err := run.Write(name, []byte(text)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := run.Finish(); err != nil {
		s.t.Fatal(err)
	}
}

// judged makes a run that has ended.
func (s *shop) judged(scenario, epoch, verdict string, code int) *store.Run {
	run := s.begin(scenario, epoch)
	s.end(run, verdict, code)
	return run
}

// get asks for an address, and expects a status.
func (s *shop) get(target string, status int) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest("GET", target, nil)
	r.Host = "127.0.0.1:8080"
	w := httptest.NewRecorder()
	s.site.ServeHTTP(w, r)
	if w.Code != status {
		s.t.Errorf("GET %s: %d, want %d\n%s", target, w.Code, status, w.Body)
	}
	return w
}

func (s *shop) has(w *httptest.ResponseRecorder, wants ...string) {
	s.t.Helper()
	for _, want := range wants {
		if !strings.Contains(w.Body.String(), want) {
			s.t.Errorf("lacks %q in\n%s", want, w.Body)
		}
	}
}

// Every page says what it may load, and none loads anything from elsewhere. A run's own file may run scripts, shut in.
func TestHeaders(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	at := address("calm", run.ID())
	for _, page := range []string{"/", at, at + "files", at + "live", at + "view/verdict.json", "/live", "/nowhere", "/assets/live.js", "/api/runs"} {
		r := httptest.NewRequest("GET", page, nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		s.site.ServeHTTP(w, r)
		for name, want := range map[string]string{"Content-Security-Policy": pagePolicy, "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %s", page, name, got)
			}
		}
		if body := w.Body.String(); strings.Contains(body, "http://") || strings.Contains(body, "https://") || strings.Contains(body, "style=\"") || strings.Contains(body, "<script>") {
			t.Errorf("%s loads from elsewhere, or has script or style in it:\n%s", page, body)
		}
	}
	w := s.get(at+"raw/report.html", http.StatusOK)
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox allow-scripts ") || strings.Contains(policy, "allow-same-origin") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("a run's file: %s", policy)
	}
}

// A page of another site that points a name of its own at this machine is not answered; addresses, localhost and names
// that were given are.
func TestHosts(t *testing.T) {
	s := open(t)
	for host, status := range map[string]int{
		"127.0.0.1:8080": 200, "localhost": 200, "LOCALHOST.:8080": 200, "[::1]:8080": 200, "10.1.2.3:80": 200, "lab.example:8080": 200, "::1": 200,
		"evil.example": 421, "127.0.0.1.evil.example:8080": 421, "localhost.evil.example": 421, "evil-lab.example": 421, "": 421,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.site.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("host %q: %d, want %d", host, w.Code, status)
		}
	}
}

func TestAllowed(t *testing.T) {
	for addr, allowed := range map[string]bool{
		"127.0.0.1:8080": true, "[::1]:0": true, "localhost:80": true, "127.9.9.9:1": true,
		"0.0.0.0:8080": false, ":8080": false, "[::]:8080": false, "192.168.1.4:80": false, "example.com:80": false,
	} {
		if err := Allowed(addr, false); (err == nil) != allowed {
			t.Errorf("%s: %v", addr, err)
		}
		if err := Allowed(addr, true); err != nil {
			t.Errorf("%s, with remote: %v", addr, err)
		}
	}
	for _, addr := range []string{"", "8080", "127.0.0.1"} {
		if err := Allowed(addr, true); err == nil || !strings.Contains(err.Error(), "HOST:PORT") {
			t.Errorf("%q: %v", addr, err)
		}
	}
}

// It only reads.
func TestReadOnly(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		for _, page := range []string{address("calm", run.ID()), address("calm", run.ID(), "raw/verdict.json"), "/api/runs"} {
			r := httptest.NewRequest(method, page, nil)
			r.Host = "localhost"
			w := httptest.NewRecorder()
			s.site.ServeHTTP(w, r)
			if w.Code < 400 {
				t.Errorf("%s %s: %d", method, page, w.Code)
			}
		}
	}
}

// No name leads out of a run's folder: neither dots, in any spelling, nor links; nor is a link a run of its own.
func TestPaths(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	outside := filepath.Join(filepath.Dir(s.root), "secret")
	if err := os.WriteFile(outside, []byte("SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link": outside, "relative": "../../../secret", "folder": filepath.Dir(s.root)} {
		if err := os.Symlink(target, run.File(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Dir(s.root), filepath.Join(s.root, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	at := address("calm", run.ID())
	for _, target := range []string{
		at + "raw/link", at + "raw/relative", at + "raw/folder/secret", at + "view/link", at + "raw/%2e%2e/%2e%2e/%2e%2e/secret", at + "raw/..%2f..%2f..%2fsecret",
		at + "raw/%2fetc%2fpasswd", at + "raw/", at + "raw/nodes", at + "view/%00", "/runs/calm/latest/", "/runs/calm/..%2f..%2fsecret/raw/x", "/runs/../secret/",
		"/runs/%2e%2e/runs/raw/x", "/runs/elsewhere/runs/raw/secret", "/runs/calm/nothing/", "/api/runs/calm/latest", "/assets/frame.gohtml", "/assets/..%2fserve.go",
	} {
		r := httptest.NewRequest("GET", target, nil)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		s.site.ServeHTTP(w, r)
		moved := w.Code == http.StatusTemporaryRedirect || w.Code == http.StatusMovedPermanently // the mux cleans a path and asks again
		if w.Code != http.StatusNotFound && !moved || strings.Contains(w.Body.String(), "SECRET") {
			t.Errorf("GET %s: %d %s", target, w.Code, w.Body)
		}
	}
}
