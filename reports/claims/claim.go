// Package claims judges what is said of a cluster, "read.p99{quiet} < 25ms", against what was measured. A claim is met,
// missed, or inconclusive: it is met only if the whole confidence interval is on its right side, and no data never
// passes.
package claims

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/reports/latency"
)

// Claim is one claim, parsed: metric{phase} op value.
type Claim struct {
	Expr   string
	File   string // the scenario it is from, and the line; for messages
	Line   int
	Metric Metric
	Op     string // the operation measured: "read", "all"; the check's name for checks; "" if the metric has none
	Phase  string // "quiet", "faulty", "recovery", "all"
	Sign   string // "<", "<=", ">", ">=", "=="; "" for checks
	Limit  float64
	Unit   Unit
}

// Unit is what a claim's numbers count.
type Unit uint8

// The units. Durations are held in nanoseconds, shares from 0 to 1.
const (
	Duration  Unit = iota // 25ms
	Elections             // 5 elections: in election timeouts of the target
	Rate                  // 2000/s
	Share                 // 0.5%
	Number                // 3
	Truth                 // a check: it passes or it does not
)

// Metric is something that can be claimed.
type Metric struct {
	Name     string // "p99", "sustained", "recovery.max"
	Doc      string
	Unit     Unit
	PerOp    bool    // an operation's name stands before it
	Quantile float64 // of the percentiles
}

// Metrics are all of them. The percentiles p50 to p99.99 stand for any percentile.
var Metrics = []Metric{
	{Name: "sustained", Unit: Rate, PerOp: true, Doc: "the offered rate, if every full second of the phase answered 99 % of what was due, with at most 0.1 % errors"},
	{Name: "rate", Unit: Rate, PerOp: true, Doc: "operations answered per second"},
	{Name: "p50", Unit: Duration, PerOp: true, Quantile: .5, Doc: "latency from due time; p90, p99, p99.9, p99.99 likewise"},
	{Name: "max", Unit: Duration, PerOp: true, Doc: "the longest latency from due time"},
	{Name: "unknown_rate", Unit: Share, PerOp: true, Doc: "operations whose effect is not known, of all"},
	{Name: "fail_rate", Unit: Share, PerOp: true, Doc: "operations that were refused, of all"},
	{Name: "recovery.max", Unit: Duration, Doc: "longest time from a fault's start to the first write that was sent after it and acknowledged"},
	{Name: "leader_gap.max", Unit: Duration, Doc: "longest time without a leader that a majority agrees on; also in elections"},
	{Name: "leader_changes", Unit: Number, Doc: "how often the leader changed"},
	{Name: "unavailable.max", Unit: Duration, Doc: "longest time in which no operation was answered"},
	{Name: "watch.lag.p99", Unit: Duration, Quantile: .99, Doc: "from a write's sending to its event at a watcher"},
	{Name: "slip.p99", Unit: Duration, Quantile: .99, Doc: "how late the generator sent what its client was free to send"},
	{Name: "checks", Unit: Truth, Doc: "every check passes; checks.NAME: that one"},
}

// Error says what is wrong with a claim and where.
type Error struct {
	Expr    string
	At      int // byte offset of the place, and its length
	Len     int
	Problem string
	Allowed string
}

func (e *Error) Error() string {
	text := fmt.Sprintf("claim %q, column %d: %s", e.Expr, e.At+1, e.Problem)
	if e.Allowed != "" {
		text += " (allowed: " + e.Allowed + ")"
	}
	return text
}

// Block shows the place under the claim, as scenario errors do.
func (e *Error) Block() string {
	text := fmt.Sprintf("   %s\n   %s%s\n   %s\n", e.Expr, strings.Repeat(" ", e.At), strings.Repeat("^", max(1, e.Len)), e.Problem)
	if e.Allowed != "" {
		text += "   allowed: " + e.Allowed + "\n"
	}
	return text
}

// Parse reads a claim. Its error is an *Error.
func Parse(expr string) (Claim, error) {
	p := parser{expr: expr, claim: Claim{Expr: strings.TrimSpace(expr), Phase: latency.All}}
	for _, step := range []func() *Error{p.metric, p.phase, p.sign, p.limit} {
		if err := step(); err != nil {
			err.Expr = expr
			return Claim{}, err
		}
	}
	return p.claim, nil
}

type parser struct {
	expr  string
	at    int
	claim Claim
}

// word takes what comes next, up to one of the stops, with its place.
func (p *parser) word(stops string) (text string, at int) {
	for p.at < len(p.expr) && p.expr[p.at] == ' ' {
		p.at++
	}
	at = p.at
	for p.at < len(p.expr) && !strings.ContainsRune(stops, rune(p.expr[p.at])) {
		p.at++
	}
	return strings.TrimRight(p.expr[at:p.at], " "), at
}

