package checker

import "testing"

func TestLock(t *testing.T)     { runCases(t, "lock", checkLock) }
func TestElection(t *testing.T) { runCases(t, "election", checkElection) }
