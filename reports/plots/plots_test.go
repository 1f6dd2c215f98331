package plots_test

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/history"
	"github.com/whitewater-kv/whitewater/reports/internal/example"
	"github.com/whitewater-kv/whitewater/reports/latency"
	"github.com/whitewater-kv/whitewater/reports/plots"
	"github.com/whitewater-kv/whitewater/reports/summary"
)

// A plot is well-formed, loads nothing, has a band for each fault, and no coordinate outside or that is no number.
func TestPlots(t *testing.T) {
	h := example.Run(example.Options{Seed: 1, Faults: true})
	h.Faults[1].Name = `<&">`
	s := summary.Summarise(h, example.Violated(h), summary.Options{})
	empty := summary.Summarise(&history.History{}, nil, summary.Options{})
	closed := example.Run(example.Options{Seed: 1, Length: 2 * time.Second, Closed: true})
	for name, svg := range map[string]string{
		"rate": plots.Rate(s), "raw": plots.Raw(s), "quantiles": plots.Quantiles(s), "timeline": plots.Timeline(s, s.Counterexamples[0]),
		"empty rate": plots.Rate(empty), "empty raw": plots.Raw(empty), "empty quantiles": plots.Quantiles(empty),
		"closed": plots.Rate(summary.Summarise(closed, nil, summary.Options{})),
	} {
		if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, bad := range []string{"NaN", "Inf", "<script", "href", "style=", "%!"} {
			if strings.Contains(svg, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		if strings.HasPrefix(name, "empty") || name == "closed" || name == "timeline" {
			continue
		}
		if n := strings.Count(svg, `fill-opacity=".45"`); n != 3 {
			t.Errorf("%s has %d bands, there were 3 faults", name, n)
		}
	}
}

// The heat map has every OK operation in one cell, and never more columns than asked for.
func TestHeat(t *testing.T) {
	r := latency.Measure(example.Run(example.Options{Seed: 1, Faults: true}))
	for _, columns := range []int{60, 600, 7, 1} {
		var sum int64
		for _, c := range plots.Heat(r, latency.Due, columns) {
			sum += c.Count
			if c.Column >= columns || c.Share <= 0 || c.Share > 1 || c.Low >= c.High {
				t.Errorf("%d columns: %+v", columns, c)
			}
		}
		if want := r.Count(latency.Filter{}); sum != want {
			t.Errorf("%d columns: %d operations, want %d", columns, sum, want)
		}
	}
}

func TestPerSecond(t *testing.T) {
	r := latency.Measure(example.Run(example.Options{Seed: 1, Faults: true}))
	p50, top := plots.PerSecond(r, latency.Due, .5), plots.PerSecond(r, latency.Due, 1)
	for i := range p50 {
		if !math.IsNaN(p50[i]) && (p50[i] > top[i] || p50[i] <= 0) {
			t.Errorf("second %d: p50 %v, max %v", i, p50[i], top[i])
		}
	}
	if !(top[20] > 2) || top[10] > .1 {
		t.Errorf("the stall at 20 s is not seen: %v, before it %v", top[20], top[10])
	}
}

func TestOffered(t *testing.T) {
	r := latency.Measure(example.Run(example.Options{Seed: 1, Length: 5 * time.Second}))
	if got := fmt.Sprint(plots.Offered(r)); got != "[400 400 400 400 400]" {
		t.Errorf("offered %s", got)
	}
}

func TestWindow(t *testing.T) {
	ops := []history.Op{{Process: 2, Call: 5, Return: 9}, {Process: 1, Call: 3, Return: 4}, {Process: 2, Call: 10, Return: 12}}
	if from, to := plots.Window(ops); from != 3 || to != 12 {
		t.Errorf("%v to %v", from, to)
	}
	if got := fmt.Sprint(plots.Processes(ops)); got != "[2 1]" {
		t.Errorf("%s", got)
	}
}
