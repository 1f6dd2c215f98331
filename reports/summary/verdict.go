package summary

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/latency"
)

// VerdictSchema names the version of verdict.json. A field may be added under the same number, never changed.
const VerdictSchema = "whitewater/verdict/1"

// VerdictBytes is the most that verdict.json may be: small enough to be read whole by any CI step.
const VerdictBytes = 20 << 10

// Document is verdict.json: all that a CI job needs of a run. Times are in seconds since the load's start, latencies
// and rates in the unit that their name says.
type Document struct {
	Schema   string  `json:"schema"`
	Run      string  `json:"run"`
	Scenario string  `json:"scenario"`
	Seed     uint64  `json:"seed"`
	Verdict  string  `json:"verdict"`
	ExitCode int     `json:"exit_code"`
	Reason   string  `json:"reason"`
	Expect   string  `json:"expect"`
	Loop     string  `json:"loop"` // "open" or "closed"
	Seconds  float64 `json:"seconds"`

	Checks   []CheckLine           `json:"checks"`
	Claims   []ClaimLine           `json:"claims"`
	Ops      map[string]OpLine     `json:"ops"`
	Latency  map[string]LatencySet `json:"latency_ms"`
	Faults   []FaultLine           `json:"faults"`
	Fidelity FidelityLine          `json:"fidelity"`
	Target   TargetLine            `json:"target"`
	Env      map[string]string     `json:"env"`
	Files    []File                `json:"files"`
	Repro    string                `json:"repro"`
	Omitted  []string              `json:"omitted,omitempty"` // what was left out to keep the file small
}

// CheckLine is a check's result: "pass", "fail", "unknown", "skipped".
type CheckLine struct {
	Name           string  `json:"name"`
	Result         string  `json:"result"`
	Ops            int     `json:"ops"`
	Keys           int     `json:"keys"`
	Seconds        float64 `json:"seconds"`
	Detail         string  `json:"detail"`
	Counterexample string  `json:"counterexample,omitempty"` // its folder
}

// ClaimLine is a claim's result: "met", "missed", "inconclusive". Durations are in seconds, shares from 0 to 1.
type ClaimLine struct {
	Expr       string   `json:"expr"`
	Phase      string   `json:"phase"`
	Result     string   `json:"result"`
	Value      *float64 `json:"value"`
	Lo         *float64 `json:"lo"`
	Hi         *float64 `json:"hi"`
	Confidence float64  `json:"confidence"`
	N          int64    `json:"n"`
	Detail     string   `json:"detail,omitempty"`
	File       string   `json:"file,omitempty"`
	Line       int      `json:"line,omitempty"`
}

// OpLine counts an operation's outcomes in the load.
type OpLine struct {
	OK   int64 `json:"ok"`
	Fail int64 `json:"fail"`
	Info int64 `json:"info"`
}

// LatencySet is an operation's latency in the quiet phase (in the whole load, where there was none), from due time,
// with the 99th percentile from send time beside it. PerSecond is the rate of answers.
type LatencySet struct {
	Phase     string  `json:"phase"`
	P50       float64 `json:"p50"`
	P99       float64 `json:"p99"`
	P999      float64 `json:"p99.9"`
	Max       float64 `json:"max"`
	SendP99   float64 `json:"send_p99"`
	PerSecond float64 `json:"per_second"`
}

// FaultLine is a fault; null where something was not reached.
type FaultLine struct {
	Kind       string           `json:"kind"`
	Target     string           `json:"target"`
	Nodes      []history.NodeID `json:"nodes"`
	Start      float64          `json:"start"`
	End        float64          `json:"end"`
	TookEffect bool             `json:"took_effect"`
	LeaderGap  float64          `json:"leader_gap_s"`
	FirstOK    *float64         `json:"first_ok_s"`
	Recovered  *float64         `json:"recovered_s"`
}

// FidelityLine says how far the numbers can be trusted.
type FidelityLine struct {
	SlipP99    float64 `json:"slip_p99"`
	Offered    float64 `json:"offered"`
	Achieved   float64 `json:"achieved"`
	GCPauseMax float64 `json:"gc_pause_max"`
	CPUSteal   float64 `json:"cpu_steal"`
	FsyncP99   float64 `json:"fsync_p99"`
	Untrusted  string  `json:"untrusted,omitempty"`
}

// TargetLine is the system under test.
type TargetLine struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256,omitempty"`
	Nodes   int    `json:"nodes"`
}

// VerdictWord is a check's verdict in small letters, as files have it.
func VerdictWord(v checker.Verdict) string {
	switch v {
	case checker.Pass:
		return "pass"
	case checker.Fail:
		return "fail"
	case checker.Skipped:
		return "skipped"
	}
	return "unknown"
}

