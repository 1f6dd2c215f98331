package metrics_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/metrics"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

var sample = regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\})? (NaN|[+-]Inf|[-+0-9.e]+)$`)

// wellFormed holds a text to what OpenMetrics asks: every sample belongs to the family before it and is there once, no
// family comes twice, and the end is marked.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if n := len(lines); n < 2 || lines[n-1] != "" || lines[n-2] != "# EOF" {
		t.Fatalf("no end mark")
	}
	families, seen := map[string]string{}, map[string]bool{}
	current := ""
	for _, line := range lines[:len(lines)-2] {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(rest, " ")
			if families[name] != "" {
				t.Errorf("family %s comes twice", name)
			}
			current, families[name] = name, kind
			continue
		}
		if strings.HasPrefix(line, "# ") {
			continue
		}
		found := sample.FindStringSubmatch(line)
		if found == nil {
			t.Errorf("no sample: %q", line)
			continue
		}
		if seen[found[1]+found[2]] {
			t.Errorf("twice: %s", line)
		}
		seen[found[1]+found[2]] = true
		suffixes := map[string]string{"counter": "_total", "summary": "(|_count|_sum)", "info": "_info", "gauge": ""}[families[current]]
		if !regexp.MustCompile("^" + current + suffixes + "$").MatchString(found[1]) {
			t.Errorf("%s is no sample of %s %s", found[1], families[current], current)
		}
	}
}

func TestWrite(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	h.Meta.Scenario = "quote \" slash \\ line \n end"
	c, err := claims.Parse("read.p99{quiet} < 25ms")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := metrics.Write(&out, summary.Summarise(h, example.Undecided(h), summary.Options{Claims: []claims.Claim{c}})); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out.String())
	for _, want := range []string{
		`whitewater_check_result{check="linearizable"} -1`, `whitewater_check_result{check="durable"} 1`, `whitewater_claim_met{claim="read.p99{quiet} < 25ms"} 1`,
		`whitewater_leader_changes_total 1`, `whitewater_exit_code 4`, `scenario="quote \" slash \\ line \n end"`,
		`whitewater_op_latency_seconds{op="read",phase="quiet",from="due",quantile="0.99"} 0.00`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %s", want)
		}
	}
}

func TestWriteNothing(t *testing.T) {
	var out bytes.Buffer
	if err := metrics.Write(&out, summary.Summarise(&history.History{}, nil, summary.Options{})); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out.String())
}

// The metrics of a run in progress count what was added, and can be read meanwhile.
func TestLive(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Length: 30 * time.Second, Faults: true})
	live := metrics.NewLive()
	ok := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		live.Add([]history.Record{{Meta: &h.Meta}})
		for i := range h.Ops {
			op := &h.Ops[i]
			live.Add([]history.Record{{Return: op}})
			if op.Result.Outcome == history.OK && op.Request.Kind == history.Get {
				ok++
			}
		}
		for i := range h.Statuses {
			live.Add([]history.Record{{Status: &h.Statuses[i]}})
		}
		for i := range h.Faults {
			f := h.Faults[i]
			if i == 2 {
				f.End = 0
			}
			live.Add([]history.Record{{Fault: &f}})
		}
	})
	wg.Go(func() {
		for range 20 {
			var out bytes.Buffer
			if err := live.Write(&out); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	answer := httptest.NewRecorder()
	live.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	text := answer.Body.String()
	wellFormed(t, text)
	for _, want := range []string{
		fmt.Sprintf(`whitewater_ops_total{op="read",outcome="ok",phase="quiet"} %d`, ok), `whitewater_fault_active{kind="partition",node="n4",id="3"} 1`,
		`whitewater_fault_active{kind="kill",node="n1",id="1"} 0`, `whitewater_leader_changes_total 1`, `whitewater_offered_rate 400`,
		`whitewater_member_up{node="n1",state="running"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %s in\n%s", want, text)
		}
	}
	if kind := answer.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/openmetrics-text") {
		t.Errorf("content type %s", kind)
	}
}

// The slip is what the generator owes: a client that was still waiting for an answer is the cluster's doing. A second
// run in the same process begins with other clients, faults and leaders, and the counters go on.
func TestLiveSlip(t *testing.T) {
	live := metrics.NewLive()
	ms := time.Millisecond
	op := func(p history.Process, due, call, end time.Duration) history.Record {
		return history.Record{Return: &history.Op{Process: p, Due: due, Call: call, Return: end, Result: history.Result{Outcome: history.OK}}}
	}
	live.Add([]history.Record{
		{Meta: &history.Meta{Run: "first", Rate: 100}},
		{Fault: &history.Fault{ID: 1, Name: "kill", Nodes: []history.NodeID{"n1"}}},
		{Status: &history.Status{Node: "n1", Up: true, Leader: "n1", Term: 7}},
		op(1, 0, 900*ms, 1000*ms),        // the client's first: says nothing
		op(1, 100*ms, 1000*ms, 1010*ms),  // waited for the one before: no slip
		op(1, 1020*ms, 1024*ms, 1030*ms), // free, and sent 4 ms late
		{Meta: &history.Meta{Run: "second", Rate: 200}},
		{Status: &history.Status{Node: "n2", Up: true, Leader: "n2", Term: 2}},
		op(1, 0, 500*ms, 510*ms),
	})
	var out bytes.Buffer
	if err := live.Write(&out); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out.String())
	for _, want := range []string{
		`whitewater_schedule_slip_seconds{quantile="0.999"} 0.004`, `whitewater_schedule_slip_seconds_count 2`, `whitewater_leader_changes_total 0`,
		`whitewater_member_leader{node="n2"} 1`, `whitewater_term 2`, `whitewater_offered_rate 200`, `run="second"`,
		`whitewater_ops_total{op="read",outcome="ok",phase="faulty"} 3`, `whitewater_ops_total{op="read",outcome="ok",phase="quiet"} 1`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %s in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "whitewater_fault_active{") {
		t.Error("the first run's fault is still there")
	}
}
