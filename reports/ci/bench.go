package ci

import (
	"fmt"
	"io"
	"strings"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// WriteBench writes runs in the Go benchmark format (golang.org/design/14313-benchmark-format), which benchstat reads:
// a line for each run, operation and phase. Repeated runs are repeated lines.
func WriteBench(w io.Writer, runs ...*summary.Summary) error {
	var b strings.Builder
	b.WriteString("Unit ok-ops/s better=higher assume=nothing\nUnit violations better=lower assume=exact\n")
	for _, s := range runs {
		violations := 0
		for _, r := range s.Checks {
			if r.Verdict == checker.Fail {
				violations++
			}
		}
		for _, op := range s.Latency.Ops {
			for _, phase := range []string{latency.Quiet, latency.Faulty, latency.Recovery} {
				f := latency.Filter{Op: op, Phase: phase}
				h := s.Latency.Total(f, latency.Due)
				if h.Count() == 0 {
					continue
				}
				fmt.Fprintf(&b, "BenchmarkWhitewater/scenario=%s/op=%s/phase=%s %d %d p50-ns %d p99-ns %.1f ok-ops/s %d violations\n",
					benchName(s.Meta.Scenario), op, phase, h.Count(), h.Quantile(.5).Nanoseconds(), h.Quantile(.99).Nanoseconds(),
					float64(h.Count())/max(s.Latency.Span(phase).Seconds(), 1e-9), violations)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// benchName makes a name part: no spaces, no slashes.
func benchName(name string) string {
	if name == "" {
		return "none"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '/' || r == '=' || r == 0x7f {
			return '-'
		}
		return r
	}, name)
}
