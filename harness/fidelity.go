package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/whitewater-kv/whitewater/reports/summary"
)

// gauge takes what the machine and this process had used at one moment; the difference of two says how far the
// numbers measured between them can be trusted.
type gauge struct {
	at      time.Time
	cpu     time.Duration // of this process
	steal   float64       // jiffies that the hypervisor gave to others
	jiffies float64       // all of them
	pauses  *metrics.Float64Histogram
}

func takeGauge() gauge {
	g := gauge{at: time.Now()}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
		g.cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	g.steal, g.jiffies = procStat()
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindFloat64Histogram {
		h := sample[0].Value.Float64Histogram()
		g.pauses = &metrics.Float64Histogram{Counts: slices.Clone(h.Counts), Buckets: slices.Clone(h.Buckets)}
	}
	return g
}

// measure fills in what happened between two gauges.
func measure(f *summary.Fidelity, from, to gauge) {
	f.GCPauseMax, f.GeneratorCPU, f.Steal, f.Cores = longestPause(from, to), cpuShare(from, to), stealShare(from, to), runtime.NumCPU()
}

// procStat reads the machine's stolen and total time from Linux; zeros elsewhere.
func procStat() (steal, total float64) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	for i, field := range strings.Fields(string(line)) {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			continue
		}
		total += n
		if i == 8 {
			steal = n
		}
	}
	return steal, total
}

// cpuShare is this process's CPU time between two gauges, in cores.
func cpuShare(from, to gauge) float64 {
	if wall := to.at.Sub(from.at); wall > 0 {
		return float64(to.cpu-from.cpu) / float64(wall)
	}
	return 0
}

// stealShare is the part of the machine's time that was stolen, from 0 to 1.
func stealShare(from, to gauge) float64 {
	if all := to.jiffies - from.jiffies; all > 0 {
		return (to.steal - from.steal) / all
	}
	return 0
}

// longestPause is the upper edge of the longest garbage collection pause between two gauges.
func longestPause(from, to gauge) time.Duration {
	if from.pauses == nil || to.pauses == nil {
		return 0
	}
	for i := len(to.pauses.Counts) - 1; i >= 0; i-- {
		if to.pauses.Counts[i] > from.pauses.Counts[i] {
			edge := to.pauses.Buckets[min(i+1, len(to.pauses.Buckets)-1)]
			if edge > 3600 { // the last bucket is open
				edge = to.pauses.Buckets[i]
			}
			return time.Duration(edge * float64(time.Second))
		}
	}
	return 0
}

// probeFsync writes and syncs a small file in dir a few times, and returns how long each took.
func probeFsync(dir string) ([]time.Duration, error) {
	file, err := os.CreateTemp(dir, "fsync-probe-*")
	if err != nil {
		return nil, fmt.Errorf("fsync probe in %s: %w", filepath.Clean(dir), err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var took []time.Duration
	block := make([]byte, 4096)
	for range 20 {
		begin := time.Now()
		if _, err := file.Write(block); err != nil {
			return nil, fmt.Errorf("fsync probe: %w", err)
		}
		if err := file.Sync(); err != nil {
			return nil, fmt.Errorf("fsync probe: %w", err)
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// quantile is the nearest-rank quantile of durations, 0 for none.
func quantile(of []time.Duration, q float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
