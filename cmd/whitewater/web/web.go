// Package web shows a store of runs in a browser: the list, each run's report, comparisons, and the run under way.
package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/html"
	"github.com/whitewater-kv/whitewater/store"
)

//go:embed assets
var assets embed.FS

var pages = template.Must(template.ParseFS(assets, "assets/*.gohtml"))

// site answers requests about one store.
type site struct {
	root string
	live *live
}

// Handler serves the store in a folder. Requests must name a loopback host: a page of somebody else's, whose name was
// made to point at this machine, must not read runs. host is the name or address that it is served at, beside those.
func Handler(root, host string) (http.Handler, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	folder, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	static, err := fs.Sub(assets, "assets")
	if err != nil {
		return nil, err
	}
	s := &site{root: root, live: &live{root: root}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /compare", s.compare)
	mux.HandleFunc("GET /live", s.livePage)
	mux.HandleFunc("GET /live.json", s.liveData)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(static)))
	mux.Handle("GET /runs/", http.StripPrefix("/runs/", files(folder.FS())))
	return guard(mux, host), nil
}

// files serves the folders of runs. Logs and other plain files are shown, not downloaded.
func files(tree fs.FS) http.Handler {
	server := http.FileServerFS(tree)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch filepath.Ext(r.URL.Path) {
		case ".log", ".jsonl", ".yaml", ".prom", ".hlog", ".hgrm", ".md", ".csv", ".sh", ".txt":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		server.ServeHTTP(w, r)
	})
}

// guard refuses other hosts, and tells browsers to be strict.
func guard(next http.Handler, host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if h, _, err := net.SplitHostPort(name); err == nil {
			name = h
		}
		ip := net.ParseIP(strings.Trim(name, "[]"))
		if name != "localhost" && name != host && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this store is served to this machine only", http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// strict is the policy of our own pages; reports bring their own.
const strict = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'"

func render(w http.ResponseWriter, page string, data any) {
	w.Header().Set("Content-Security-Policy", strict)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, page, data); err != nil {
		fmt.Fprintf(w, "<p>%s</p>", template.HTMLEscapeString(err.Error()))
	}
}

// row is a run in the list.
type row struct {
	ID, Scenario, Verdict, Tone, When string
	Folder                            string // as a URL path
	Judged                            bool
}

type listPage struct {
	Rows                []row
	Total               int
	Scenarios, Verdicts []string
	Scenario, Verdict   string // the filter
	Text                string
	Running             bool
}

// shownRuns is the most runs that one page lists; the filter finds the others.
const shownRuns = 500

func (s *site) index(w http.ResponseWriter, r *http.Request) {
	entries, err := store.List(s.root)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	q := r.URL.Query()
	page := listPage{Total: len(entries), Scenario: q.Get("scenario"), Verdict: q.Get("verdict"), Text: q.Get("text")}
	for _, e := range entries {
		one := newRow(e)
		page.Running = page.Running || one.Verdict == running
		page.Scenarios, page.Verdicts = append(page.Scenarios, e.Scenario), append(page.Verdicts, one.Verdict)
		wanted := (page.Scenario == "" || page.Scenario == e.Scenario) && (page.Verdict == "" || page.Verdict == one.Verdict) &&
			strings.Contains(e.ID+" "+e.Scenario, page.Text)
		if wanted && len(page.Rows) < shownRuns {
			page.Rows = append(page.Rows, one)
		}
	}
	slices.Sort(page.Scenarios)
	slices.Sort(page.Verdicts)
	page.Scenarios, page.Verdicts = slices.Compact(page.Scenarios), slices.Compact(page.Verdicts)
	render(w, "index.gohtml", page)
}

const running = "running"

func newRow(e store.Entry) row {
	one := row{
		ID: e.ID, Scenario: e.Scenario, Verdict: e.Verdict, When: e.Time.Local().Format(time.DateTime), Judged: e.Verdict != "",
		Folder: "/runs/" + url.PathEscape(e.Scenario) + "/" + url.PathEscape(e.ID) + "/", Tone: "open",
	}
	switch {
	case e.Verdict == "" && store.Running(e.Path):
		one.Verdict = running
	case e.Verdict == "":
		one.Verdict = "not judged"
	case e.ExitCode == 0:
		one.Tone = "good"
	case e.ExitCode == 1 || e.ExitCode == 3:
		one.Tone = "bad"
	}
	return one
}

// compare shows two sets of runs beside each other: base=ID&new=ID, each as often as there are runs.
func (s *site) compare(w http.ResponseWriter, r *http.Request) {
	base, err := s.gather(r.URL.Query()["base"])
	if err == nil {
		var other []compare.Run
		if other, err = s.gather(r.URL.Query()["new"]); err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			err = html.WriteComparison(w, compare.Compare(base, other, .05))
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (s *site) gather(ids []string) (runs []compare.Run, err error) {
	if len(ids) == 0 {
		return nil, fmt.Errorf("choose at least one run for each side")
	}
	entries, err := store.List(s.root)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		at := slices.IndexFunc(entries, func(e store.Entry) bool { return e.ID == id })
		if at < 0 {
			return nil, fmt.Errorf("there is no run %q", id)
		}
		run, err := compare.Load(func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(entries[at].Path, name)) })
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", id, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}
