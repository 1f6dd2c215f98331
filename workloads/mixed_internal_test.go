package workloads

import (
	"fmt"
	"testing"
)

// However many workers there are, each workload of a mixture has its workers numbered from 0 on without a gap, and as
// many as any other, give or take one.
func TestPost(t *testing.T) {
	for kinds := 1; kinds <= 5; kinds++ {
		var all []Workload
		for i := range kinds {
			all = append(all, Workload{Name: fmt.Sprint(i)})
		}
		for workers := range 40 {
			count := map[string]int{}
			for worker := range workers {
				w, place := post(all, worker, workers)
				if place != count[w.Name] {
					t.Fatalf("%d workloads, worker %d of %d is number %d of %s, want %d", kinds, worker, workers, place, w.Name, count[w.Name])
				}
				count[w.Name]++
			}
			for _, w := range all {
				if n := count[w.Name]; n < workers/kinds || n > workers/kinds+1 {
					t.Errorf("%d workloads, %d workers: %d for %s", kinds, workers, n, w.Name)
				}
			}
		}
	}
}
