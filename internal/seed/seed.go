// Package seed derives named, independent streams of randomness from one seed.
package seed

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// Seed is the one number that decides everything random in a run.
type Seed uint64

// Stream is the stream of a name: the same seed and name always give the same numbers, whatever else was drawn.
func (s Seed) Stream(name string, index ...int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, name, index)
	return rand.New(rand.NewPCG(uint64(s), h.Sum64()))
}
