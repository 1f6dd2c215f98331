package main

import (
	"context"
	"strings"
	"time"

	"github.com/whitewater-kv/whitewater/checker"
	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/internal/seed"
)

// mutationTries is how many valid histories are made in search of one that has what a mutation breaks.
const mutationTries = 200

// mutations breaks valid histories in every known way and judges them: what a broken store would have left behind.
func mutations(ctx context.Context, wanted func(string) bool) (all []trial) {
	for _, m := range generate.Mutations() {
		if wanted(m.Name) && ctx.Err() == nil {
			all = append(all, mutate(ctx, m))
		}
	}
	return all
}

func mutate(ctx context.Context, m generate.Mutation) trial {
	t := trial{Name: m.Name, Kind: "mutation", Doc: m.Doc, Expected: m.Caught}
	began := time.Now()
	for n := range mutationTries {
		rng := seed.Seed(n).Stream("mutation", n)
		h := generate.History(rng, m.Base)
		if !m.Apply(h, rng) {
			continue
		}
		for _, r := range checker.Judge(ctx, h, nil, checker.Limits{}) {
			if r.Verdict == checker.Fail {
				t.Caught = append(t.Caught, r.Checker)
			}
			if r.Bug != "" {
				t.Error = strings.TrimSpace(r.Checker + ": " + r.Bug)
			}
		}
		t.Noticed = len(t.Caught) > 0
		t.Seconds = time.Since(began).Seconds()
		return t
	}
	t.Error = "no history was found that it could break"
	return t
}
