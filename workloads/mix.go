package workloads

import (
	"math/rand/v2"
	"slices"
	"strconv"
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

func (p Params) writer(worker int) writer {
	return writer{run: p.Run, worker: worker, size: p.ValSize}
}

func (w *writer) next() string {
	w.seq++
	b := make([]byte, 0, max(w.size, len(w.run)+16))
	b = append(append(b, w.run...), '.')
	b = append(strconv.AppendInt(b, int64(w.worker), 10), '.')
	return pad(strconv.AppendInt(b, int64(w.seq), 10), w.size)
}

// number is a decimal number that no other worker of the same workload makes.
func (w *writer) number() string {
	w.seq++
	return strconv.Itoa(w.seq*MaxWorkers + w.worker)
}

// pad fills a name up to size bytes, behind a mark that keeps it apart from every other.
func pad(name []byte, size int) string {
	for mark := byte('-'); len(name) < size; mark = 'x' {
		name = append(name, mark)
	}
	return string(name)
}

// numbered is the name of the n-th key behind a prefix, with leading zeros, so that keys sort by number.
func numbered(prefix string, n, digits int) string {
	text := strconv.Itoa(n)
	return prefix + strings.Repeat("0", max(0, digits-len(text))) + text
}

// after is the end of the range of all keys with this prefix.
func after(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]+1)
}
