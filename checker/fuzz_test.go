package checker

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// FuzzHistories feeds every checker whatever parses as a history: none may panic, or find a bug in itself.
func FuzzHistories(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, text := range strings.Split(string(data), "\n== ")[1:] {
			_, body, _ := strings.Cut(text, "\n")
			var lines []string
			for _, line := range strings.Split(body, "\n") {
				if !strings.HasPrefix(line, "=> ") {
					lines = append(lines, line)
				}
			}
			f.Add(strings.Join(lines, "\n"))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := history.ParseHistory(text)
		if err != nil || len(h.Ops) > 60 {
			return
		}
		for _, res := range Judge(context.Background(), h, nil, Limits{Timeout: 5 * time.Second}) {
			if res.Bug != "" {
				t.Fatalf("%s: %s\n%s", res.Checker, res.Bug, h)
			}
		}
	})
}

// FuzzLies tells up to three lies in a valid history. Whatever they are, the engines agree on them.
func FuzzLies(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(seed))
	}
	f.Add(uint64(159), uint8(2))  // a finding that did not hold when it was checked again
	f.Add(uint64(1067), uint8(0)) // unknown outcomes and inequalities that no search decided in time
	f.Fuzz(func(t *testing.T, seed uint64, lies uint8) {
		rng := rand.New(rand.NewPCG(seed, 15))
		h := generate.History(rng, anyOptions(rng))
		mutations := generate.Mutations()
		for range lies % 4 {
			mutations[rng.IntN(len(mutations))].Apply(h, rng)
		}
		for _, res := range Judge(context.Background(), h, nil, Limits{Timeout: 20 * time.Second}) {
			if res.Bug != "" {
				t.Fatalf("seed %d, %d lies: %s: %s\n%s", seed, lies%4, res.Checker, res.Bug, h)
			}
		}
	})
}
