package web

import (
	"io"
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

// keep makes a run in a store, finished with a verdict unless that is empty.
func keep(t *testing.T, root, scenario, verdict string, records ...history.Record) *store.Run {
	t.Helper()
	run, err := store.Create(root, scenario, history.Meta{Scenario: scenario, Epoch: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Record(records); err != nil {
		t.Fatal(err)
	}
	if verdict == "" {
		t.Cleanup(func() { _ = run.Finish() })
		return run
	}
	for name, text := range map[string]string{
		store.VerdictFile: verdict, "report.html": "<p>a report</p>", "nodes/n1/etcd.log": "<script>a log</script>",
	} {
		if err := run.Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Finish(); err != nil {
		t.Fatal(err)
	}
	return run
}

func site1(t *testing.T, root string) *httptest.Server {
	t.Helper()
	h, err := Handler(root, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// get asks for a path and returns the status, the headers and the text.
func get(t *testing.T, server *httptest.Server, path string) (int, http.Header, string) {
	t.Helper()
	answer, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

const (
	passed   = `{"schema":"whitewater/verdict/1","verdict":"PASS","exit_code":0}`
	violated = `{"schema":"whitewater/verdict/1","verdict":"VIOLATION","exit_code":1}`
)

// The list shows every run, the filter narrows it, and what was never judged says so.
func TestList(t *testing.T) {
	root := t.TempDir()
	good := keep(t, root, "calm", passed)
	bad := keep(t, root, "register-chaos", violated)
	open := keep(t, root, "kv-chaos", "")
	server := site1(t, root)
	status, header, text := get(t, server, "/")
	if status != http.StatusOK || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", status, header)
	}
	for _, want := range []string{good.ID(), bad.ID(), open.ID(), "✓ PASS", "✗ VIOLATION", "? running", "3 of 3 shown", "report.html"} {
		if !strings.Contains(text, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	_, _, text = get(t, server, "/?verdict=VIOLATION")
	if !strings.Contains(text, bad.ID()) || strings.Contains(text, good.ID()) || !strings.Contains(text, "1 of 3 shown") {
		t.Error("the filter by verdict does not filter")
	}
	_, _, text = get(t, server, "/?scenario=calm&text="+good.ID())
	if !strings.Contains(text, good.ID()) || strings.Contains(text, bad.ID()) {
		t.Error("the filter by scenario does not filter")
	}
	_, _, text = get(t, server, "/?text=%3Cscript%3Ealert(1)%3C/script%3E")
	if strings.Contains(text, "<script>alert") {
		t.Error("what is searched for is shown as markup")
	}
}

// Reports are pages, logs are plain text, and nothing outside the store is served.
func TestFiles(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs")
	run := keep(t, root, "calm", passed)
	if err := os.WriteFile(filepath.Join(filepath.Dir(root), "secret.txt"), []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../secret.txt", filepath.Join(run.Path(), "link.txt")); err != nil {
		t.Fatal(err)
	}
	server := site1(t, root)
	folder := "/runs/calm/" + run.ID() + "/"
	for path, want := range map[string]string{
		folder + "report.html":       "text/html; charset=utf-8",
		folder + "nodes/n1/etcd.log": "text/plain; charset=utf-8",
		"/runs/latest/verdict.json":  "application/json",
		"/assets/live.js":            "text/javascript; charset=utf-8",
	} {
		if status, header, _ := get(t, server, path); status != http.StatusOK || header.Get("Content-Type") != want {
			t.Errorf("%s: %d %s, want %s", path, status, header.Get("Content-Type"), want)
		}
	}
	for _, path := range []string{folder + "link.txt", "/runs/../secret.txt", "/runs/%2e%2e/secret.txt", "/secret.txt", "/assets/../web.go"} {
		if status, _, text := get(t, server, path); status == http.StatusOK && strings.Contains(text, "secret") {
			t.Errorf("%s: %d %q", path, status, text)
		}
	}
}

// A page of somebody else's, whose name was made to point here, reads nothing.
func TestGuard(t *testing.T) {
	server := site1(t, t.TempDir())
	for host, want := range map[string]int{
		"localhost:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "evil.example": 403, "evil.example:8080": 403, "10.0.0.1": 403,
	} {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("host %s: %d, want %d", host, answer.StatusCode, want)
		}
	}
}

func TestCompare(t *testing.T) {
	root := t.TempDir()
	one, two := keep(t, root, "calm", passed), keep(t, root, "calm", passed)
	server := site1(t, root)
	if status, _, text := get(t, server, "/compare?base="+one.ID()+"&new="+two.ID()); status != http.StatusOK || !strings.Contains(text, "<html") {
		t.Errorf("%d %s", status, text)
	}
	for _, query := range []string{"", "?base=" + one.ID(), "?base=nothing&new=" + two.ID()} {
		if status, _, _ := get(t, server, "/compare"+query); status != http.StatusBadRequest {
			t.Errorf("compare%s: %d", query, status)
		}
	}
}

// The live page follows the newest run's own file.
func TestLive(t *testing.T) {
	root := t.TempDir()
	server := site1(t, root)
	if _, _, text := get(t, server, "/live.json"); !strings.Contains(text, "there are no runs") {
		t.Errorf("an empty store: %s", text)
	}
	second := time.Second
	run := keep(t, root, "calm", "",
		history.Record{Meta: &history.Meta{LoadStart: second}},
		history.Record{Return: &history.Op{ID: 1, Due: second, Call: second, Return: second + 40*time.Millisecond, Result: history.Result{Outcome: history.OK}}},
		history.Record{Return: &history.Op{ID: 2, Process: 1, Due: second, Call: second, Return: 2*second + 1, Result: history.Result{Error: "deadline exceeded"}}},
		history.Record{Status: &history.Status{Node: "n2", Up: true, State: "running", Leader: "n2", Term: 3}},
		history.Record{Status: &history.Status{Node: "n1", State: "killed"}},
		history.Record{Fault: &history.Fault{ID: 1, Name: "kill", Nodes: []history.NodeID{"n1"}, Start: second}},
	)
	_, _, text := get(t, server, "/live.json")
	for _, want := range []string{
		run.ID(), `"running":true`, `"stage":"load"`,
		`"seconds":[{"ok":0,"fail":0,"unknown":0,"max_ms":0},{"ok":1,"fail":0,"unknown":0,"max_ms":40},{"ok":0,"fail":0,"unknown":1,"max_ms":1000}]`,
		`{"id":"n1","state":"killed","up":false,"leader":false,"term":0},{"id":"n2","state":"running","up":true,"leader":true,"term":3}`,
		`{"name":"kill","nodes":["n1"],"start":1,"end":0,"took_effect":false}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the view lacks %s:\n%s", want, text)
		}
	}
	if err := run.Record([]history.Record{{Return: &history.Op{ID: 3, Process: 2, Return: 2 * second, Result: history.Result{Outcome: history.OK}}}}); err != nil {
		t.Fatal(err)
	}
	if _, _, text := get(t, server, "/live.json"); !strings.Contains(text, `"totals":{"ok":2,"fail":0,"unknown":1`) {
		t.Errorf("what was written since is not shown:\n%s", text)
	}
	if status, _, text := get(t, server, "/live"); status != http.StatusOK || !strings.Contains(text, "/assets/live.js") {
		t.Errorf("%d %s", status, text)
	}
}
