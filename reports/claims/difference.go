package claims

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/whitewater-kv/whitewater/reports/latency"
)

// ParseDifference reads a claim on how much a set of runs differs from another: the grammar of Parse with a change in
// place of the limit, "read.p99{quiet} < +5%", "all.rate > -2%". The limit is a share: .05 is 5 % more than before.
// Its error is an *Error.
func ParseDifference(expr string) (Claim, error) {
	p := parser{expr: expr, claim: Claim{Expr: strings.TrimSpace(expr), Phase: latency.All}}
	for _, step := range []func() *Error{p.comparable, p.phase, p.sign, p.change} {
		if err := step(); err != nil {
			err.Expr = expr
			return Claim{}, err
		}
	}
	return p.claim, nil
}

// comparable is a metric of which runs keep enough to be compared by.
func (p *parser) comparable() *Error {
	if err := p.metric(); err != nil {
		return err
	}
	if m := p.claim.Metric; m.Quantile == 0 && m.Name != "rate" || !m.PerOp {
		text := strings.TrimSpace(p.expr[:p.at])
		return &Error{At: len(p.expr[:p.at]) - len(strings.TrimLeft(p.expr[:p.at], " ")), Len: len(text),
			Problem: fmt.Sprintf("%q cannot be claimed of a difference", text), Allowed: "an operation and a percentile or rate: read.p99, all.rate"}
	}
	p.claim.Unit = Share
	return nil
}

func (p *parser) change() *Error {
	text, at := p.word("")
	digits, ok := strings.CutSuffix(text, "%")
	percent, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(percent > -100 && percent < 1e6) {
		return &Error{At: at, Len: len(text), Problem: fmt.Sprintf("%q is no change", text), Allowed: "+5%, -2%, 0%"}
	}
	p.claim.Limit = percent / 100
	return nil
}
