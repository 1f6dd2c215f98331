package certificate_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/whitewater-kv/whitewater/checker/certificate"
	"github.com/whitewater-kv/whitewater/history"
)

// order is an outcome as lines.
func order(h *history.History, out certificate.Outcome) []string {
	var lines []string
	if c := out.Certificate; c != nil {
		for _, s := range c.Steps {
			if s.Op < 0 {
				lines = append(lines, fmt.Sprintf("=> %d: the store's own", s.Revision))
			} else {
				lines = append(lines, fmt.Sprintf("=> %d: op %d", s.Revision, h.Ops[s.Op].ID))
			}
		}
		for _, i := range c.Never {
			lines = append(lines, fmt.Sprintf("=> never: op %d", h.Ops[i].ID))
		}
	}
	for _, f := range out.Findings {
		who := ""
		if f.Op >= 0 {
			who = fmt.Sprintf("op %d ", h.Ops[f.Op].ID)
		}
		lines = append(lines, fmt.Sprintf("=> %s: %s%s", f.Kind, who, f.Why))
	}
	if out.Undecided != "" {
		lines = append(lines, "=> undecided: "+out.Undecided)
	}
	return lines
}

// WHITEWATER_GOLDEN=write rewrites the expectations: read the difference.
func TestOrders(t *testing.T) {
	const file = "testdata/orders.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), "== ")
	all := head
	for _, text := range strings.Split(rest, "\n== ") {
		title, body, _ := strings.Cut(text, "\n")
		var lines []string
		for _, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
			if !strings.HasPrefix(line, "=> ") {
				lines = append(lines, line)
			}
		}
		h, err := history.ParseHistory(strings.Join(lines, "\n"))
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		out := certificate.Certify(context.Background(), h, rules(h))
		if c := out.Certificate; c != nil {
			if err := certificate.Verify(h, rules(h), c); err != nil {
				t.Errorf("%s: %v", title, err)
			}
		}
		said := strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n" + strings.Join(order(h, out), "\n")
		all += "== " + title + "\n" + said + "\n\n"
		if want := strings.TrimRight(body, "\n"); said != want && os.Getenv("WHITEWATER_GOLDEN") == "" {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", title, said, want)
		}
	}
	if os.Getenv("WHITEWATER_GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(strings.TrimRight(all, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
