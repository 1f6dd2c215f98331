package checker

import "testing"

func TestWatch(t *testing.T) { runCases(t, "watch", checkWatch) }
