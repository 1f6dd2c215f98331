package checker

import "testing"

func TestSerializable(t *testing.T) { runCases(t, "serializable", checkSerializable) }
