package serve

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Two sets of runs are compared where they stand, and the frame leads to each of them.
func TestCompare(t *testing.T) {
	s := open(t)
	query := url.Values{}
	for i := range 12 {
		run := s.judged("calm", fmt.Sprintf("2026-11-22T06:15:%02dZ", i), "PASS", 0)
		query.Add([]string{"base", "new"}[i%2], "calm/"+run.ID())
	}
	w := s.get("/compare?"+query.Encode(), http.StatusOK)
	s.has(w, `src="/compare/page?base=`, `value="5"`, "Swap sides")
	for _, ref := range append(query["base"], query["new"]...) {
		s.has(w, `href="/runs/`+ref+`/"`)
	}
	w = s.get("/compare/page?"+query.Encode(), http.StatusOK)
	s.has(w, "NO REGRESSION", "read p99", "4.00 ms")
	if w.Header().Get("Content-Security-Policy") != filePolicy {
		t.Error("the comparison is not shut in")
	}
}

// What cannot be compared is said, and why.
func TestCompareRefuses(t *testing.T) {
	s := open(t)
	good := "calm/" + s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0).ID()
	unjudged := "calm/" + s.begin("calm", "2026-11-22T06:16:00Z").ID()
	many := strings.Repeat("base="+good+"&", comparedRuns+1)
	for query, want := range map[string]string{
		"":                   "no base run is chosen",
		"base=" + good:       "no new run is chosen",
		many + "new=" + good: "at most 100",
		"base=" + good + "&new=" + good + "&tolerance=x":   "tolerance &#34;x&#34;",
		"base=" + good + "&new=" + good + "&tolerance=NaN": "tolerance",
		"base=" + good + "&new=" + unjudged:                "was not judged",
	} {
		s.has(s.get("/compare/page?"+query, http.StatusBadRequest), want)
	}
	for _, ref := range []string{"calm/none", "calm", "../x", "/etc/passwd", ""} {
		s.has(s.get("/compare/page?base="+url.QueryEscape(ref)+"&new="+good, http.StatusNotFound), "there is no run")
	}
}
