package serve

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// perPage is how many runs a page of the list has.
const perPage = 50

// filter chooses runs. Empty fields choose all.
type filter struct {
	Text     string // in the ID, the scenario, the reason, the target or the seed; every word must be there
	Scenario string
	Verdict  string // as Words has it
}

func filterOf(query url.Values) filter {
	return filter{strings.TrimSpace(query.Get("q")), query.Get("scenario"), query.Get("verdict")}
}

func (f filter) match(r Run) bool {
	if f.Scenario != "" && f.Scenario != r.Scenario || f.Verdict != "" && f.Verdict != r.Words() {
		return false
	}
	text := strings.ToLower(strings.Join([]string{r.ID, r.Scenario, r.Reason, r.Target, r.Words(), strconv.FormatUint(r.Seed, 10)}, "\n"))
	for _, word := range strings.Fields(strings.ToLower(f.Text)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func (f filter) query() url.Values {
	q := url.Values{}
	for key, value := range map[string]string{"q": f.Text, "scenario": f.Scenario, "verdict": f.Verdict} {
		if value != "" {
			q.Set(key, value)
		}
	}
	return q
}

// listPage is the list as its template sees it.
type listPage struct {
	filter
	Runs                []Run
	All, Matching       int
	First, Last         int // of Matching, counted from 1
	Older, Newer        string
	Scenarios, Verdicts []string
	Root                string
}

func (s *site) list(w http.ResponseWriter, r *http.Request) error {
	p, err := s.choose(r.URL.Query())
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, "list", frame{Title: "Runs", Tab: "runs", Page: p})
}

func (s *site) listJSON(w http.ResponseWriter, r *http.Request) error {
	p, err := s.choose(r.URL.Query())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"runs": p.Runs, "matching": p.Matching, "all": p.All, "per_page": perPage})
}

// choose is one page of the runs that a query asks for.
func (s *site) choose(query url.Values) (*listPage, error) {
	runs, err := s.catalog.list()
	if err != nil {
		return nil, err
	}
	page := 1
	if text := query.Get("page"); text != "" {
		if page, err = strconv.Atoi(text); err != nil || page < 1 {
			return nil, badRequest("page %q: a page is a number from 1", text)
		}
	}
	p := &listPage{filter: filterOf(query), All: len(runs), Root: s.root}
	p.Scenarios = distinct(runs, func(r Run) string { return r.Scenario })
	p.Verdicts = distinct(runs, Run.Words)
	runs = slices.DeleteFunc(runs, func(r Run) bool { return !p.match(r) })
	p.Matching = len(runs)
	from := min((page-1)*perPage, len(runs))
	p.Runs = runs[from:min(from+perPage, len(runs))]
	p.First, p.Last = from+1, from+len(p.Runs)
	at := func(page int) string {
		q := p.query()
		q.Set("page", strconv.Itoa(page))
		return "/?" + q.Encode()
	}
	if page > 1 {
		p.Newer = at(page - 1)
	}
	if p.Last < p.Matching {
		p.Older = at(page + 1)
	}
	return p, nil
}

func distinct(runs []Run, of func(Run) string) (values []string) {
	for _, r := range runs {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return slices.Compact(values)
}
