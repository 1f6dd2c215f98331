package serve

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/store"
)

// listed is what the list answers to a query: "verdict scenario", the newest first.
func (s *shop) listed(query string) string {
	s.t.Helper()
	var answer struct{ Runs []Run }
	if err := json.Unmarshal(s.get("/api/runs"+query, http.StatusOK).Body.Bytes(), &answer); err != nil {
		s.t.Fatal(err)
	}
	var lines []string
	for _, r := range answer.Runs {
		lines = append(lines, r.Words()+" "+r.Scenario)
	}
	return strings.Join(lines, ", ")
}

func TestList(t *testing.T) {
	s := open(t)
	s.has(s.get("/", http.StatusOK), "There are no runs in")
	s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	s.judged("register-chaos", "2026-11-22T06:16:00Z", "VIOLATION", 1)
	s.begin("register-chaos", "2026-11-22T06:17:00Z")
	lost := s.begin("calm", "2026-11-22T06:14:00Z")
	if err := lost.Finish(); err != nil { // recorded, and never judged
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                                "RUNNING register-chaos, VIOLATION register-chaos, PASS calm, NOT JUDGED calm",
		"?scenario=calm":                  "PASS calm, NOT JUDGED calm",
		"?verdict=VIOLATION":              "VIOLATION register-chaos",
		"?q=violation":                    "VIOLATION register-chaos",
		"?q=REASON+3.7.3":                 "VIOLATION register-chaos, PASS calm",
		"?q=20261122T0617":                "RUNNING register-chaos",
		"?q=nothing+of+the+kind":          "",
		"?page=2":                         "",
		"?scenario=calm&verdict=PASS":     "PASS calm",
		"?scenario=calm&verdict=PASS&q=7": "PASS calm",
	} {
		if got := s.listed(query); got != want {
			t.Errorf("%s:\n got %s\nwant %s", query, got, want)
		}
	}
	w := s.get("/?q=reason", http.StatusOK)
	s.has(w, "VIOLATION", "the &lt;b&gt;reason&lt;/b&gt; of it", "12.5 s", "1,000", "etcd 3.7.3 × 3", `class="badge bad"`, `class="badge good"`, "1–2 of 2 that match, of 4")
	s.get("/?page=zero", http.StatusBadRequest)
	s.get("/api/runs?page=-1", http.StatusBadRequest)
}

func TestPaging(t *testing.T) {
	s := open(t)
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i := range perPage + 3 {
		s.judged("calm", at.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), "PASS", 0)
	}
	w := s.get("/?scenario=calm", http.StatusOK)
	s.has(w, "1–50 of 53", "/?page=2&amp;scenario=calm")
	w = s.get("/?page=2&scenario=calm", http.StatusOK)
	s.has(w, "51–53 of 53", "/?page=1&amp;scenario=calm")
	if strings.Contains(w.Body.String(), "page=3") {
		t.Error("there is no third page")
	}
}

// A run that is judged again is read again, and one that was pruned is gone.
func TestListAgain(t *testing.T) {
	s := open(t)
	run := s.judged("calm", "2026-11-22T06:15:00Z", "PASS", 0)
	if got := s.listed(""); got != "PASS calm" {
		t.Fatal(got)
	}
	s.end(run, "CLAIM MISSED", 3)
	if got := s.listed(""); got != "CLAIM MISSED calm" {
		t.Errorf("judged again: %s", got)
	}
	if _, err := store.Prune(s.root, store.Keep{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := s.listed(""); got != "" {
		t.Errorf("pruned: %s", got)
	}
	s.get(address("calm", run.ID()), http.StatusNotFound)
}
