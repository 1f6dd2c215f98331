package workloads_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/workloads"
)

// The table of docs/WORKLOADS.md is the catalogue.
func TestTable(t *testing.T) {
	const file, begin, end = "../docs/WORKLOADS.md", "<!-- workloads -->\n", "<!-- /workloads -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	golden(t, file, before+begin+table()+end+after)
}

func table() string {
	var b strings.Builder
	b.WriteString("| workload | what it does | prefix | loop | mix (weights) | defaults |\n|---|---|---|---|---|---|\n")
	for _, w := range workloads.All {
		loop := "open"
		if w.Closed {
			loop = "closed"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s | %s |\n", w.Name, w.Doc, w.Prefix, loop, mix(w), defaults(w.Params))
	}
	return strings.ReplaceAll(b.String(), "``", "")
}

func mix(w workloads.Workload) string {
	var all []string
	for name, weight := range w.Params.Mix {
		all = append(all, fmt.Sprintf("%s %d", name, weight))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func defaults(p workloads.Params) string {
	var all []string
	add := func(name string, value, zero any) {
		if value != zero {
			all = append(all, fmt.Sprintf("%s %v", name, value))
		}
	}
	add("keys", p.Keys, 0)
	add("ops-per-key", p.OpsPerKey, 0)
	add("key-size", p.KeySize, 0)
	add("val-size", p.ValSize, 0)
	add("key-space-size", p.KeySpace, 0)
	add("range-limit", p.RangeLimit, int64(0))
	add("txn-ops", p.TxnOps, 0)
	add("rw-ratio", p.RWRatio, 0.0)
	add("ttl", p.TTL, int64(0))
	add("hold", p.Hold.String(), "0s")
	return strings.Join(all, ", ")
}
