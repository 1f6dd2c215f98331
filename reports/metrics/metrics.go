// Package metrics writes runs as OpenMetrics text, when they have ended and while they go on
// (https://prometheus.io/docs/specs/om/open_metrics_spec/).
package metrics

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// Quantiles are those that latency summaries have.
var Quantiles = []float64{.5, .9, .99, .999}

// exposition collects metric families in the order in which they are begun.
type exposition struct{ text strings.Builder }

// family begins a metric: its samples follow.
func (e *exposition) family(name, kind, unit, help string) {
	fmt.Fprintf(&e.text, "# TYPE %s %s\n", name, kind)
	if unit != "" {
		fmt.Fprintf(&e.text, "# UNIT %s %s\n", name, unit)
	}
	fmt.Fprintf(&e.text, "# HELP %s %s\n", name, help)
}

// sample writes one sample. labels are pairs of name and value.
func (e *exposition) sample(name string, value float64, labels ...string) {
	e.text.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		e.text.WriteString(separator + labels[i] + `="` + escape(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		e.text.WriteString("}")
	}
	e.text.WriteString(" " + show(value) + "\n")
}

func show(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// escape makes a label's value of any text, which must be UTF-8.
func escape(text string) string { return escaper.Replace(strings.ToValidUTF8(text, "\uFFFD")) }

func (e *exposition) end(w io.Writer) error {
	e.text.WriteString("# EOF\n")
	_, err := io.WriteString(w, e.text.String())
	return err
}

// latencies writes one operation's latency summary, in seconds.
func (e *exposition) latencies(h *latency.Histogram, labels ...string) {
	const name = "whitewater_op_latency_seconds"
	if h.Count() == 0 {
		return
	}
	for _, q := range Quantiles {
		e.sample(name, h.Quantile(q).Seconds(), append(labels[:len(labels):len(labels)], "quantile", show(q))...)
	}
	e.sample(name+"_count", float64(h.Count()), labels...)
	e.sample(name+"_sum", h.Mean().Seconds()*float64(h.Count()), labels...)
}

func latencyFamily(e *exposition) {
	e.family("whitewater_op_latency_seconds", "summary", "seconds", "Latency of OK operations, from due time and from send time.")
}

// Write writes a run that has ended.
func Write(w io.Writer, s *summary.Summary) error {
	e := &exposition{}
	phases := []string{latency.Quiet, latency.Faulty, latency.Recovery}
	e.family("whitewater_ops", "counter", "", "Operations of the load.")
	for _, op := range s.Latency.Ops {
		for _, outcome := range latency.Every {
			for _, phase := range phases {
				n := s.Latency.Count(latency.Filter{Op: op, Phase: phase, Outcomes: []history.Outcome{outcome}})
				e.sample("whitewater_ops_total", float64(n), "op", op, "outcome", summary.OutcomeWord(outcome), "phase", phase)
			}
		}
	}
	latencyFamily(e)
	for _, op := range s.Latency.Ops {
		for _, phase := range phases {
			for _, face := range latency.Faces {
				e.latencies(s.Latency.Total(latency.Filter{Op: op, Phase: phase}, face), "op", op, "phase", phase, "from", face.String())
			}
		}
	}
	e.pace(s)
	e.cluster(s)
	e.verdicts(s)
	return e.end(w)
}

func (e *exposition) pace(s *summary.Summary) {
	e.family("whitewater_offered_rate", "gauge", "", "Operations due per second.")
	e.sample("whitewater_offered_rate", s.Latency.Offered)
	slipFamily(e, s.Latency.Slips)
}

func slipFamily(e *exposition, slips *latency.Histogram) {
	const name = "whitewater_schedule_slip_seconds"
	e.family(name, "summary", "seconds", "How late the generator sent what its client was free to send.")
	for _, q := range Quantiles {
		e.sample(name, slips.Quantile(q).Seconds(), "quantile", show(q))
	}
	e.sample(name+"_count", float64(slips.Count()))
	e.sample(name+"_sum", slips.Mean().Seconds()*float64(slips.Count()))
}

func (e *exposition) cluster(s *summary.Summary) {
	e.family("whitewater_fault_duration_seconds", "gauge", "seconds", "How long each fault was active.")
	for _, f := range s.Faults {
		for _, node := range f.Nodes {
			e.sample("whitewater_fault_duration_seconds", (f.End - f.Start).Seconds(), "kind", f.Name, "node", string(node), "id", strconv.Itoa(f.ID))
		}
	}
	e.family("whitewater_fault_recovery_seconds", "gauge", "seconds", "From each fault's start to the first write that was sent after it and acknowledged; NaN if there was none.")
	for _, f := range s.Faults {
		took := f.FirstOK.Seconds()
		if f.FirstOK < 0 {
			took = math.NaN()
		}
		e.sample("whitewater_fault_recovery_seconds", took, "kind", f.Name, "id", strconv.Itoa(f.ID))
	}
	e.family("whitewater_leader_changes", "counter", "", "How often the leader changed.")
	e.sample("whitewater_leader_changes_total", float64(max(0, len(s.Leaders)-1)))
}

func (e *exposition) verdicts(s *summary.Summary) {
	e.family("whitewater_check_result", "gauge", "", "1: passed; 0: failed; -1: unknown. Skipped checks are left out.")
	for _, r := range s.Checks {
		if v, ok := map[checker.Verdict]float64{checker.Pass: 1, checker.Fail: 0, checker.Unknown: -1}[r.Verdict]; ok {
			e.sample("whitewater_check_result", v, "check", r.Checker)
		}
	}
	e.family("whitewater_claim_met", "gauge", "", "1: met; 0: missed; -1: inconclusive.")
	for _, c := range s.Claims {
		v := map[claims.Verdict]float64{claims.Met: 1, claims.Missed: 0, claims.Inconclusive: -1}[c.Verdict]
		e.sample("whitewater_claim_met", v, "claim", c.Expr)
	}
	e.family("whitewater_exit_code", "gauge", "", "The run's exit code.")
	e.sample("whitewater_exit_code", float64(s.Exit))
	e.family("whitewater_run_info", "gauge", "", "The run: always 1.")
	e.sample("whitewater_run_info", 1, "run", s.Meta.Run, "scenario", s.Meta.Scenario, "target", s.Meta.Target, "version", s.Meta.Version,
		"seed", strconv.FormatUint(s.Meta.Seed, 10))
	e.family("whitewater_run_duration_seconds", "gauge", "seconds", "Length of the load.")
	e.sample("whitewater_run_duration_seconds", s.Latency.Length.Round(time.Millisecond).Seconds())
}
