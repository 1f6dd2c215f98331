package checker

import "testing"

func TestTransactions(t *testing.T) { runCases(t, "transactions", checkTransactions) }
