package compare_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/compare"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

func difference(t *testing.T, exprs ...string) (all []claims.Claim) {
	t.Helper()
	for _, expr := range exprs {
		c, err := claims.ParseDifference(expr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// The three values, on sets of which the new one is slower by 12 %, give or take the runs' luck.
func TestClaimsOnTheDifference(t *testing.T) {
	base, other := quick(1, 10, 1), quick(1001, 10, 1.12)
	for _, test := range []struct {
		expr string
		want claims.Verdict
		why  string
	}{
		{"read.p50{quiet} < +30%", claims.Met, ""},
		{"read.p50{quiet} < +5%", claims.Missed, ""},
		{"read.p50{quiet} < +10%", claims.Inconclusive, "the interval contains the limit"},
		{"read.p50{quiet} > -5%", claims.Met, ""},
		{"write.rate{quiet} > -5%", claims.Met, ""},
		{"all.rate{quiet} >= -5%", claims.Met, ""},
		{"read.p99{faulty} < +5%", claims.Inconclusive, "not measured"},
		{"read.p95{quiet} < +5%", claims.Inconclusive, "not measured"},
		{"delete.p50{quiet} < +5%", claims.Inconclusive, "not measured"},
	} {
		c := compare.Compare(base, other, .05)
		c.Judge(difference(t, test.expr))
		if j := c.Claims[0]; j.Verdict != test.want || !strings.Contains(j.Why, test.why) {
			t.Errorf("%s: %v %q, %s (%s)", test.expr, j.Verdict, j.Why, j.ShowChange(), j.ShowInterval())
		}
		exits := map[claims.Verdict]int{claims.Met: summary.ExitPass, claims.Missed: summary.ExitClaim, claims.Inconclusive: summary.ExitUnknown}
		words := map[claims.Verdict]string{claims.Met: "CLAIMS MET", claims.Missed: "CLAIM MISSED", claims.Inconclusive: "UNKNOWN"}
		if c.Exit != exits[test.want] || c.Word() != words[test.want] {
			t.Errorf("%s: %s, exit %d: %s", test.expr, c.Word(), c.Exit, c.Reason)
		}
	}
}

// Claims decide in place of the tolerance: the worst of them, whatever their order. Without claims nothing changes.
func TestClaimsDecide(t *testing.T) {
	base, other := quick(1, 10, 1), quick(1001, 10, 1.12)
	c := compare.Compare(base, other, .05)
	if c.Judge(nil); c.Exit != summary.ExitClaim || c.Word() != "REGRESSION" {
		t.Errorf("without claims: %s, exit %d", c.Word(), c.Exit)
	}
	c.Judge(difference(t, "read.p50{quiet} < +30%", "read.p95{quiet} < +5%", "read.p50{quiet} < +5%"))
	if c.Exit != summary.ExitClaim || !strings.HasPrefix(c.Reason, "claim missed: read.p50{quiet} < +5%, measured +9.8 %") {
		t.Errorf("exit %d: %s", c.Exit, c.Reason)
	}
	var text, doc bytes.Buffer
	if err := compare.WriteText(&text, c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  ✓ read.p50{quiet} < +30%  +9.8 % (", "\n  ? read.p95{quiet} < +5%   it was not measured", "\n  ✗ read.p50{quiet} < +5%   +9.8 % (", "CLAIM MISSED  claim missed"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("lacks %q:\n%s", want, text.String())
		}
	}
	var back struct {
		Claims []struct {
			Expr, Result string
			Change       *float64
		}
	}
	if err := compare.WriteJSON(&doc, c); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || len(back.Claims) != 3 || back.Claims[1].Change != nil || back.Claims[2].Result != "missed" {
		t.Errorf("%v %+v", err, back)
	}
	other[0].Document.ExitCode = summary.ExitViolation
	c = compare.Compare(base, other, .05)
	if c.Judge(difference(t, "read.p50{quiet} < +30%")); c.Exit != summary.ExitClaim || c.Word() != "REGRESSION" || c.Reason != "worse: violations, read p50, write p50, cas p50" && !strings.HasPrefix(c.Reason, "worse: violations") {
		t.Errorf("a new violation: %s, %s", c.Word(), c.Reason)
	}
}

func TestClaimsNeedRuns(t *testing.T) {
	c := compare.Compare(quick(1, 5, 1), quick(1001, 8, 2), .05)
	c.Judge(difference(t, "read.p50{quiet} < +5%"))
	if j := c.Claims[0]; c.Exit != summary.ExitUnknown || j.Why != "8 runs against 5: each side needs 6" || math.IsNaN(j.Change) {
		t.Errorf("exit %d: %+v", c.Exit, j)
	}
}

// Logs say more than verdicts: every percentile, every phase, all operations together.
func TestClaimsOnLogs(t *testing.T) {
	logged := func(slow float64) (runs []compare.Run) {
		for _, r := range quick(1, 6, 1) {
			r.Document.Seconds = 10
			r.Latencies = map[string]*latency.Histogram{}
			for i, tag := range []string{"read", "read.send", "read.faulty", "read.send.faulty", "write.recovery"} {
				h := latency.NewHistogram()
				for n := range 100 {
					h.Record(time.Duration(slow*float64((i+1)*(n+100))) * time.Millisecond)
				}
				r.Latencies[tag] = h
			}
			runs = append(runs, r)
		}
		return runs
	}
	c := compare.Compare(logged(1), logged(1.5), .05)
	c.Judge(difference(t, "read.p95{quiet} < +60%", "read.p99{faulty} < +40%", "all.p50 < +60%", "all.rate > -1%", "write.p50{quiet} < +50%"))
	for i, want := range []struct {
		verdict claims.Verdict
		from    float64
	}{{claims.Met, 194}, {claims.Missed, 594}, {claims.Met, 0}, {claims.Met, 30}, {claims.Met, 0}} {
		j := c.Claims[i]
		if j.Verdict != want.verdict || want.from > 0 && math.Abs(j.From-want.from) > want.from/100 {
			t.Errorf("%s: %v, from %v, %s %s", j.Expr, j.Verdict, j.From, j.ShowChange(), j.Why)
		}
	}
}
