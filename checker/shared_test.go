package checker

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/generate"
	"github.com/whitewater-kv/whitewater/history"
)

// What checkers share in one Judge changes nothing, and none changes the history: each says alone what it says among all
// others, of histories that are right and of those that are broken, in whatever order they run.
func TestSharingChangesNoVerdict(t *testing.T) {
	mutations := generate.Mutations()
	for seed := range uint64(rounds(300, 3000)) {
		rng := rand.New(rand.NewPCG(seed, 14))
		var h *history.History
		if m := mutations[int(seed)%len(mutations)]; seed%4 > 0 {
			h = generate.History(rng, m.Base)
			m.Apply(h, rng)
		} else {
			h = generate.History(rng, anyOptions(rng))
		}
		lim := generous
		lim.NoEvidence = rng.IntN(4) == 0
		var names []string
		for _, i := range rng.Perm(len(All)) {
			names = append(names, All[i].Name)
		}
		for _, res := range Judge(context.Background(), h, names, lim) {
			c, _ := Find(res.Checker)
			if alone, among := verdict(t, judge(context.Background(), c, h, lim)), verdict(t, res); alone != among {
				t.Fatalf("seed %d, in the order %s: among others\n%s\nalone\n%s", seed, strings.Join(names, " "), among, alone)
			}
		}
	}
}

// verdict is all of a result but the time that it took.
func verdict(t *testing.T, res Result) string {
	t.Helper()
	res.Took = 0
	text, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
