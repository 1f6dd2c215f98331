package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/reports"
	"github.com/whitewater-kv/whitewater/reports/claims"
	"github.com/whitewater-kv/whitewater/scenarios"
	"github.com/whitewater-kv/whitewater/store"
)

// Judge checks what was recorded as its scenario says, and writes every report into the run's folder, which then holds
// the members' data only if it is to be kept. If they cannot be written, that is the machine's fault, and the summary says
// so. A bare history has no folder: it is judged alone. The options' Claims, Expect, Fidelity, Gauges, Environment, Internal
// and Report are set here.
func Judge(ctx context.Context, r *Recorded, s *scenarios.Scenario, keep Keep, opts reports.Options) (*reports.Summary, error) {
	stated, err := ParseClaims(s.Claims)
	if err != nil {
		return nil, err
	}
	limits := checker.Limits{Timeout: s.Checker.Timeout, MemoryBytes: uint64(s.Checker.Memory), NoEvidence: !s.Checker.Evidence}
	results := checker.Judge(ctx, r.History, s.Checks, limits)
	if r.Online != nil {
		r.Online.Agree(ctx, r.History, results, limits)
	}
	opts.Claims, opts.Expect, opts.Fidelity, opts.Gauges, opts.Environment = stated, s.Expect, r.Fidelity, r.Gauges, r.Environment
	opts.Internal = bug(results)
	if r.Run.Bare() {
		return reports.Summarise(r.History, results, opts), nil
	}
	opts.Report = r.Run.File("report.html")
	sum := reports.Summarise(r.History, results, opts)
	err = dropData(r.Run, keep, sum.Exit)
	if err == nil {
		err = write(r.Run, sum)
	}
	if err == nil {
		return sum, nil
	}
	// What was found is told all the same, and a violation stays one: a disk that is full must not hide it.
	opts.Environment = told(opts.Environment, err)
	sum = reports.Summarise(r.History, results, opts)
	retract(r.Run, sum)
	return sum, nil
}

// bug is what a checker found to be wrong with itself, the last one; "" = nothing.
func bug(results []checker.Result) (internal string) {
	for _, r := range results {
		if r.Bug != "" {
			internal = fmt.Sprintf("checker %s: %s", r.Checker, r.Bug)
		}
	}
	return internal
}

// told adds an error to what is told of the machine.
func told(environment string, err error) string {
	if environment == "" {
		return err.Error()
	}
	return environment + "; " + err.Error()
}

// retract replaces a verdict that was written before something else could not be; if it cannot be replaced either, it is
// removed, so that nobody takes it for the run's.
func retract(run *store.Run, sum *reports.Summary) {
	format, _ := reports.Find("json")
	outputs, err := format.Render(sum)
	for _, o := range outputs {
		err = errors.Join(err, run.Write(o.Path, o.Data))
	}
	if err != nil {
		os.Remove(run.File(store.VerdictFile))
	}
}

// write renders every format into the run's folder, whose manifest comes last.
func write(run *store.Run, sum *reports.Summary) error {
	for _, format := range reports.Formats {
		outputs, err := format.Render(sum)
		if err != nil {
			return err
		}
		for _, o := range outputs {
			if err := run.Write(o.Path, o.Data); err != nil {
				return err
			}
		}
	}
	return run.Finish()
}

// ParseClaims reads a scenario's claims, all errors at once.
func ParseClaims(stated []scenarios.Claim) (all []claims.Claim, err error) {
	var wrong []error
	for _, s := range stated {
		c, err := claims.Parse(s.Expr)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		c.File, c.Line = s.File, s.Line
		all = append(all, c)
	}
	return all, errors.Join(wrong...)
}

// Keep says when the members' data is kept with a run; its history always is.
type Keep string

// The values of Keep.
const (
	KeepNever  Keep = "never"
	KeepFailed Keep = "failed" // unless the run passed
	KeepAlways Keep = "always"
)

// dropData removes the members' data folders of a run that ended with the exit code, if they are not to be kept.
func dropData(run *store.Run, keep Keep, exit int) error {
	if keep == KeepAlways || keep == KeepFailed && exit != reports.ExitPass {
		return nil
	}
	data, err := filepath.Glob(run.File("nodes/*/data"))
	if err != nil {
		return err
	}
	for _, folder := range data {
		if err := os.RemoveAll(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a member's data: %w", err)
		}
	}
	return nil
}
