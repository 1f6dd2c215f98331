package checker

import "testing"

func TestSet(t *testing.T)  { runCases(t, "set", checkSet) }
func TestBank(t *testing.T) { runCases(t, "bank", checkBank) }
