package checker

import "testing"

func TestLease(t *testing.T)     { runCases(t, "lease", checkLease) }
func TestDiscovery(t *testing.T) { runCases(t, "discovery", checkDiscovery) }
