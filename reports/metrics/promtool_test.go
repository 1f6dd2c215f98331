package metrics_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/metrics"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// counters are families whose samples have another name in OpenMetrics than in Prometheus's older text format.
var counters = regexp.MustCompile(`(?m)^# (HELP|TYPE) (whitewater_(?:ops|leader_changes)) `)

// Prometheus's own checker finds nothing to say. It knows the older text format alone, in which a counter's family has
// the name of its samples.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED, NOT CHECKED: promtool is not on this machine (Debian's package is called prometheus)")
	}
	h := example.Run(example.Options{Seed: 1, Length: 30 * time.Second, Faults: true})
	live := metrics.NewLive()
	live.Add(h.Records())
	var ended, going bytes.Buffer
	if err := metrics.Write(&ended, summary.Summarise(h, example.Undecided(h), summary.Options{})); err != nil {
		t.Fatal(err)
	}
	if err := live.Write(&going); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ended": ended.String(), "live": going.String()} {
		check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
		check.Stdin = strings.NewReader(counters.ReplaceAllString(text, "# $1 ${2}_total "))
		if said, err := check.CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}
