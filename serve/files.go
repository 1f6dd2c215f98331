package serve

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// runPage is what the pages of one run have in common.
type runPage struct {
	Run
	HasReport bool
	Raw, Live string // addresses
	Body      any
}

func (s *site) runPage(f *found) (*runPage, error) {
	entry, err := s.entry(f)
	if err != nil {
		return nil, err
	}
	_, err = f.files.Stat("report.html")
	return &runPage{Run: entry, HasReport: err == nil, Raw: address(f.scenario, f.id, "raw/report.html"), Live: address(f.scenario, f.id, "live")}, nil
}

// run shows the report in its place, below what leads elsewhere.
func (s *site) run(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	p, err := s.runPage(f)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, "run", frame{Title: f.scenario + " " + f.id, Tab: "runs", Full: p.HasReport, Page: p})
}

func (s *site) runJSON(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	entry, err := s.entry(f)
	if err != nil {
		return err
	}
	files, err := f.list()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"run": entry, "files": files})
}

// File is a file of a run.
type File struct {
	Name  string    `json:"name"` // with slashes, from the run's folder on
	Bytes int64     `json:"bytes"`
	Time  time.Time `json:"time"`
	View  string    `json:"-"` // addresses
	Raw   string    `json:"raw"`
}

// filesShown bounds a list of files: a run's folder has some tens of them; a kept data directory may have more.
const filesShown = 2000

// list is the run's regular files in order of name. Links are left out: they may lead anywhere.
func (f *found) list() (files []File, err error) {
	err = fs.WalkDir(f.files.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if len(files) == filesShown {
			return fs.SkipAll
		}
		info, err := d.Info()
		if err != nil {
			return nil // it was replaced at this moment
		}
		file := File{Name: name, Bytes: info.Size(), Time: info.ModTime(), Raw: address(f.scenario, f.id, "raw", name)}
		if readable(name) {
			file.View = address(f.scenario, f.id, "view", name)
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return files, nil
}

// folder is the files of one folder of a run.
type folder struct {
	Name  string
	Files []File
}

func (s *site) files(w http.ResponseWriter, r *http.Request) error {
	f, err := s.find(r)
	if err != nil {
		return err
	}
	defer f.files.Close()
	p, err := s.runPage(f)
	if err != nil {
		return err
	}
	files, err := f.list()
	if err != nil {
		return err
	}
	var folders []folder
	for _, file := range files {
		name := path.Dir(file.Name)
		i := slices.IndexFunc(folders, func(f folder) bool { return f.Name == name })
		if i < 0 {
			i, folders = len(folders), append(folders, folder{Name: name})
		}
		folders[i].Files = append(folders[i].Files, file)
	}
	slices.SortFunc(folders, func(a, b folder) int { return strings.Compare(a.Name, b.Name) })
	p.Body = map[string]any{"Folders": folders, "Cut": len(files) == filesShown, "Limit": filesShown}
	return s.show(w, http.StatusOK, "files", frame{Title: "Files of " + f.id, Tab: "runs", Page: p})
}
