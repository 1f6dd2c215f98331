package reports

import "github.com/whitewater-kv/whitewater/reports/summary"

// The exit codes of the program.
const (
	ExitPass        = summary.ExitPass
	ExitViolation   = summary.ExitViolation
	ExitClaim       = summary.ExitClaim
	ExitUnknown     = summary.ExitUnknown
	ExitEnvironment = summary.ExitEnvironment
	ExitUsage       = summary.ExitUsage
	ExitInternal    = summary.ExitInternal
	ExitInterrupt   = summary.ExitInterrupt
	ExitTerminated  = summary.ExitTerminated
)

// Findings are what an exit code is made of.
type Findings = summary.Findings

// Exit is the exit code of a run, with what was allowed on the way to it.
func Exit(f Findings) (code int, allowed []string) { return summary.Exit(f) }

// Worst is the exit code of several runs together.
func Worst(codes ...int) int { return summary.Worst(codes...) }

// Word is an exit code's verdict in capitals.
func Word(code int) string { return summary.Word(code) }
