package serve

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/html"
)

//go:embed assets
var assets embed.FS

// pages are the templates, one for each page, each with the frame around it.
type pages struct{ all map[string]*template.Template }

var pageNames = []string{"list", "run", "files", "view", "live", "compare", "problem"}

func parsePages() (*pages, error) {
	p := &pages{map[string]*template.Template{}}
	for _, name := range pageNames {
		t, err := template.New(name).Funcs(template.FuncMap{"bytes": bytesText, "count": claims.Thousands, "seconds": secondsText, "utc": utc}).
			ParseFS(assets, "assets/frame.gohtml", "assets/"+name+".gohtml")
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		p.all[name] = t
	}
	return p, nil
}

// frame is what every page has around its content.
type frame struct {
	Title   string
	Program string
	Tab     string // which entry of the bar is this page's
	Full    bool   // the page fills the window
	Page    any
}

// problem is an error that a reader may see, with its status.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func notFound(text string) error { return &problem{http.StatusNotFound, text} }

func badRequest(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// answer makes a handler of a function that may go wrong, in the form that the reader asked in.
func (s *site) answer(work func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := work(w, r)
		if err == nil {
			return
		}
		p := &problem{http.StatusInternalServerError, err.Error()}
		if errors.Is(err, fs.ErrNotExist) {
			p = &problem{http.StatusNotFound, "it is not there (any more)"}
		}
		errors.As(err, &p)
		w.Header().Del("Content-Disposition")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			_ = writeJSON(w, p.status, map[string]string{"error": p.text})
			return
		}
		_ = s.show(w, p.status, "problem", frame{Title: http.StatusText(p.status), Page: p.text})
	})
}

// show writes a page. It is filled before anything is sent, so that an error in it is an answer of its own.
func (s *site) show(w http.ResponseWriter, status int, name string, f frame) error {
	f.Program = s.program
	var out bytes.Buffer
	if err := s.pages.all[name].ExecuteTemplate(&out, "frame", f); err != nil {
		return fmt.Errorf("fill page %s: %w", name, err)
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a reader that has gone needs no answer
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
	return nil
}

// The report's parts that pages here share with it, so that all look alike.
var shared = []string{"report.css", "uPlot.min.css", "uPlot.iife.min.js"}

func (s *site) asset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	kind := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}[path.Ext(name)]
	if kind == "" {
		return notFound("no such part")
	}
	data, err := assets.ReadFile("assets/" + name)
	for _, part := range shared {
		if part == name {
			data, err = html.Asset(name)
		}
	}
	if err != nil {
		return notFound("no such part")
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(data)
	return nil
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

func secondsText(s float64) string {
	if s == 0 {
		return ""
	}
	return claims.ShowDuration(time.Duration(s * float64(time.Second)).Round(time.Millisecond))
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
