package serve

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A run's page has its report in it, or says why there is none.
func TestRunPage(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	at := address("calm", run.ID())
	s.has(s.get(at, http.StatusOK), `<iframe class="report" src="`+at+`raw/report.html"`, "PASS", at+"files", at+"zip")
	s.has(s.get(address("calm", s.begin("calm", "2026-11-22T06:16:00Z").ID()), http.StatusOK), "RUNNING", "look at it live")
	lost := s.begin("calm", "2026-11-22T06:17:00Z")
	if err := lost.Finish(); err != nil {
		t.Fatal(err)
	}
	s.has(s.get(address("calm", lost.ID()), http.StatusOK), "NOT JUDGED", "whitewater check "+lost.ID())
	s.has(s.get("/runs/calm/20261122T061500Z-ffff/", http.StatusNotFound), "there is no run calm/20261122T061500Z-ffff")
	s.has(s.get("/api/runs/calm/none", http.StatusNotFound), `{"error":"there is no run calm/none"}`)
}

func TestFiles(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	hostile := "counterexample/a b#c?<i>/ops.jsonl"
	if err := run.Write(hostile, []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	at := address("calm", run.ID())
	w := s.get(at+"files", http.StatusOK)
	s.has(w, at+"view/verdict.json", at+"raw/report.html", "nodes/n1/", at+"view/nodes/n1/etcd.log", "7 B", "MANIFEST", "a%20b%23c%3F%3Ci%3E")
	var answer struct {
		Run   Run
		Files []File
	}
	if err := json.Unmarshal(s.get("/api"+strings.TrimSuffix(at, "/"), http.StatusOK).Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Run.ID != run.ID() || answer.Run.Ops != 1000 || len(answer.Files) != 7 {
		t.Errorf("%+v", answer)
	}
	for _, f := range answer.Files { // every address that is given leads to the file
		if got := s.get(f.Raw, http.StatusOK).Body.Len(); int64(got) != f.Bytes {
			t.Errorf("%s: %d bytes of %d", f.Name, got, f.Bytes)
		}
	}
}

func TestRaw(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	for name, data := range map[string]string{"nodes/n1/member.bin": "a\x00b", "words.js": "alert(1)", "page.htm": "<p>", "shape.svg": "<svg/>"} {
		if err := run.Write(name, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	at := address("calm", run.ID(), "raw")
	for name, kind := range map[string]string{
		"report.html": "text/html; charset=utf-8", "verdict.json": "application/json", "nodes/n1/etcd.log": "text/plain; charset=utf-8",
		"nodes/n1/member.bin": "application/octet-stream", "words.js": "text/plain; charset=utf-8", "page.htm": "text/plain; charset=utf-8", "shape.svg": "image/svg+xml",
	} {
		w := s.get(at+"/"+name, http.StatusOK)
		if got := w.Header().Get("Content-Type"); got != kind {
			t.Errorf("%s: %s, want %s", name, got, kind)
		}
		if w.Header().Get("Content-Security-Policy") != filePolicy {
			t.Errorf("%s is not shut in", name)
		}
	}
	w := s.get(at+"/nodes/n1/etcd.log?download", http.StatusOK)
	if got := w.Header().Get("Content-Disposition"); got != "attachment; filename=etcd.log" {
		t.Errorf("download: %s", got)
	}
}

func TestView(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	long := strings.Repeat("a line of it\n", viewBytes/10)
	for name, data := range map[string]string{"text.log": "<script>alert(1)</script>", "bytes.log": "a\x00b", "long.log": long, "cut.log": strings.Repeat("é", viewBytes/2-1) + "aéé"} {
		if err := run.Write(name, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	at := address("calm", run.ID(), "view")
	s.has(s.get(at+"/text.log", http.StatusOK), "&lt;script&gt;alert(1)&lt;/script&gt;")
	s.has(s.get(at+"/bytes.log", http.StatusOK), "This is no text")
	s.has(s.get(at+"/long.log", http.StatusOK), "KB more", "a line of it")
	s.has(s.get(at+"/cut.log", http.StatusOK), "éa\uFFFD</pre>") // a character in two halves is still text
	s.has(s.get(at+"/none.log", http.StatusNotFound), "has no file")
}

// The zip has every file of the run, as it is.
func TestZip(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	w := s.get(address("calm", run.ID(), "zip"), http.StatusOK)
	if got := w.Header().Get("Content-Disposition"); got != "attachment; filename=calm-"+run.ID()+".zip" {
		t.Error(got)
	}
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		name := strings.TrimPrefix(f.Name, run.ID()+"/")
		names = append(names, name)
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		in.Close()
		want, err2 := run.Read(name)
		if err != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v %v", name, err, err2)
		}
	}
	if want := []string{"MANIFEST", "events.jsonl", "history.jsonl.zst", "nodes/n1/etcd.log", "report.html", "verdict.json"}; !slices.Equal(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
}
