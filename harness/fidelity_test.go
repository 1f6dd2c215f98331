package harness

import (
	"runtime"
	"testing"
	"time"
)

// Between two gauges, work and a collection were seen.
func TestGauges(t *testing.T) {
	from := takeGauge()
	sum := 0
	for cpu := from.cpu; cpu-from.cpu < 10*time.Millisecond; cpu = takeGauge().cpu {
		for i := range 1_000_000 {
			sum += i
		}
	}
	runtime.GC()
	to := takeGauge()
	if share := cpuShare(from, to); share <= 0 {
		t.Errorf("cpu share %v after busy work (%d)", share, sum)
	}
	if pause := longestPause(from, to); pause <= 0 || pause > time.Minute {
		t.Errorf("longest pause %v after a collection", pause)
	}
	if steal := stealShare(from, to); steal < 0 || steal > 1 {
		t.Errorf("steal %v is no share", steal)
	}
}

func TestProbeFsync(t *testing.T) {
	took, err := probeFsync(t.TempDir())
	if err != nil || len(took) != 20 {
		t.Fatalf("%d syncs, %v", len(took), err)
	}
	if _, err := probeFsync("/does/not/exist"); err == nil {
		t.Error("a folder that is not there can be written")
	}
}

func TestQuantile(t *testing.T) {
	of := []time.Duration{5, 1, 4, 2, 3}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(of, q); got != want {
			t.Errorf("quantile %v: %d, want %d", q, got, want)
		}
	}
	if quantile(nil, 0.5) != 0 {
		t.Error("no durations have a quantile")
	}
}
