package harness

import (
	"context"
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

// JudgeStream judges a stored history record by record, in memory that does not grow with it: linearizable alone. Other
// checks of the scenario (all, if it names none) are unknown, and so are claims. The run's reports stay as they are.
func JudgeStream(ctx context.Context, run *store.Run, s *scenarios.Scenario, opts reports.Options) (*reports.Summary, error) {
	stated, err := ParseClaims(s.Claims)
	if err != nil {
		return nil, err
	}
	judged, err := checker.JudgeStream(ctx, func(each func(history.Record) error) (bool, error) { return run.Records(each) },
		checker.Limits{Timeout: s.Checker.Timeout, MemoryBytes: uint64(s.Checker.Memory)})
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", run.ID(), err)
	}
	results := judged.Results
	names := s.Checks
	if len(names) == 0 {
		for _, c := range checker.All {
			names = append(names, c.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(results, func(r checker.Result) bool { return r.Checker == name }) {
			results = append(results, checker.Result{Checker: name, Why: "the history was not read whole: a stream judges linearizable alone"})
		}
	}
	opts.Claims, opts.Expect, opts.Internal = stated, s.Expect, bug(results)
	sum := reports.Summarise(judged.History, results, opts)
	sum.Total = judged.Ops
	return sum, nil
}

// unpackedShare is how many bytes of memory a byte of a history's lines takes, once it is read whole and judged.
const unpackedShare = 6

// TooLarge reports whether reading a run's history whole would take more memory than its checks may, and how large it is.
func TooLarge(run *store.Run, s *scenarios.Scenario) (bool, int64, error) {
	unpacked, err := run.Unpacked()
	return unpacked > int64(s.Checker.Memory)/unpackedShare, unpacked, err
}
