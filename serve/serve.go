// Package serve shows the store of runs in a browser: the list of them, each with its report and files, comparisons,
// and the run that is under way. It also serves a run's metrics while it goes on.
//
// It only reads. It is meant for one person on one machine: it listens on loopback unless it is told otherwise, has no
// accounts, and answers no page of another site (see guard).
package serve

import (
	"cmp"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/whitewater-kv/whitewater/store"
)

// Options are what pages show beside the runs, and by which names they may be asked for. The zero value will do.
type Options struct {
	Program string   // "whitewater 0.1.0"
	Hosts   []string // names of this server beside localhost and addresses; a request for any other name is refused
	Now     func() time.Time
}

// site is the store as a web site.
type site struct {
	root    string
	program string
	now     func() time.Time
	pages   *pages
	catalog *catalog

	mu        sync.Mutex
	followers map[string]*follower // by the run's path
}

// Handler serves the runs under root, which need not exist yet.
func Handler(root string, opts Options) (http.Handler, error) {
	templates, err := parsePages()
	if err != nil {
		return nil, err
	}
	s := &site{root: root, program: cmp.Or(opts.Program, "whitewater"), now: opts.Now, pages: templates, catalog: newCatalog(root),
		followers: map[string]*follower{}}
	if s.now == nil {
		s.now = time.Now
	}
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /{$}":                                 s.list,
		"GET /compare":                             s.compare,
		"GET /compare/page":                        s.comparePage,
		"GET /live":                                s.current,
		"GET /runs/{scenario}/{id}/{$}":            s.run,
		"GET /runs/{scenario}/{id}/live":           s.live,
		"GET /runs/{scenario}/{id}/files":          s.files,
		"GET /runs/{scenario}/{id}/zip":            s.zip,
		"GET /runs/{scenario}/{id}/view/{file...}": s.view,
		"GET /runs/{scenario}/{id}/raw/{file...}":  s.raw,
		"GET /api/runs":                            s.listJSON,
		"GET /api/runs/{scenario}/{id}":            s.runJSON,
		"GET /api/runs/{scenario}/{id}/live":       s.liveJSON,
		"GET /api/live":                            s.currentJSON,
		"GET /assets/{name}":                       s.asset,
		"GET /":                                    func(http.ResponseWriter, *http.Request) error { return notFound("no such page") },
	} {
		mux.Handle(pattern, s.answer(answer))
	}
	return guard(headers(mux), opts.Hosts), nil
}

// found is a run's folder that a request named: it is below the root, and no link leads out of it.
type found struct {
	scenario, id string
	path         string
	files        *os.Root
}

// find opens the folder of the run that a request's path names. Close its files.
func (s *site) find(r *http.Request) (*found, error) {
	return s.open(r.PathValue("scenario"), r.PathValue("id"))
}

func (s *site) open(scenario, id string) (*found, error) {
	missing := notFound("there is no run " + path.Join(scenario, id))
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return nil, missing
	}
	defer root.Close()
	name := path.Join(scenario, id)
	if path.Base(scenario) != scenario || path.Base(id) != id || !filepath.IsLocal(name) {
		return nil, missing
	}
	for _, folder := range []string{scenario, name} { // the links named latest and current would have two addresses
		if info, err := root.Lstat(folder); err != nil || !info.IsDir() {
			return nil, missing
		}
	}
	files, err := root.OpenRoot(name)
	if err != nil {
		return nil, missing
	}
	return &found{scenario, id, filepath.Join(s.root, scenario, id), files}, nil
}

// entry is the run as the list has it.
func (s *site) entry(f *found) (Run, error) {
	run, ok := s.catalog.find(f.path)
	if !ok {
		return Run{}, notFound("there is no run " + path.Join(f.scenario, f.id))
	}
	return run, nil
}

// address is the path of a run's page; more names what is below it.
func address(scenario, id string, more ...string) string {
	at := "/runs/" + url.PathEscape(scenario) + "/" + url.PathEscape(id) + "/"
	for i, part := range more {
		if i > 0 {
			at += "/"
		}
		at += (&url.URL{Path: part}).EscapedPath()
	}
	return at
}

// reader opens a run for the store, once its folder was found.
func (f *found) reader() (*store.Run, error) { return store.Open("", f.path) }
