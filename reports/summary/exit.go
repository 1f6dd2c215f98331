package summary

import (
	"fmt"
	"slices"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/claims"
)

// The exit codes. 2 is not among them: it is Go's own for an uncaught panic, which must not read as a verdict.
const (
	ExitPass        = 0
	ExitViolation   = 1
	ExitClaim       = 3
	ExitUnknown     = 4
	ExitEnvironment = 5
	ExitUsage       = 64
	ExitInternal    = 70
	ExitInterrupt   = 130
	ExitTerminated  = 143
)

// precedence orders the exit codes, worst first. A proven violation outlives any later crash or interrupt.
var precedence = []int{
	ExitViolation, ExitInternal, ExitEnvironment, ExitUsage, ExitTerminated, ExitInterrupt, ExitUnknown, ExitClaim, ExitPass,
}

// Worst is the exit code of several runs together. A code that is not ours (2: an uncaught panic) counts as internal.
func Worst(codes ...int) int {
	worst := len(precedence) - 1
	for _, code := range codes {
		at := slices.Index(precedence, code)
		if at < 0 {
			at = slices.Index(precedence, ExitInternal)
		}
		worst = min(worst, at)
	}
	return precedence[worst]
}

// Findings are what an exit code is made of.
type Findings struct {
	Safety      checker.Verdict
	Claims      []claims.Verdict
	Unknown     bool // something else leaves the run undecided: a fault that took no effect
	Environment bool
	Internal    bool
	Signal      int
	Expect      string   // "violation" inverts Safety
	Allow       []string // "unknown", "claim"
}

// Exit is the exit code of a run, with what was allowed on the way to it.
func Exit(f Findings) (code int, allowed []string) {
	codes := []int{ExitPass}
	switch {
	case f.Expect == "violation" && f.Safety == checker.Fail: // as it should be, whatever else stayed open
	case f.Expect == "violation":
		codes = append(codes, ExitUnknown)
	case f.Safety == checker.Fail:
		codes = append(codes, ExitViolation)
	case f.Safety != checker.Pass || f.Unknown:
		codes = append(codes, ExitUnknown)
	}
	for _, c := range f.Claims {
		switch c {
		case claims.Missed:
			codes = append(codes, ExitClaim)
		case claims.Inconclusive:
			codes = append(codes, ExitUnknown)
		}
	}
	if f.Environment {
		codes = append(codes, ExitEnvironment)
	}
	if f.Internal {
		codes = append(codes, ExitInternal)
	}
	if f.Signal != 0 {
		codes = append(codes, f.Signal)
	}
	kept := codes[:0]
	for _, c := range codes {
		name := map[int]string{ExitUnknown: "unknown", ExitClaim: "claim"}[c]
		if name == "" || !slices.Contains(f.Allow, name) {
			kept = append(kept, c)
		} else if !slices.Contains(allowed, name) {
			allowed = append(allowed, name)
		}
	}
	return Worst(kept...), allowed
}

var words = map[int]string{
	ExitPass: "PASS", ExitViolation: "VIOLATION", ExitClaim: "CLAIM MISSED", ExitUnknown: "UNKNOWN",
	ExitEnvironment: "ENVIRONMENT", ExitUsage: "USAGE", ExitInternal: "INTERNAL ERROR", ExitInterrupt: "INTERRUPTED",
	ExitTerminated: "INTERRUPTED",
}

// Word is the verdict of an exit code in capitals.
func Word(code int) string {
	if w, ok := words[code]; ok {
		return w
	}
	return words[ExitInternal]
}

// conclude sets the verdict, the exit code and the reason.
func (s *Summary) conclude(h *history.History, opts Options) {
	f := Findings{
		Safety: checker.Overall(s.Checks), Unknown: s.undecided(h) != "", Environment: opts.Environment != "",
		Internal: opts.Internal != "", Signal: opts.Signal, Expect: s.Expect, Allow: opts.Allow,
	}
	for _, c := range s.Claims {
		f.Claims = append(f.Claims, c.Verdict)
	}
	s.Exit, s.Allowed = Exit(f)
	s.Verdict = Word(s.Exit)
	s.Reason = s.reason(h, opts, f)
}

func (s *Summary) reason(h *history.History, opts Options, f Findings) string {
	switch s.Exit {
	case ExitViolation:
		return s.first(checker.Fail)
	case ExitInternal:
		return opts.Internal
	case ExitEnvironment:
		return opts.Environment
	case ExitInterrupt, ExitTerminated:
		return "the run was ended early; what was recorded was checked, and shows no violation"
	case ExitClaim:
		return s.firstClaim(claims.Missed)
	case ExitUnknown:
		return s.unknownReason(h, f)
	}
	switch {
	case s.Expect == "violation" && f.Safety == checker.Fail:
		return "a violation was expected, and found: " + s.first(checker.Fail)
	case len(s.Allowed) > 0:
		return "nothing but what this call allows: " + s.unknownReason(h, f)
	}
	text := plural(s.count(checker.Pass), "check") + " passed"
	if met := len(s.Claims); met > 0 {
		text += ", " + plural(met, "claim") + " met"
	}
	return text
}

func (s *Summary) unknownReason(h *history.History, f Findings) string {
	switch {
	case s.Expect == "violation" && f.Safety != checker.Fail:
		return "a violation was expected, and none was found"
	case s.first(checker.Unknown) != "":
		return s.first(checker.Unknown)
	case f.Safety == checker.Unknown:
		return "nothing was judged"
	case s.undecided(h) != "":
		return s.undecided(h)
	case s.firstClaim(claims.Inconclusive) != "":
		return s.firstClaim(claims.Inconclusive)
	}
	return s.firstClaim(claims.Missed)
}

// undecided says what, beside the checks, keeps a run from being a pass: a planned fault that was not carried out, or
// that had no effect, has tested nothing.
func (s *Summary) undecided(h *history.History) string {
	for _, f := range s.Faults {
		if !f.TookEffect {
			return fmt.Sprintf("a fault took no effect: %s at %s", s.Describe(f.Fault), claims.ShowDuration(s.Since(f.Start)))
		}
	}
	if missing := h.Meta.Planned - len(s.Faults); missing > 0 && !h.Meta.Interrupted {
		return fmt.Sprintf("%d of %d planned faults never ran", missing, h.Meta.Planned)
	}
	return ""
}

func (s *Summary) first(v checker.Verdict) string {
	for _, r := range s.Checks {
		if r.Verdict == v {
			if v == checker.Fail {
				return r.Why
			}
			return r.Checker + ": " + r.Why
		}
	}
	return ""
}

func (s *Summary) firstClaim(v claims.Verdict) string {
	for _, c := range s.Claims {
		if c.Verdict != v {
			continue
		}
		text := "claim " + v.String() + ": " + c.Expr
		if c.Why != "" {
			text += ", " + c.Why
		} else {
			text += ", measured " + c.Show(c.Value)
		}
		return text
	}
	return ""
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (s *Summary) count(v checker.Verdict) (n int) {
	for _, r := range s.Checks {
		if r.Verdict == v {
			n++
		}
	}
	return n
}
