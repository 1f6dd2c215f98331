package checker

import "testing"

func TestAvailability(t *testing.T) { runCases(t, "availability", checkAvailability) }
