// Package search decides small sets of operations on up to four registers by search: with Porcupine, and with a twin
// that shares no code with it. It is exponential at worst, so that it confirms, shrinks and fills in where the
// algorithms that scale do not apply.
package search

import (
	"math"
	"time"
)

// Keys is the most registers that one search looks at.
const Keys = 4

// None is the value number of nothing read or nothing written; Missing is that of an absent key, as at the beginning.
const (
	None    int32 = -1
	Missing int32 = 0
)

// Forever is the return of an operation that may take effect at any time after its call.
const Forever = time.Duration(math.MaxInt64)

// Values holds a value number for each register.
type Values [Keys]int32

// Nothing reads or writes nothing.
var Nothing = Values{None, None, None, None}

// Op is one operation on the registers: it happens at one moment from Call to Return.
type Op struct {
	Call, Return time.Duration
	ID           int    // the caller's
	Process      int    // for pictures
	Read         Values // what it saw
	Not          [Keys]bool
	Write        Values // what it left
	// Maybe marks an unknown outcome: it may never have happened. If it has a Read, it writes only where that holds.
	Maybe bool
	// Revision, if not zero, is the store's revision when it happened, by the store's own word. Revisions never go
	// back, and a write of a revision has it alone.
	Revision int64
}

func (o *Op) writes() bool { return o.Write != Nothing }

// State is the registers' content, and the last revision.
type State struct {
	Values   Values
	Revision int64
}

// Step says whether the operation can happen in state s, and what it makes of it. An operation of unknown outcome can
// always happen: without effect, where its condition does not hold.
func Step(s State, o *Op) (bool, State) {
	holds := true
	for k, want := range o.Read {
		if want != None && (s.Values[k] == want) == o.Not[k] {
			holds = false
		}
	}
	if !holds {
		return o.Maybe, s
	}
	if o.Revision != 0 {
		if o.Revision < s.Revision || o.Revision == s.Revision && o.writes() {
			return false, s
		}
		s.Revision = o.Revision
	}
	for k, w := range o.Write {
		if w != None {
			s.Values[k] = w
		}
	}
	return true, s
}

// Verdict is what a search concluded.
type Verdict uint8

// Unknown is the zero value: a search cut short proves nothing.
const (
	Unknown Verdict = iota
	Legal
	Illegal
)
