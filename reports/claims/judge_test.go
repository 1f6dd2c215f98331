package claims_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

func judge(t *testing.T, expr string, f claims.Facts) claims.Judged {
	t.Helper()
	c, err := claims.Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	return claims.Judge(c, f, rand.New(rand.NewPCG(1, 2)))
}

// The three values of each metric, on a run of a minute with a kill at 20 s, and on one of half a minute without.
func TestJudge(t *testing.T) {
	faulty := claims.Facts{Recording: latency.Measure(example.Run(example.Options{Seed: 1, Faults: true})), LeaderChanges: 1, ElectionTimeout: time.Second,
		Recoveries:  []claims.Recovery{{Fault: "kill n1", FirstOK: 2800 * time.Millisecond}, {Fault: "pause n2", FirstOK: 30 * time.Millisecond}},
		LeaderGap:   func(string) (time.Duration, bool) { return 2800 * time.Millisecond, true },
		Unavailable: func(string) (time.Duration, bool) { return 2900 * time.Millisecond, true },
		Checks:      []checker.Result{{Checker: "linearizable", Verdict: checker.Pass}, {Checker: "locks", Verdict: checker.Skipped}}}
	calm := claims.Facts{Recording: latency.Measure(example.Run(example.Options{Seed: 1, Length: 30 * time.Second})), LeaderChanges: 0}
	short := claims.Facts{Recording: latency.Measure(example.Run(example.Options{Seed: 1, Length: 4 * time.Second})), LeaderChanges: -1}
	stuck := faulty
	stuck.Recoveries = append(stuck.Recoveries, claims.Recovery{Fault: "partition n4 n5", FirstOK: -1})
	broken := faulty
	broken.Checks = append([]checker.Result{{Checker: "durable", Verdict: checker.Fail, Why: "a write is gone"}}, faulty.Checks...)
	open := faulty
	open.Checks = append([]checker.Result{{Checker: "durable", Why: "out of time"}}, faulty.Checks...)
	busy := calm
	busy.Untrusted = "schedule slip p99 40 ms, limit p99 ≤ 10 ms"
	closed := claims.Facts{Recording: latency.Measure(example.Run(example.Options{Seed: 1, Length: 10 * time.Second, Closed: true}))}
	const met, missed, inconclusive = claims.Met, claims.Missed, claims.Inconclusive
	for _, test := range []struct {
		expr  string
		facts claims.Facts
		want  claims.Verdict
		why   string
	}{
		{"read.p99{quiet} < 25ms", faulty, met, ""},
		{"read.p99{quiet} < 1ms", faulty, missed, ""},
		{"read.p99{faulty} < 25ms", faulty, missed, ""},
		{"read.p99 > 1ms", calm, met, ""},
		{"read.p50 < 900us", calm, inconclusive, "the interval contains the limit"},
		{"read.p99{faulty} < 25ms", calm, inconclusive, "no read was answered in phase faulty"},
		{"range.p99 < 25ms", calm, inconclusive, "no range was answered in phase all"},
		{"read.p99 < 25ms", short, inconclusive, "only 4 s of phase all"},
		{"read.p99.99 < 25ms", short, inconclusive, "samples are too few for p99.99"},
		{"read.p99 < 25ms", busy, inconclusive, "the numbers cannot be trusted: schedule slip p99 40 ms"},
		{"read.p99{faulty} < 25ms", busy, inconclusive, "no read was answered"},
		{"read.max{quiet} < 1s", calm, met, ""},
		{"read.max{faulty} < 1s", faulty, missed, ""},
		{"read.max{faulty} < 1s", calm, inconclusive, "no read"},
		{"read.sustained{quiet} >= 200/s", faulty, met, "held in 42 of 42 s"},
		{"read.sustained{quiet} >= 2000/s", faulty, inconclusive, "only 2"},
		{"read.sustained{faulty} >= 200/s", faulty, missed, "held in 1 of 15 s"},
		{"read.sustained{faulty} >= 200/s", calm, inconclusive, "no read fell due"},
		{"read.sustained >= 200/s", short, inconclusive, "held in 4 of 4 s"},
		{"read.sustained < 200/s", calm, inconclusive, "must be > or >="},
		{"read.sustained >= 200/s", closed, inconclusive, "a closed loop offers no rate"},
		{"all.rate{quiet} > 380/s", calm, met, ""},
		{"all.rate{quiet} > 500/s", calm, missed, ""},
		{"all.rate{faulty} > 500/s", calm, inconclusive, "no all was sent in phase faulty"},
		{"all.rate > 1000/s", closed, met, ""},
		{"all.unknown_rate{quiet} < 1%", calm, met, ""},
		{"all.unknown_rate{quiet} < 0.0001%", calm, inconclusive, "the interval contains the limit"},
		{"all.unknown_rate{faulty} < 0.01%", faulty, inconclusive, "the interval contains the limit"},
		{"all.unknown_rate{faulty} >= 90%", faulty, missed, ""},
		{"all.unknown_rate{faulty} < 1%", calm, inconclusive, "no all was sent"},
		{"cas.fail_rate < 50%", calm, met, ""},
		{"cas.fail_rate < 0.01%", calm, missed, ""},
		{"recovery.max < 3s", faulty, met, "kill n1"},
		{"recovery.max < 1s", faulty, missed, "kill n1"},
		{"recovery.max < 1s", calm, inconclusive, "there was no fault to recover from"},
		{"recovery.max < 1h", stuck, missed, "no write was acknowledged after partition n4 n5"},
		{"leader_gap.max < 3s", faulty, met, ""},
		{"leader_gap.max < 2 elections", faulty, missed, ""},
		{"leader_gap.max < 5 elections", faulty, met, ""},
		{"leader_gap.max < 1s", calm, inconclusive, "nobody watched the leaders"},
		{"leader_changes == 1", faulty, met, ""},
		{"leader_changes == 0", faulty, missed, ""},
		{"leader_changes == 0", calm, met, ""},
		{"leader_changes == 0", short, inconclusive, "nobody watched the leaders"},
		{"unavailable.max < 3s", faulty, met, ""},
		{"unavailable.max < 2s", faulty, missed, ""},
		{"unavailable.max < 2s", calm, inconclusive, "no operation was sent"},
		{"watch.lag.p99 < 1s", calm, inconclusive, "no watched write"},
		{"slip.p99 < 5ms", calm, met, ""},
		{"slip.p99 < 1us", calm, missed, ""},
		{"checks", faulty, met, ""},
		{"checks", broken, missed, "durable: a write is gone"},
		{"checks", open, inconclusive, "durable: out of time"},
		{"checks.linearizable", broken, met, ""},
		{"checks.locks", faulty, inconclusive, "locks"},
		{"checks.nothing", faulty, inconclusive, "no such check was made"},
		{"checks", calm, inconclusive, "no such check was made"},
	} {
		t.Run(test.expr, func(t *testing.T) {
			j := judge(t, test.expr, test.facts)
			if j.Verdict != test.want || !strings.Contains(j.Why, test.why) {
				t.Errorf("%s, %q (value %s, interval %s); want %s, %q", j.Verdict, j.Why, j.Show(j.Value), j.Interval(), test.want, test.why)
			}
		})
	}
}

