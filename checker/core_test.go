package checker

import "testing"

func TestLinearizable(t *testing.T) { runCases(t, "linearizable", checkLinearizable) }
func TestDurable(t *testing.T)      { runCases(t, "durable", checkDurable) }
func TestRevisions(t *testing.T)    { runCases(t, "revisions", checkRevisions) }
func TestLeaderTerms(t *testing.T)  { runCases(t, "leader-terms", checkLeaderTerms) }
func TestCrashes(t *testing.T)      { runCases(t, "crashes", checkCrashes) }
func TestActivity(t *testing.T)     { runCases(t, "activity", checkActivity) }
