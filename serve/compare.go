package serve

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/html"
)

// The bounds of a comparison: runs on a side, and the tolerance in per cent if none is asked for.
const (
	comparedRuns     = 100
	defaultTolerance = "5"
)

// comparePage is what stands around a comparison.
type comparePage struct {
	Sides     []comparedSide
	Tolerance string
	Hidden    []hidden // what the form for another tolerance keeps
	Inner     string   // the address of the comparison itself
	Swapped   string   // of the comparison the other way round
}

type comparedSide struct {
	Name string
	Runs []Run
}

type hidden struct{ Name, Value string }

// compare shows a comparison in its place, with the way to its runs.
func (s *site) compare(w http.ResponseWriter, r *http.Request) error {
	asked, err := comparisonOf(r.URL.Query())
	if err != nil {
		return err
	}
	p := &comparePage{Tolerance: asked.Get("tolerance"), Inner: "/compare/page?" + asked.Encode(),
		Swapped: "/compare?" + url.Values{"base": asked["new"], "new": asked["base"], "tolerance": asked["tolerance"]}.Encode()}
	for _, name := range []string{"base", "new"} {
		side := comparedSide{Name: name}
		for _, ref := range asked[name] {
			f, err := s.open(split(ref))
			if err != nil {
				return err
			}
			run, err := s.entry(f)
			if err = errors.Join(err, f.files.Close()); err != nil {
				return err
			}
			side.Runs = append(side.Runs, run)
			p.Hidden = append(p.Hidden, hidden{name, ref})
		}
		p.Sides = append(p.Sides, side)
	}
	return s.show(w, http.StatusOK, "compare", frame{Title: "Comparison", Tab: "runs", Full: true, Page: p})
}

// comparisonOf is a query that asks for a comparison, completed and checked.
func comparisonOf(query url.Values) (url.Values, error) {
	for _, side := range []string{"base", "new"} {
		switch n := len(query[side]); {
		case n == 0:
			return nil, badRequest("no %s run is chosen: choose runs on both sides of the list", side)
		case n > comparedRuns:
			return nil, badRequest("%d %s runs are chosen: at most %d are compared here; whitewater compare takes any number", n, side, comparedRuns)
		}
	}
	tolerance := strings.TrimSuffix(strings.TrimSpace(query.Get("tolerance")), "%")
	if tolerance == "" {
		tolerance = defaultTolerance
	}
	if n, err := strconv.ParseFloat(tolerance, 64); err != nil || !(n >= 0 && n < 100) {
		return nil, badRequest("tolerance %q: a number of per cent, from 0 to 100", tolerance)
	}
	return url.Values{"base": query["base"], "new": query["new"], "tolerance": {tolerance}}, nil
}

func split(ref string) (scenario, id string) {
	scenario, id, _ = strings.Cut(ref, "/")
	return scenario, id
}

// comparePage writes the comparison itself.
func (s *site) comparePage(w http.ResponseWriter, r *http.Request) error {
	asked, err := comparisonOf(r.URL.Query())
	if err != nil {
		return err
	}
	base, err := s.side(asked["base"])
	if err != nil {
		return err
	}
	other, err := s.side(asked["new"])
	if err != nil {
		return err
	}
	percent, err := strconv.ParseFloat(asked.Get("tolerance"), 64)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := html.WriteComparison(&out, compare.Compare(base, other, percent/100)); err != nil {
		return err
	}
	shutIn(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes())
	return nil
}

// side loads one side's runs.
func (s *site) side(refs []string) (runs []compare.Run, err error) {
	for _, ref := range refs {
		f, err := s.open(split(ref))
		if err != nil {
			return nil, err
		}
		run, err := compare.Load(func(name string) ([]byte, error) { return fs.ReadFile(f.files.FS(), name) })
		if errors.Is(err, fs.ErrNotExist) {
			err = badRequest("run %s was not judged, and cannot be compared", ref)
		} else if err != nil {
			err = badRequest("run %s: %v", ref, err)
		}
		if err = errors.Join(err, f.files.Close()); err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}