// No metric whatever passes without data.
func TestNoDataNeverPasses(t *testing.T) {
	nothing := claims.Facts{Recording: latency.Measure(&history.History{}), LeaderChanges: -1}
	for _, m := range claims.Metrics {
		expr := m.Name
		if m.PerOp {
			expr = "all." + expr
		}
		for unit, limits := range map[claims.Unit][]string{claims.Duration: {"< 1h", "> 0s"}, claims.Rate: {">= 0/s", "< 1000/s"}, claims.Share: {"<= 100%", ">= 0%"},
			claims.Number: {">= 0", "< 9"}, claims.Truth: {""}} {
			for _, limit := range limits {
				if unit == m.Unit {
					if j := judge(t, expr+" "+limit, nothing); j.Verdict != claims.Inconclusive || j.Why == "" {
						t.Errorf("%s %s: %s, %q", expr, limit, j.Verdict, j.Why)
					}
				}
			}
		}
	}
}

// An undecided claim says how much longer to run; nearer the limit, longer.
func TestAdvice(t *testing.T) {
	facts := claims.Facts{Recording: latency.Measure(example.Run(example.Options{Seed: 1, Length: 30 * time.Second, Drift: .2}))}
	value := judge(t, "read.p99 < 1s", facts)
	limit := func(share float64) string {
		return "read.p99 < " + time.Duration(value.Value+share*(value.Hi-value.Value)).String()
	}
	near, far := judge(t, limit(.3), facts), judge(t, limit(.8), facts)
	if near.Verdict != claims.Inconclusive || far.Verdict != claims.Inconclusive {
		t.Fatalf("%s, %s", near.Verdict, far.Verdict)
	}
	if near.Longer <= far.Longer || far.Longer <= 0 || !strings.HasPrefix(far.Advice(), "run ~") {
		t.Errorf("near %v, far %v: %q", near.Longer, far.Longer, far.Advice())
	}
	if at := judge(t, limit(0), facts); at.Longer != time.Hour || !strings.Contains(at.Advice(), "more than 1 h") {
		t.Errorf("at the limit: %v, %q", at.Longer, at.Advice())
	}
}