func (p *parser) metric() *Error {
	text, at := p.word("{<>=! ")
	for _, m := range Metrics {
		if !m.PerOp && m.Name == text {
			p.claim.Metric, p.claim.Unit = m, m.Unit
			return nil
		}
	}
	op, stat, dotted := strings.Cut(text, ".")
	if op == "checks" && stat != "" {
		p.claim.Metric, p.claim.Unit, p.claim.Op = Metrics[len(Metrics)-1], Truth, stat
		return nil
	}
	ops := append([]string{latency.All}, latency.OpNames()...)
	if !contains(ops, op) {
		return &Error{At: at, Len: max(1, len(op)), Problem: fmt.Sprintf("unknown metric %q", op),
			Allowed: strings.Join(specials(), ", ") + "; or an operation and a statistic: read.p99, all.rate"}
	}
	m, ok := statistic(stat)
	if !dotted || !ok {
		return &Error{At: at + len(op) + min(1, len(stat)), Len: len(stat), Problem: fmt.Sprintf("unknown statistic %q of %q", stat, op),
			Allowed: strings.Join(statistics(), ", ")}
	}
	p.claim.Metric, p.claim.Unit, p.claim.Op = m, m.Unit, op
	return nil
}

// statistic finds a per-operation metric. Any percentile of at least 1 and less than 100 is one.
func statistic(name string) (Metric, bool) {
	if digits, ok := strings.CutPrefix(name, "p"); ok {
		percent, err := strconv.ParseFloat(digits, 64)
		if err != nil || percent < 1 || percent >= 100 || strings.ContainsAny(digits, "eExX_+-") {
			return Metric{}, false
		}
		return Metric{Name: name, Unit: Duration, PerOp: true, Quantile: percent / 100}, true
	}
	for _, m := range Metrics {
		if m.PerOp && m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

func (p *parser) phase() *Error {
	if p.at >= len(p.expr) || p.expr[p.at] != '{' {
		return nil
	}
	p.at++
	text, at := p.word("}")
	if p.at >= len(p.expr) {
		return &Error{At: at - 1, Len: len(p.expr) - at + 1, Problem: "the phase's brace is not closed"}
	}
	p.at++
	phases := []string{latency.Quiet, latency.Faulty, latency.Recovery, latency.All}
	if !contains(phases, text) {
		return &Error{At: at, Len: len(text), Problem: fmt.Sprintf("unknown phase %q", text), Allowed: strings.Join(phases, ", ")}
	}
	p.claim.Phase = text
	return nil
}

func (p *parser) sign() *Error {
	_, at := p.word("<>=!")
	if p.at >= len(p.expr) && p.claim.Unit == Truth && at == len(p.expr) {
		return nil
	}
	begin := p.at
	for p.at < len(p.expr) && strings.ContainsRune("<>=!", rune(p.expr[p.at])) {
		p.at++
	}
	sign := p.expr[begin:p.at]
	if at != begin || !contains([]string{"<", "<=", ">", ">=", "=="}, sign) {
		return &Error{At: at, Len: max(1, p.at-at), Problem: fmt.Sprintf("%q is no comparison", p.expr[at:p.at]), Allowed: "<, <=, >, >=, =="}
	}
	if p.claim.Unit == Truth {
		return &Error{At: begin, Len: len(sign), Problem: "checks pass or do not; there is nothing to compare"}
	}
	if sign == "==" && p.claim.Unit != Number {
		return &Error{At: begin, Len: len(sign), Problem: "a measured quantity never equals a limit exactly", Allowed: "<, <=, >, >="}
	}
	p.claim.Sign = sign
	return nil
}

func (p *parser) limit() *Error {
	if p.claim.Unit == Truth {
		return nil
	}
	text, at := p.word("")
	wrong := &Error{At: at, Len: len(text)}
	switch p.claim.Unit {
	case Duration:
		wrong.Problem, wrong.Allowed = fmt.Sprintf("%q is no duration", text), "25ms, 1.5s, 2m"
		if count, ok := strings.CutSuffix(text, "elections"); ok && p.claim.Metric.Name == "leader_gap.max" {
			p.claim.Unit = Elections
			return p.number(strings.TrimSpace(count), 1, wrong)
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return wrong
		}
		p.claim.Limit = float64(d)
		return nil
	case Rate:
		wrong.Problem, wrong.Allowed = fmt.Sprintf("%q is no rate", text), "2000/s"
		count, ok := strings.CutSuffix(text, "/s")
		if !ok {
			return wrong
		}
		return p.number(count, 1, wrong)
	case Share:
		wrong.Problem, wrong.Allowed = fmt.Sprintf("%q is no share", text), "0.5%"
		count, ok := strings.CutSuffix(text, "%")
		if !ok {
			return wrong
		}
		return p.number(count, .01, wrong)
	default:
		wrong.Problem, wrong.Allowed = fmt.Sprintf("%q is no number", text), "3"
		return p.number(text, 1, wrong)
	}
}

func (p *parser) number(text string, scale float64, wrong *Error) *Error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n < 1e15) {
		return wrong
	}
	p.claim.Limit = n * scale
	return nil
}

func specials() (names []string) {
	for _, m := range Metrics {
		if !m.PerOp {
			names = append(names, m.Name)
		}
	}
	return names
}

func statistics() (names []string) {
	for _, m := range Metrics {
		if m.PerOp && m.Quantile == 0 {
			names = append(names, m.Name)
		}
	}
	return append(names, "p50, p90, p99, p99.9, p99.99")
}

func contains(list []string, text string) bool {
	for _, s := range list {
		if s == text {
			return true
		}
	}
	return false
}
