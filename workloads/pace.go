package workloads

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Constant is the pace of rate operations per second at equal distances. A rate of zero or less is a closed loop.
func Constant(rate float64) Pace {
	if rate <= 0 {
		return nil
	}
	return func(n int) time.Duration { return time.Duration(float64(n) / rate * float64(time.Second)) }
}

// Poisson is the pace of independent arrivals, rate of them per second on average. The gaps are drawn once and kept, so
// that the n-th operation is due at the same moment whoever asks, in whatever order. A rate of zero or less is a closed
// loop.
func Poisson(rate float64, rng *rand.Rand) Pace {
	if rate <= 0 {
		return nil
	}
	var mu sync.Mutex
	due := []time.Duration{}
	last := 0.0
	return func(n int) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		for len(due) <= n {
			last += rng.ExpFloat64() / rate
			due = append(due, time.Duration(last*float64(time.Second)))
		}
		return due[n]
	}
}