// The same run, claim and stream give the same interval.
func TestReproducible(t *testing.T) {
	facts := claims.Facts{Recording: latency.Measure(example.Run(example.Options{Seed: 1, Length: 30 * time.Second, Drift: .2}))}
	a, b := judge(t, "write.p99 < 5ms", facts), judge(t, "write.p99 < 5ms", facts)
	if a.Lo != b.Lo || a.Hi != b.Hi || !(a.Lo < a.Value && a.Value < a.Hi) {
		t.Errorf("%v %v %v, then %v %v", a.Lo, a.Value, a.Hi, b.Lo, b.Hi)
	}
}

// The intervals keep their word: of 200 runs whose seconds resemble their neighbours, at least 90 % of the 95 %
// intervals contain the true 95th percentile, which is that of all runs together.
func TestCoverage(t *testing.T) {
	const runs = 200
	all := latency.NewHistogram()
	lo, hi := make([]float64, runs), make([]float64, runs)
	for i := range runs {
		r := latency.Measure(example.Run(example.Options{Seed: uint64(i), Length: time.Minute, Rate: 30, Drift: .25}))
		all.Merge(r.Total(latency.Filter{}, latency.Due))
		c, err := claims.Parse("all.p95 < 5ms")
		if err != nil {
			t.Fatal(err)
		}
		j := claims.Judge(c, claims.Facts{Recording: r}, rand.New(rand.NewPCG(uint64(i), 7)))
		lo[i], hi[i] = j.Lo, j.Hi
	}
	truth, held, width := float64(all.Quantile(.95)), 0, 0.0
	for i := range runs {
		if lo[i] <= truth && truth <= hi[i] {
			held++
		}
		width += math.Log(hi[i]/lo[i]) / runs
	}
	t.Logf("%d of %d intervals hold, mean width %.0f %%", held, runs, 100*width)
	if held < runs*90/100 {
		t.Errorf("%d of %d intervals hold the true value", held, runs)
	}
	if width > 1.2 {
		t.Errorf("the intervals are %.0f %% wide: they say nothing", 100*width)
	}
}

// The rate of a whole load counts the seconds in which phases change too.
func TestRateOfAllPhases(t *testing.T) {
	r := latency.Measure(example.Run(example.Options{Seed: 1, Faults: true}))
	want := float64(r.Count(latency.Filter{})) / 60
	if j := judge(t, "all.rate > 1/s", claims.Facts{Recording: r}); j.Value != want || j.N != r.Count(latency.Filter{}) {
		t.Errorf("%v/s of %d operations, want %v/s", j.Value, j.N, want)
	}
}

// A rate too high to be held is missed even though the operations that were sent in time were answered at once: what
// was due and never sent counts. A latency that was met by the few that were sent is not met.
func TestWhatWasNeverSentCounts(t *testing.T) {
	h := &history.History{Meta: history.Meta{Open: true, LoadEnd: 20 * time.Second}}
	for i := range 20 * 1000 {
		due := time.Duration(i) * time.Millisecond
		h.Ops = append(h.Ops, history.Op{ID: i, Process: history.Process(i % 50), Due: due, Call: due, Return: due + 100*time.Microsecond,
			Result: history.Result{Outcome: history.OK}})
	}
	for range 20 {
		h.Meta.Unsent = append(h.Meta.Unsent, 500)
	}
	facts := claims.Facts{Recording: latency.Measure(h)}
	if offered := facts.Recording.Offered; offered != 1500 {
		t.Errorf("offered %v/s, want 1000 that were sent and 500 that were not", offered)
	}
	for expr, want := range map[string]claims.Verdict{
		"read.sustained >= 1400/s": claims.Missed, "read.sustained >= 900/s": claims.Missed, "read.sustained >= 1600/s": claims.Inconclusive,
		"read.p99 < 1ms": claims.Inconclusive, "read.p99 < 50us": claims.Missed,
	} {
		if j := judge(t, expr, facts); j.Verdict != want {
			t.Errorf("%s: %s, want %s: %s", expr, j.Verdict, want, j.Why)
		}
	}
}
