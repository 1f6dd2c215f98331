// Package checker judges histories: pure functions from what was recorded to a verdict, one file each.
package checker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/whitewater-kv/whitewater/history"
)

// Verdict is what a check concluded.
type Verdict uint8

// Unknown is the zero value: a check that was not carried out proves nothing.
const (
	Unknown Verdict = iota
	Pass
	Fail
	Skipped // there was nothing to judge
)

// verdicts are the words by which reports and verdict.json name a Verdict.
var verdicts = [...]string{Unknown: "unknown", Pass: "pass", Fail: "fail", Skipped: "skipped"}

func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// MarshalText writes the verdict's word; JSON uses it.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's word.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdicts[:], string(text))
	if i < 0 {
		return fmt.Errorf("verdict %q: want pass, fail, unknown or skipped", text)
	}
	*v = Verdict(i)
	return nil
}

// Checker is one property and the function that judges it. Every checker judges every history; one with nothing to
// judge says Skipped.
type Checker struct {
	Name, Doc string // Doc is what a PASS proves, in one line
	Check     func(context.Context, *history.History, Limits) Result
}

// Limits bound what a check may spend. Reaching one is Unknown, and is said.
type Limits struct {
	Timeout     time.Duration // per checker
	MemoryBytes uint64        // of the process's heap
	NoEvidence  bool          // judge without the members' files
	shared      *shared       // with the other checkers of one Judge; nil alone
}

// Result is a check's verdict, with the reason.
type Result struct {
	Checker        string           `json:"name"`
	Verdict        Verdict          `json:"result"`
	Why            string           `json:"why"` // one sentence
	Ops            int              `json:"ops"` // operations (or events, entries …) judged
	Keys           int              `json:"keys,omitempty"`
	Took           time.Duration    `json:"took_ns"`
	Details        []string         `json:"details,omitempty"` // further findings, a line each, at most Lines
	Counterexample []Counterexample `json:"counterexamples,omitempty"`
	// Bug says that the checker itself misbehaved: it panicked, or evidence for its verdict did not hold when checked
	// again. The verdict is then Unknown, and says nothing of the store.
	Bug string `json:"bug,omitempty"`
}

// Lines bounds Result.Details; what is left out is counted in the last line.
const Lines = 50

// Counterexample is a small set of records that cannot be as the property says.
type Counterexample struct {
	Name  string       `json:"name"` // names its folder: a key, an anomaly
	Why   string       `json:"why"`  // one sentence
	Ops   []history.Op `json:"ops"`  // shrunk; in order of Call
	Notes []string     `json:"notes"`
	// Tables are evidence that is no operation.
	Tables []Table `json:"tables,omitempty"`
	// Context is what the cluster was doing meanwhile: leaders, terms, faults.
	Context []string          `json:"context,omitempty"`
	Of      int               `json:"of"` // number of operations before shrinking
	Files   map[string][]byte `json:"-"`  // "porcupine.html", "cycle.svg": written beside it
}

// Overall is the verdict of all checks together: any Fail; else any Unknown, or nothing passed: Unknown; else Pass.
func Overall(results []Result) Verdict {
	passed, unknown := false, false
	for _, r := range results {
		switch r.Verdict {
		case Fail:
			return Fail
		case Unknown:
			unknown = true
		case Pass:
			passed = true
		}
	}
	if passed && !unknown {
		return Pass
	}
	return Unknown
}
