package workloads

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// chooser draws names by weight.
type chooser struct {
	names   []string
	weights []int
	total   int
}

// choose makes a chooser of a mix. Names are sorted first, so that a seed draws the same whatever the map's order.
func choose(mix map[string]int) chooser {
	var c chooser
	for name, weight := range mix {
		if weight > 0 {
			c.names = append(c.names, name)
		}
	}
	slices.Sort(c.names)
	for _, name := range c.names {
		c.weights = append(c.weights, mix[name])
		c.total += mix[name]
	}
	return c
}

func (c chooser) pick(rng *rand.Rand) string {
	if c.total == 0 {
		return ""
	}
	n := rng.IntN(c.total)
	for i, weight := range c.weights {
		if n -= weight; n < 0 {
			return c.names[i]
		}
	}
	return ""
}

// writer makes the values of one worker. No two workers of any two runs make the same one, so a value read names the
// one request that wrote it.
type writer struct {
	run    string
	worker int
	seq    int
	size   int
}

func (w *writer) next() string {
	w.seq++
	return pad(fmt.Sprintf("%s.%d.%d", w.run, w.worker, w.seq), w.size)
}

// number is the same promise as a decimal number.
func (w *writer) number() int {
	w.seq++
	return w.seq*MaxWorkers + w.worker
}

// pad fills a value up to size bytes, behind a mark that keeps it apart from every other value.
func pad(value string, size int) string {
	if fill := size - len(value) - 1; fill >= 0 {
		return value + "-" + strings.Repeat("x", fill)
	}
	return value
}
