package checker

import "testing"

func TestRaft(t *testing.T)   { runCases(t, "raft", checkRaft) }
func TestHashes(t *testing.T) { runCases(t, "hashes", checkHashes) }