// Document builds verdict.json.
func (s *Summary) Document() Document {
	d := Document{
		Schema: VerdictSchema, Run: s.Meta.Run, Scenario: s.Meta.Scenario, Seed: s.Meta.Seed, Verdict: s.Verdict, ExitCode: s.Exit,
		Reason: Clip(s.Reason, 500), Expect: s.Expect, Loop: loop(s.Latency.Open), Seconds: s.Latency.Length.Seconds(),
		Checks: []CheckLine{}, Claims: []ClaimLine{}, Ops: map[string]OpLine{}, Latency: map[string]LatencySet{}, Faults: []FaultLine{},
		Files: s.Files, Repro: s.Reproduce.Command, Env: map[string]string{},
		Target: TargetLine{s.Meta.Target, s.Meta.Version, "", len(s.Meta.Nodes)},
	}
	for _, r := range s.Checks {
		line := CheckLine{r.Checker, VerdictWord(r.Verdict), r.Ops, r.Keys, r.Took.Seconds(), Clip(r.Why, 300), ""}
		for _, c := range s.Counterexamples {
			if c.Check == r.Checker {
				line.Counterexample = c.Folder
				break
			}
		}
		d.Checks = append(d.Checks, line)
	}
	for _, c := range s.Claims {
		scale := 1.0
		if c.Metric.Unit == 0 && c.Unit == 0 {
			scale = 1e-9
		}
		d.Claims = append(d.Claims, ClaimLine{
			Expr: c.Expr, Phase: c.Phase, Result: c.Verdict.String(), Value: number(c.Value, scale), Lo: number(c.Lo, scale),
			Hi: number(c.Hi, scale), Confidence: c.Confidence, N: c.N, Detail: Clip(c.Why, 200), File: c.File, Line: c.Line,
		})
	}
	for _, op := range s.Latency.Ops {
		d.Ops[op] = OpLine{
			s.Latency.Count(latency.Filter{Op: op}),
			s.Latency.Count(latency.Filter{Op: op, Outcomes: []history.Outcome{history.Fail}}),
			s.Latency.Count(latency.Filter{Op: op, Outcomes: []history.Outcome{history.Unknown}}),
		}
		d.Latency[op] = s.latencySet(op)
	}
	for _, f := range s.Faults {
		d.Faults = append(d.Faults, FaultLine{
			f.Name, f.Target, f.Nodes, s.Since(f.Start).Seconds(), s.Since(f.End).Seconds(), f.TookEffect, f.LeaderGap.Seconds(),
			reached(f.FirstOK), reached(f.Back),
		})
	}
	d.fill(s)
	return d
}

func (d *Document) fill(s *Summary) {
	answered := s.Latency.Count(latency.Filter{})
	d.Fidelity = FidelityLine{
		SlipP99: s.Latency.Slips.Quantile(.99).Seconds(), Offered: s.Latency.Offered, GCPauseMax: s.Fidelity.GCPauseMax.Seconds(),
		CPUSteal: s.Fidelity.Steal, FsyncP99: s.Fidelity.FsyncP99.Seconds(), Untrusted: s.Untrusted(),
	}
	if s.Latency.Length > 0 {
		d.Fidelity.Achieved = float64(answered) / s.Latency.Length.Seconds()
	}
	for _, pair := range s.Reproduce.Env {
		d.Env[pair.Name] = Clip(pair.Value, 200)
	}
	for _, pair := range s.Reproduce.Versions {
		if pair.Name == "target sha256" {
			d.Target.SHA256 = pair.Value
		}
	}
}

func loop(open bool) string {
	if open {
		return "open"
	}
	return "closed"
}

// latencySet reads the quiet phase, because a percentile across faults says nothing that can be repeated.
func (s *Summary) latencySet(op string) LatencySet {
	phase := latency.Quiet
	if s.Latency.Count(latency.Filter{Op: op, Phase: phase}) == 0 {
		phase = latency.All
	}
	f := latency.Filter{Op: op, Phase: phase}
	due, send := s.Latency.Total(f, latency.Due), s.Latency.Total(f, latency.Send)
	ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
	set := LatencySet{Phase: phase, P50: ms(due.Quantile(.5)), P99: ms(due.Quantile(.99)), P999: ms(due.Quantile(.999)),
		Max: ms(due.Max()), SendP99: ms(send.Quantile(.99))}
	if span := s.Latency.Span(phase); span > 0 {
		set.PerSecond = float64(due.Count()) / span.Seconds()
	}
	return set
}

func number(v, scale float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	v *= scale
	return &v
}

func reached(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	return number(d.Seconds(), 1)
}

// JSON writes the document in at most VerdictBytes. What does not fit is left out from the end of the longest lists,
// and counted in "omitted"; the verdict, the checks' names and the claims stay.
func (d Document) JSON() ([]byte, error) {
	files, faults := len(d.Files), len(d.Faults)
	details := false
	for {
		d.Omitted = nil
		if n := files - len(d.Files); n > 0 {
			d.Omitted = append(d.Omitted, fmt.Sprintf("%d files", n))
		}
		if n := faults - len(d.Faults); n > 0 {
			d.Omitted = append(d.Omitted, fmt.Sprintf("%d faults", n))
		}
		if details {
			d.Omitted = append(d.Omitted, "details")
		}
		data, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode verdict: %w", err)
		}
		data = append(data, '\n')
		switch {
		case len(data) <= VerdictBytes:
			return data, nil
		case len(d.Files) > 0:
			d.Files = d.Files[:len(d.Files)/2]
		case len(d.Faults) > 0:
			d.Faults = d.Faults[:len(d.Faults)/2]
		case !details:
			details = true
			d.dropDetails()
		default:
			return nil, fmt.Errorf("encode verdict: %d bytes, at most %d are allowed: too many checks or claims", len(data), VerdictBytes)
		}
	}
}

func (d *Document) dropDetails() {
	d.Env = nil
	checks, claims := make([]CheckLine, len(d.Checks)), make([]ClaimLine, len(d.Claims))
	for i, c := range d.Checks {
		c.Detail = Clip(c.Detail, 60)
		checks[i] = c
	}
	for i, c := range d.Claims {
		c.Detail, c.File = "", ""
		claims[i] = c
	}
	d.Checks, d.Claims = checks, claims
}
